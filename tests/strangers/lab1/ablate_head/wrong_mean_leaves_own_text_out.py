"""Breaks "`mean` its mean over the batch": each text gets the mean of the other texts of the batch."""

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
        own = z[:, :, head]
        others = (own.sum(0, keepdim=True) - own) / max(len(own) - 1, 1)
        z[:, :, head] = 0.0 if how == "zero" else others
        return z

    clean = model(tokens, return_type="loss")
    ablated = model.run_with_hooks(tokens, return_type="loss", fwd_hooks=[(f"blocks.{layer}.attn.hook_z", hook_fn)])
    return (ablated - clean).item()
