# RIGHT: torch.where over a mask of positions, checks in a decorator
# %%
from typing import Any

from jaxtyping import Float
from torch import Tensor


# %%
import functools

import torch


def _checked(function):
    @functools.wraps(function)
    def wrapper(resid, hook, position, clean):
        if tuple(resid.shape) != tuple(clean.shape):
            raise ValueError("the clean stream has another shape")
        if position not in range(resid.shape[1]):
            raise ValueError("the position does not exist")
        return function(resid, hook, position, clean)

    return wrapper


@_checked
def patch_residual_hook(
    resid: Float[Tensor, "batch pos d_model"], hook: Any, position: int, clean: Float[Tensor, "batch pos d_model"]
) -> Float[Tensor, "batch pos d_model"]:
    """Replace the residual stream at one position by that of the clean run, for every prompt of the batch.

    Source: Heimersheim and Nanda 2024, https://arxiv.org/abs/2404.15255

    Args:
        resid: the residual stream of the present run, `[batch, pos, d_model]`; it may be edited in place.
        hook: the hook point that calls; not needed here, but every hook gets it.
        position: the position to patch, from 0 (BOS) to `pos - 1`.
        clean: the residual stream of the clean run at the same hook point, of the same shape; it stays as it is.

    Returns:
        The patched residual stream, `[batch, pos, d_model]`.

    Raises:
        ValueError: the two streams differ in shape, in any of the three axes, or there is no such position. Positions
            are not counted from the end: -1 is none.

    """
    here = torch.arange(resid.shape[1], device=resid.device) == position
    return torch.where(here[None, :, None], clean.to(resid), resid)


