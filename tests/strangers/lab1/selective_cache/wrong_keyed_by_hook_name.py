"""Breaks "The activations by the names in `names`": a bridge's hook.name may be the point's other name."""

from collections.abc import Sequence
from typing import Any

from jaxtyping import Float, Int
from torch import Tensor


def selective_cache(
    model: Any, tokens: Int[Tensor, "batch pos"], names: Sequence[str], position: int | None = None
) -> dict[str, Float[Tensor, "batch ..."]]:
    for name in names:
        if name not in model.hook_dict:
            raise ValueError(f"the model has no {name}")
    found: dict[str, Tensor] = {}

    def keep(activation, hook):
        part = activation if position is None else activation[:, position]
        found[hook.name] = part.detach().cpu().clone()

    model.run_with_hooks(tokens, fwd_hooks=[(name, keep) for name in names])
    return found
