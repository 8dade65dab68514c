# WRONG: indexes the losses by the position that predicts ("Here i is the position of the token that is *predicted*")
import torch
from jaxtyping import Float, Int
from torch import Tensor


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
    pos = tokens.shape[1]
    if early < 1:
        raise ValueError("early must be at least 1: nothing predicts BOS")
    if late <= early:
        raise ValueError("late must be above early")
    if width < 1:
        raise ValueError("width must be at least 1")
    if late + width > pos:
        raise ValueError("the late window goes beyond the last token")
    log_probs = logits[:, :-1].log_softmax(dim=-1)
    loss = -log_probs.gather(-1, tokens[:, 1:].long().unsqueeze(-1))[..., 0]  # entry i: the token at i + 1
    late_loss = loss[:, late : late + width].mean()
    early_loss = loss[:, early : early + width].mean()
    return (late_loss - early_loss).item()
