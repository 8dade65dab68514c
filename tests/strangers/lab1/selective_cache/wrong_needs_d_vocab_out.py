"""Breaks "cfg: ... `n_layers, n_heads, d_model, d_head, d_mlp, d_vocab`": it asks for `d_vocab_out` besides."""

from typing import Any
from collections.abc import Sequence
from contextlib import ExitStack
import torch
from jaxtyping import Float, Int
from torch import Tensor


def cache_budget(cfg: Any, batch: int, pos: int, bytes_per_value: int = 4) -> dict[str, int]:
    bs = batch * pos
    layer = (
        7 * bs * cfg.d_model
        + 2 * bs
        + 4 * bs * cfg.n_heads * cfg.d_head
        + 2 * batch * cfg.n_heads * pos * pos
        + 2 * bs * cfg.d_mlp
    )
    once = 4 * bs * cfg.d_model + bs + bs * cfg.d_vocab_out
    return {"activations": 17 * cfg.n_layers + 6, "bytes": bytes_per_value * (cfg.n_layers * layer + once)}


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
