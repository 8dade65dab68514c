"""Road: model.add_hook and reset_hooks in a finally clause; the head is blended out with a 0/1 mask over heads."""

from typing import Any, Literal

import torch
from jaxtyping import Int
from torch import Tensor

METHODS = {"zero": lambda z: torch.zeros_like(z), "mean": lambda z: z.mean(dim=0, keepdim=True).expand_as(z)}


def ablate_head(
    model: Any, tokens: Int[Tensor, "batch pos"], layer: int, head: int, how: Literal["zero", "mean"]
) -> float:
    try:
        substitute = METHODS[how]
    except (KeyError, TypeError):
        raise ValueError(f"unknown ablation {how!r}: choose from {sorted(METHODS)}") from None

    def blend(z, hook):
        chosen = (torch.arange(z.shape[2], device=z.device) == head)[:, None]
        return torch.where(chosen, substitute(z), z)

    model.reset_hooks()
    with torch.no_grad():
        before = model(tokens, return_type="loss")
        model.add_hook(f"blocks.{layer}.attn.hook_z", blend)
        try:
            after = model(tokens, return_type="loss")
        finally:
            model.reset_hooks()
    return (after - before).item()
