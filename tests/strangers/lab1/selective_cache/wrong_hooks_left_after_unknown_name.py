"""Breaks "It has no hooks afterwards": an unknown name raises after the earlier names have been hooked."""

from collections.abc import Sequence
from functools import partial
from typing import Any
from jaxtyping import Float, Int
from torch import Tensor


def selective_cache(
    model: Any, tokens: Int[Tensor, "batch pos"], names: Sequence[str], position: int | None = None
) -> dict[str, Float[Tensor, "batch ..."]]:
    found: dict[str, Tensor] = {}

    def keep(activation, hook, name):
        part = activation if position is None else activation[:, position]
        found[name] = part.detach().cpu().clone()

    for name in names:
        if name not in model.hook_dict:
            raise ValueError(f"the model has no {name}")
        model.hook_dict[name].add_hook(partial(keep, name=name))
    model(tokens)
    model.reset_hooks()
    return found


def cache_budget(cfg: Any, batch: int, pos: int, bytes_per_value: int = 4) -> dict[str, int]:
    width = cfg.n_heads * cfg.d_head
    linear = cfg.n_layers * (7 * cfg.d_model + 2 + 4 * width + 2 * cfg.d_mlp) + 4 * cfg.d_model + 1 + cfg.d_vocab
    quadratic = 2 * cfg.n_layers * cfg.n_heads
    values = batch * pos * (linear + quadratic * pos)
    return dict(activations=17 * cfg.n_layers + 6, bytes=values * bytes_per_value)
