# WRONG: edits the clean stream in place: the other positions of the corrupted run are written into it; promised: 'clean: the residual stream of the clean run at the same hook point, of the same shape; it stays as it is.'
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
    here[position] = True
    clean[:, ~here] = resid[:, ~here]
    return clean
