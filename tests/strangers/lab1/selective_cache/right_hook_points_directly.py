"""Road: hooks on the hook points themselves; index_select makes the copy; a finally clause takes the hooks off."""

from collections.abc import Sequence
from functools import partial
from typing import Any
import torch
from jaxtyping import Float, Int
from torch import Tensor


def keep(activation: Tensor, hook: Any, *, into: dict[str, Tensor], name: str, position: int | None) -> None:
    value = activation.detach()
    if position is not None:
        place = torch.tensor([position % value.shape[1]], device=value.device)
        value = value.index_select(1, place).squeeze(1)
    into[name] = torch.clone(value.to("cpu"), memory_format=torch.contiguous_format)


def selective_cache(
    model: Any, tokens: Int[Tensor, "batch pos"], names: Sequence[str], position: int | None = None
) -> dict[str, Float[Tensor, "batch ..."]]:
    points = model.hook_dict
    try:
        chosen = {name: points[name] for name in names}
    except KeyError as error:
        raise ValueError(f"the model has no hook {error}") from error
    kept: dict[str, Tensor] = {}
    try:
        for name, point in chosen.items():
            point.add_hook(partial(keep, into=kept, name=name, position=position))
        model(tokens)
    finally:
        model.reset_hooks()
    return kept


def cache_budget(cfg: Any, batch: int, pos: int, bytes_per_value: int = 4) -> dict[str, int]:
    width = cfg.n_heads * cfg.d_head
    linear = cfg.n_layers * (7 * cfg.d_model + 2 + 4 * width + 2 * cfg.d_mlp) + 4 * cfg.d_model + 1 + cfg.d_vocab
    quadratic = 2 * cfg.n_layers * cfg.n_heads
    values = batch * pos * (linear + quadratic * pos)
    return dict(activations=17 * cfg.n_layers + 6, bytes=values * bytes_per_value)
