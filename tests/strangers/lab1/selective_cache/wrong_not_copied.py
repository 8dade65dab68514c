"""Breaks "hold no more memory than their own values": on the CPU, cpu() copies nothing, and the slice keeps all of
it.
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
            part = activation if position is None else activation[:, position]
            found[name] = part.detach().cpu()

        return keep

    model.run_with_hooks(tokens, fwd_hooks=[(name, keeper(name)) for name in names])
    return found


def cache_budget(cfg: Any, batch: int, pos: int, bytes_per_value: int = 4) -> dict[str, int]:
    width = cfg.n_heads * cfg.d_head
    linear = cfg.n_layers * (7 * cfg.d_model + 2 + 4 * width + 2 * cfg.d_mlp) + 4 * cfg.d_model + 1 + cfg.d_vocab
    quadratic = 2 * cfg.n_layers * cfg.n_heads
    values = batch * pos * (linear + quadratic * pos)
    return dict(activations=17 * cfg.n_layers + 6, bytes=values * bytes_per_value)
