"""Breaks "It has no hooks afterwards": `how` is checked inside the hook, whose error keeps reset_hooks from being
reached.
"""

from typing import Any, Literal

from jaxtyping import Int
from torch import Tensor


def ablate_head(
    model: Any, tokens: Int[Tensor, "batch pos"], layer: int, head: int, how: Literal["zero", "mean"]
) -> float:
    clean = model(tokens, return_type="loss")

    def hook_fn(z, hook):
        z = z.clone()
        if how == "zero":
            z[:, :, head] = 0.0
        elif how == "mean":
            z[:, :, head] = z[:, :, head].mean(dim=0)
        else:
            raise ValueError(f"unknown way to ablate: {how!r}")
        return z

    model.add_hook(f"blocks.{layer}.attn.hook_z", hook_fn)
    ablated = model(tokens, return_type="loss")
    model.reset_hooks()
    return (ablated - clean).item()
