# WRONG: averages over the whole diagonal, which begins before the second half; promised: 'averaged over the batch and over the query positions of the second half, `i = half + 1 … 2 * half`.'
import torch
from jaxtyping import Float
from torch import Tensor


def induction_scores(pattern: Float[Tensor, "layer batch head query key"], half: int) -> Float[Tensor, "layer head"]:
    """The attention to the token after the earlier occurrence."""
    pos = 1 + 2 * half
    if pattern.shape[-2] != pos or pattern.shape[-1] != pos:
        raise ValueError(f"half {half} needs {pos} queries and keys, not {tuple(pattern.shape[-2:])}")
    second = pattern[..., half - 1 :, : half + 2]
    return second.diagonal(dim1=-2, dim2=-1).mean(dim=(1, 3))
