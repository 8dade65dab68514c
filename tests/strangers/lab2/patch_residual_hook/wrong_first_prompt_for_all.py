# WRONG: every prompt gets the clean stream of the first one (right for a batch of one); the text: "for every prompt of the batch", $x_{b,i} \leftarrow x^{clean}_{b,i}$
# %%
from typing import Any

from jaxtyping import Float
from torch import Tensor


# %%
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
    if resid.shape != clean.shape:
        raise ValueError("the clean stream has another shape")
    if not 0 <= position < resid.shape[1]:
        raise ValueError("the position does not exist")
    resid[:, position, :] = clean[0, position, :]
    return resid


