# WRONG: the mean is taken over the batch and all positions together; promised: '`mean` its mean over the batch, at each position its own.'
from typing import Any, Literal

import torch
from jaxtyping import Int
from torch import Tensor


def ablate_head(
    model: Any, tokens: Int[Tensor, "batch pos"], layer: int, head: int, how: Literal["zero", "mean"]
) -> float:
    """The rise of the loss when one head's z is replaced."""
    if how not in ("zero", "mean"):
        raise ValueError(f"how must be 'zero' or 'mean', not {how!r}")

    def replace(z, hook):
        if how == "zero":
            substitute = torch.zeros_like(z)
        else:
            substitute = z.mean(dim=(0, 1), keepdim=True).expand_as(z)
        chosen = torch.arange(z.shape[2], device=z.device) == head
        return torch.where(chosen[None, None, :, None], substitute, z)

    name = f"blocks.{layer}.attn.hook_z"
    with torch.no_grad():
        ablated = model.run_with_hooks(tokens, return_type="loss", fwd_hooks=[(name, replace)])
        whole = model(tokens, return_type="loss")
    return ablated.item() - whole.item()
