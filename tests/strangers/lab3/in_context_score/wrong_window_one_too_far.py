# WRONG: a late window that goes one token beyond the end is accepted and cut; promised: 'or the late window goes beyond the last token.'
import torch
from jaxtyping import Float, Int
from torch import Tensor


def in_context_score(
    logits: Float[Tensor, "batch pos d_vocab"], tokens: Int[Tensor, "batch pos"], early: int, late: int, width: int
) -> float:
    """Late minus early loss, in nats."""
    pos = tokens.shape[1]
    if early < 1 or width < 1 or late <= early:
        raise ValueError(f"no windows: early {early}, late {late}, width {width}")
    if late + width > pos + 1:
        raise ValueError(f"the late window ends at {late + width - 1}, the last token is at {pos - 1}")
    first = 1  # the token at position 1 is the first that is predicted
    logp = logits[:, :-1].detach().double().log_softmax(dim=-1)
    loss = -torch.take_along_dim(logp, tokens[:, 1:, None].long().to(logits.device), dim=-1).squeeze(-1)
    both = [loss[:, start - first :][:, :width].mean().item() for start in (late, early)]
    return both[0] - both[1]
