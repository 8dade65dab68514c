"""Breaks "Only these points may be hooked during the run": all points of the layers that are asked for are hooked."""

from collections.abc import Sequence
from typing import Any
import torch
from jaxtyping import Float, Int
from torch import Tensor


def selective_cache(
    model: Any, tokens: Int[Tensor, "batch pos"], names: Sequence[str], position: int | None = None
) -> dict[str, Float[Tensor, "batch ..."]]:
    for name in names:
        if name not in model.hook_dict:
            raise ValueError(f"the model has no {name}")
    starts = {tuple(name.split(".")[:2]) for name in names}
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=lambda other: tuple(other.split(".")[:2]) in starts)
    return {name: (cache[name] if position is None else cache[name][:, position]).cpu().clone() for name in names}


def cache_budget(cfg: Any, batch: int, pos: int, bytes_per_value: int = 4) -> dict[str, int]:
    width = cfg.n_heads * cfg.d_head
    linear = cfg.n_layers * (7 * cfg.d_model + 2 + 4 * width + 2 * cfg.d_mlp) + 4 * cfg.d_model + 1 + cfg.d_vocab
    quadratic = 2 * cfg.n_layers * cfg.n_heads
    values = batch * pos * (linear + quadratic * pos)
    return dict(activations=17 * cfg.n_layers + 6, bytes=values * bytes_per_value)
