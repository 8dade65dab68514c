"""Breaks "in memory of their own": without a position the model's own tensor is returned."""

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

    def keeper(name: str):
        def keep(activation, hook):
            part = activation if position is None else activation[:, position]
            part = part.detach().cpu()
            found[name] = part if position is None else part.clone()

        return keep

    model.run_with_hooks(tokens, fwd_hooks=[(name, keeper(name)) for name in names])
    return found
