"""Weighs each token's loss with the difference of two windows of ones, and sums once."""

import torch
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
    place = torch.arange(tokens.shape[1], device=logits.device)
    weight = ((place >= late) & (place < late + width)).double() - ((place >= early) & (place < early + width)).double()
    chosen = torch.take_along_dim(logits[:, :-1], tokens[:, 1:].unsqueeze(-1), dim=-1)[..., 0]
    surprise = torch.logsumexp(logits[:, :-1].double(), dim=-1) - chosen.double()
    return float(surprise.mean(dim=0) @ weight[1:] / width)
