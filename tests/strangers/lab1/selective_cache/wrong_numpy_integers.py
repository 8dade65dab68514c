"""Breaks "Python integers": the bytes are a numpy.int64."""

from typing import Any
import numpy as np
from collections.abc import Sequence
from contextlib import ExitStack
import torch
from jaxtyping import Float, Int
from torch import Tensor


def cache_budget(cfg: Any, batch: int, pos: int, bytes_per_value: int = 4) -> dict[str, int]:
    b, s, d = batch, pos, cfg.d_model
    layer = [(b, s, d)] * 7 + [(b, s, 1)] * 2 + [(b, s, cfg.n_heads, cfg.d_head)] * 4
    layer += [(b, cfg.n_heads, s, s)] * 2 + [(b, s, cfg.d_mlp)] * 2
    shapes = layer * cfg.n_layers + [(b, s, d)] * 4 + [(b, s, 1), (b, s, cfg.d_vocab)]
    return {"activations": len(shapes), "bytes": bytes_per_value * sum(np.prod(shape) for shape in shapes)}


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
