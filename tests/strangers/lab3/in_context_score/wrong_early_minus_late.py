"""Broken: "The mean loss of the tokens at positions `late … late + width - 1` minus that of the tokens at positions
`early … early + width - 1`" The sign is turned round.
"""

from jaxtyping import Float, Int
from torch import Tensor


def in_context_score(
    logits: Float[Tensor, "batch pos d_vocab"], tokens: Int[Tensor, "batch pos"], early: int, late: int, width: int
) -> float:
    if early < 1:
        raise ValueError("early is below 1")
    if late <= early:
        raise ValueError("late is not above early")
    if width < 1:
        raise ValueError("width is below 1")
    if late + width > tokens.shape[1]:
        raise ValueError("the late window goes beyond the last token")
    log_probs = logits[:, :-1].log_softmax(dim=-1)
    loss = -log_probs.gather(-1, tokens[:, 1:, None]).squeeze(-1)
    first = loss[:, early - 1 : early - 1 + width].mean()
    second = loss[:, late - 1 : late - 1 + width].mean()
    return (first - second).item()
