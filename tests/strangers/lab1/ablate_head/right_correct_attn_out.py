"""Road: leave z alone and take the head's share, (z - replacement) @ W_O, out of the layer's attention output."""

from typing import Any, Literal

from jaxtyping import Int
from torch import Tensor


def ablate_head(
    model: Any, tokens: Int[Tensor, "batch pos"], layer: int, head: int, how: Literal["zero", "mean"]
) -> float:
    if how not in {"zero", "mean"}:
        raise ValueError("how is zero or mean")
    share = {}

    def read_z(z, hook):
        mine = z[:, :, head]
        lost = mine if how == "zero" else mine - mine.mean(0, keepdim=True)
        share["lost"] = lost @ model.W_O[layer, head]

    def subtract(attn_out, hook):
        return attn_out - share["lost"]

    names = (f"blocks.{layer}.attn.hook_z", f"blocks.{layer}.hook_attn_out")
    losses = [
        model.run_with_hooks(tokens, return_type="loss", fwd_hooks=hooks)
        for hooks in ([], list(zip(names, (read_z, subtract), strict=True)))
    ]
    return losses[1].item() - losses[0].item()
