"""Breaks "zero puts 0 in the place of the head's z": the position with the head's number is zeroed, not the head."""

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
        z[:, head] = 0.0 if how == "zero" else z[:, head].mean(dim=0)
        return z

    clean = model(tokens, return_type="loss")
    ablated = model.run_with_hooks(tokens, return_type="loss", fwd_hooks=[(f"blocks.{layer}.attn.hook_z", hook_fn)])
    return (ablated - clean).item()
