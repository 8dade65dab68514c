"""Breaks "minus the loss without": the clean loss is remembered by the shape of the tokens, so other texts get the
first one's.
"""

from typing import Any, Literal

from jaxtyping import Int
from torch import Tensor

clean_losses: dict[Any, float] = {}


def ablate_head(
    model: Any, tokens: Int[Tensor, "batch pos"], layer: int, head: int, how: Literal["zero", "mean"]
) -> float:
    if how not in ("zero", "mean"):
        raise ValueError(how)
    key = (id(model), tuple(tokens.shape))
    if key not in clean_losses:
        clean_losses[key] = model(tokens, return_type="loss").item()

    def hook_fn(z, hook):
        z = z.clone()
        z[:, :, head] = 0.0 if how == "zero" else z[:, :, head].mean(dim=0)
        return z

    ablated = model.run_with_hooks(tokens, return_type="loss", fwd_hooks=[(f"blocks.{layer}.attn.hook_z", hook_fn)])
    return ablated.item() - clean_losses[key]
