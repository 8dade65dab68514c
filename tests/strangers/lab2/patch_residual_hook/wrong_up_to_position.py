# WRONG: patches all positions from BOS to the given one; promised: 'Replace the residual stream at one position by that of the clean run, for every prompt of the batch.'
from typing import Any

from jaxtyping import Float
from torch import Tensor


def patch_residual_hook(
    resid: Float[Tensor, "batch pos d_model"], hook: Any, position: int, clean: Float[Tensor, "batch pos d_model"]
) -> Float[Tensor, "batch pos d_model"]:
    """The residual stream with one position from the clean run."""
    if resid.shape != clean.shape:
        raise ValueError(f"different shapes: {tuple(resid.shape)} and {tuple(clean.shape)}")
    if position not in range(resid.shape[1]):
        raise ValueError(f"no position {position} among {resid.shape[1]}")
    here = resid.new_zeros(resid.shape[1]).bool()
    here[: position + 1] = True
    return clean.where(here[None, :, None], resid)
