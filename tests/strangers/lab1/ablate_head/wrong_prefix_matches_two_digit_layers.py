"""Breaks "one head's output is replaced": the filter for layer 1 also matches the layers 10 to 19."""

from typing import Any, Literal

from jaxtyping import Int
from torch import Tensor


def ablate_head(
    model: Any, tokens: Int[Tensor, "batch pos"], layer: int, head: int, how: Literal["zero", "mean"]
) -> float:
    if how not in ("zero", "mean"):
        raise ValueError(how)

    def hook_fn(z, hook):
        z = z.clone()
        z[:, :, head] = 0.0 if how == "zero" else z[:, :, head].mean(dim=0)
        return z

    def is_target(name):
        return name.startswith(f"blocks.{layer}") and name.endswith("attn.hook_z")

    clean = model(tokens, return_type="loss")
    ablated = model.run_with_hooks(tokens, return_type="loss", fwd_hooks=[(is_target, hook_fn)])
    return (ablated - clean).item()
