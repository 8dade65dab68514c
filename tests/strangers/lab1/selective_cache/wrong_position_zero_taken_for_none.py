"""Breaks "None keeps the whole activation" and "keep this position": position 0 keeps the whole activation too."""

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
            part = activation[:, position] if position else activation
            found[name] = part.detach().cpu().clone()

        return keep

    model.run_with_hooks(tokens, fwd_hooks=[(name, keeper(name)) for name in names])
    return found
