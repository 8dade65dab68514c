# RIGHT: a helper asks for one window only, logsumexp in float64, loop over positions
import torch
from jaxtyping import Float, Int
from torch import Tensor


def _loss_of(logits, tokens, position) -> float:
    """The loss of the tokens at a position, averaged over the batch."""
    before = logits[:, position - 1].detach().double()
    rows = torch.arange(tokens.shape[0], device=logits.device)
    chosen = before[rows, tokens[:, position].long()]
    return float((before.logsumexp(dim=-1) - chosen).mean())


def in_context_score(
    logits: Float[Tensor, "batch pos d_vocab"], tokens: Int[Tensor, "batch pos"], early: int, late: int, width: int
) -> float:
    """Compute how much lower the loss is late in the context than early in it: late minus early, in nats.

    Source: Olsson et al. 2022, https://arxiv.org/abs/2209.11895 (in-context learning score).

    Args:
        logits: the model's output, `[batch, pos, d_vocab]`.
        tokens: the model's input, `[batch, pos]`, BOS at position 0.
        early: position of the first token of the early window; at least 1.
        late: position of the first token of the late window; above `early`.
        width: number of tokens in each window. The windows may overlap.

    Returns:
        The mean loss of the tokens at positions `late … late + width - 1` minus that of the tokens at positions
        `early … early + width - 1`, each averaged over the batch and the window. A Python float,
        finite also where logits are in the hundreds. Negative for a model that learns from its context.

    Raises:
        ValueError: `early` is below 1, `late` is not above `early`, `width` is below 1, or the late window goes beyond
            the last token.

    """
    if early < 1 or late <= early or width < 1 or late + width - 1 > tokens.shape[1] - 1:
        raise ValueError(f"windows at {early} and {late} of {width} tokens do not fit {tokens.shape[1]} positions")
    windows = [sum(_loss_of(logits, tokens, at + step) for step in range(width)) / width for at in (late, early)]
    return windows[0] - windows[1]
