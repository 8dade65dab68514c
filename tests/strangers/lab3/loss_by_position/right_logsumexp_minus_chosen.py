"""Subtracts the chosen logit from the log of the sum of exponentials, by index arrays."""

import torch
from jaxtyping import Float, Int
from torch import Tensor


def loss_by_position(
    logits: Float[Tensor, "batch pos d_vocab"], tokens: Int[Tensor, "batch pos"]
) -> tuple[Float[Tensor, "batch pos-1"], Float[Tensor, "half=2"]]:
    if logits.shape[:2] != tokens.shape:
        raise ValueError("logits and tokens do not have the same batch and pos")
    pos = tokens.shape[1]
    if pos < 3 or pos % 2 == 0:
        raise ValueError("pos is not 1 + 2 * half")
    half = pos // 2
    rows = torch.arange(tokens.shape[0], device=tokens.device)[:, None]
    places = torch.arange(2 * half, device=tokens.device)[None, :]
    chosen = logits[rows, places, tokens[:, 1:]]
    loss = torch.logsumexp(logits, dim=2)[:, :-1] - chosen
    first, second = loss.split(half, dim=1)
    return loss, torch.stack((first.mean(), second.mean()))
