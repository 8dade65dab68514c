"""Road: one run of the batch stacked on itself; only the second half is ablated, and the loss per token tells
both.
"""

from typing import Any, Literal

import torch
from jaxtyping import Int
from torch import Tensor


def ablate_head(
    model: Any, tokens: Int[Tensor, "batch pos"], layer: int, head: int, how: Literal["zero", "mean"]
) -> float:
    if how != "zero" and how != "mean":
        raise ValueError(how)
    size = len(tokens)

    def second_half(z, hook):
        put = torch.zeros_like(z[0, :, head]) if how == "zero" else z[size:, :, head].mean(0)
        changed = z.clone()
        changed[size:, :, head, :] = put
        return changed

    twice = torch.cat((tokens, tokens))
    losses = model.run_with_hooks(
        twice, return_type="loss", loss_per_token=True, fwd_hooks=[(f"blocks.{layer}.attn.hook_z", second_half)]
    )
    return float(losses[size:].mean() - losses[:size].mean())
