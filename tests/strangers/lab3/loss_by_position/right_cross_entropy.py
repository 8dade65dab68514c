"""Uses the library's cross-entropy without reduction, with the vocabulary moved to axis 1."""

from typing import NamedTuple

from torch import Tensor
from torch.nn.functional import cross_entropy


class Losses(NamedTuple):
    loss: Tensor
    half_means: Tensor


def loss_by_position(logits: Tensor, tokens: Tensor) -> Losses:
    if tuple(logits.shape[:-1]) != tuple(tokens.shape):
        raise ValueError(f"logits {tuple(logits.shape)} do not fit tokens {tuple(tokens.shape)}")
    batch, pos = tokens.shape
    half, rest = divmod(pos - 1, 2)
    if rest or half < 1:
        raise ValueError(f"{pos} positions are not 1 + 2 * half")
    loss = cross_entropy(logits.permute(0, 2, 1)[..., :-1], tokens[:, 1:].long(), reduction="none")
    return Losses(loss, loss.reshape(batch, 2, half).mean(dim=(0, 2)))
