"""Road: make each kind of activation as an empty tensor on torch's meta device and ask it for its size."""

from typing import Any
import torch
from collections.abc import Sequence
from contextlib import ExitStack
from jaxtyping import Float, Int
from torch import Tensor


def cache_budget(cfg: Any, batch: int, pos: int, bytes_per_value: int = 4) -> dict[str, int]:
    def size(*axes: int) -> int:
        return torch.empty(batch, *axes, device="meta").numel()

    once = [(4, size(pos, cfg.d_model)), (1, size(pos, 1)), (1, size(pos, cfg.d_vocab))]
    layer = [
        (7, size(pos, cfg.d_model)),
        (2, size(pos, 1)),
        (4, size(pos, cfg.n_heads, cfg.d_head)),
        (2, size(cfg.n_heads, pos, pos)),
        (2, size(pos, cfg.d_mlp)),
    ]
    rows = once + layer * cfg.n_layers
    count = sum(how_many for how_many, _ in rows)
    return {"activations": count, "bytes": sum(how_many * one for how_many, one in rows) * bytes_per_value}


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
