"""Road: the table as named tuples, evaluated row by row with a running total."""

from typing import Any, NamedTuple
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any
import torch
from jaxtyping import Float, Int
from torch import Tensor


class Row(NamedTuple):
    per_position: int
    how_many: int
    repeats: int


def cache_budget(cfg: Any, batch: int, pos: int, bytes_per_value: int = 4) -> dict[str, int]:
    rows = (
        Row(cfg.d_model, 3 + 2 + 2, cfg.n_layers),
        Row(1, 2, cfg.n_layers),
        Row(cfg.n_heads * cfg.d_head, 4, cfg.n_layers),
        Row(cfg.n_heads * pos, 2, cfg.n_layers),
        Row(cfg.d_mlp, 2, cfg.n_layers),
        Row(cfg.d_model, 4, 1),
        Row(1, 1, 1),
        Row(cfg.d_vocab, 1, 1),
    )
    activations = total = 0
    for row in rows:
        named = row.how_many * row.repeats
        activations, total = activations + named, total + named * row.per_position * batch * pos
    return {"bytes": int(total * bytes_per_value), "activations": int(activations)}


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
