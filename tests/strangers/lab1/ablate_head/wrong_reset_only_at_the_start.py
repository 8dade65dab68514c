"""Breaks "It has no hooks afterwards": hooks are reset before each measurement, and the last one stays."""

from typing import Any, Literal

from jaxtyping import Int
from torch import Tensor


def ablate_head(
    model: Any, tokens: Int[Tensor, "batch pos"], layer: int, head: int, how: Literal["zero", "mean"]
) -> float:
    if how not in ("zero", "mean"):
        raise ValueError(how)
    model.reset_hooks()
    clean = model(tokens, return_type="loss")

    def hook_fn(z, hook):
        z = z.clone()
        z[:, :, head] = 0.0 if how == "zero" else z[:, :, head].mean(dim=0)
        return z

    model.add_hook(f"blocks.{layer}.attn.hook_z", hook_fn)
    return (model(tokens, return_type="loss") - clean).item()
