# WRONG: only positions and width are compared, so a clean stream of another batch size passes; promised: 'the two streams differ in shape, in any of the three axes, or there is no such position.'
from typing import Any

from jaxtyping import Float
from torch import Tensor


def patch_residual_hook(
    resid: Float[Tensor, "batch pos d_model"], hook: Any, position: int, clean: Float[Tensor, "batch pos d_model"]
) -> Float[Tensor, "batch pos d_model"]:
    """The residual stream with one position from the clean run."""
    if resid.shape[1:] != clean.shape[1:]:
        raise ValueError(f"different shapes: {tuple(resid.shape)} and {tuple(clean.shape)}")
    if position not in range(resid.shape[1]):
        raise ValueError(f"no position {position} among {resid.shape[1]}")
    here = resid.new_zeros(resid.shape[1]).bool()
    here[position] = True
    return clean.where(here[None, :, None], resid)
