"""Breaks "hold no more memory than their own values": the whole activation is copied, and the result is a slice of
the copy.
"""

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
            copy = activation.detach().cpu().clone()
            found[name] = copy if position is None else copy[:, position]

        return keep

    model.run_with_hooks(tokens, fwd_hooks=[(name, keeper(name)) for name in names])
    return found
