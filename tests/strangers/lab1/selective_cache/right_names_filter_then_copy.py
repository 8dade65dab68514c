"""Road: run_with_cache with a names_filter, then each activation is copied into an empty tensor of its own."""

from collections.abc import Sequence
from typing import Any
import torch
from jaxtyping import Float, Int
from torch import Tensor


@torch.no_grad()
def selective_cache(
    model: Any, tokens: Int[Tensor, "batch pos"], names: Sequence[str], position: int | None = None
) -> dict[str, Float[Tensor, "batch ..."]]:
    wanted = list(names)
    if not set(wanted) <= set(model.hook_dict):
        raise ValueError(f"unknown names: {sorted(set(wanted) - set(model.hook_dict))}")
    _, cache = model.run_with_cache(tokens, names_filter=lambda name: name in wanted)
    result = {}
    for name in wanted:
        source = cache[name] if position is None else cache[name].select(1, position)
        result[name] = torch.empty(source.shape, dtype=source.dtype, device="cpu").copy_(source)
    model.reset_hooks()
    return result


def cache_budget(cfg: Any, batch: int, pos: int, bytes_per_value: int = 4) -> dict[str, int]:
    width = cfg.n_heads * cfg.d_head
    linear = cfg.n_layers * (7 * cfg.d_model + 2 + 4 * width + 2 * cfg.d_mlp) + 4 * cfg.d_model + 1 + cfg.d_vocab
    quadratic = 2 * cfg.n_layers * cfg.n_heads
    values = batch * pos * (linear + quadratic * pos)
    return dict(activations=17 * cfg.n_layers + 6, bytes=values * bytes_per_value)
