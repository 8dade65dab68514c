"""Road: one closed formula, a polynomial in the number of positions."""

from typing import Any
from collections.abc import Sequence
from contextlib import ExitStack
import torch
from jaxtyping import Float, Int
from torch import Tensor


def cache_budget(cfg: Any, batch: int, pos: int, bytes_per_value: int = 4) -> dict[str, int]:
    width = cfg.n_heads * cfg.d_head
    linear = cfg.n_layers * (7 * cfg.d_model + 2 + 4 * width + 2 * cfg.d_mlp) + 4 * cfg.d_model + 1 + cfg.d_vocab
    quadratic = 2 * cfg.n_layers * cfg.n_heads
    values = batch * pos * (linear + quadratic * pos)
    return dict(activations=17 * cfg.n_layers + 6, bytes=values * bytes_per_value)


def selective_cache(
    model: Any, tokens: Int[Tensor, "batch pos"], names: Sequence[str], position: int | None = None
) -> dict[str, Float[Tensor, "batch ..."]]:
    for name in names:
        if name not in model.hook_dict:
            raise ValueError(name)
    result: dict[str, Tensor] = {}

    def make(name):
        def hook_function(activation, hook=None):
            slices = activation.detach().unbind(dim=1)
            copy = torch.stack(slices, dim=1) if position is None else torch.stack([slices[position]])[0]
            result[name] = copy.cpu()

        return hook_function

    with ExitStack() as stack:
        stack.enter_context(torch.no_grad())
        stack.callback(model.reset_hooks)
        stack.enter_context(model.hooks(fwd_hooks=[(name, make(name)) for name in set(names)]))
        model(tokens)
    return result
