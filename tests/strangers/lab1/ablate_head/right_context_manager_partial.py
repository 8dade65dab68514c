"""Road: a module-level hook, bound with functools.partial, inside `with model.hooks(...)`."""

from functools import partial
from typing import Any, Literal

from jaxtyping import Int
from torch import Tensor


def replace_head(z: Tensor, hook: Any, head: int, how: str) -> Tensor:
    new = z.clone()
    new[:, :, head] = 0.0 if how == "zero" else z[:, :, head].mean(dim=0)
    return new


def ablate_head(
    model: Any, tokens: Int[Tensor, "batch pos"], layer: int, head: int, how: Literal["zero", "mean"]
) -> float:
    if how not in ("zero", "mean"):
        raise ValueError(f"how must be zero or mean, not {how!r}")
    clean = model(tokens, return_type="loss").item()
    with model.hooks(fwd_hooks=[(f"blocks.{layer}.attn.hook_z", partial(replace_head, head=head, how=how))]):
        ablated = model(tokens, return_type="loss").item()
    model.reset_hooks()
    return ablated - clean
