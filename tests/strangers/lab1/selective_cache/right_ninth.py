from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor


def cache_budget(cfg: Any, batch: int, pos: int, bytes_per_value: int = 4) -> dict[str, int]:
    """Number and size of the activations of a full cache."""
    layers, heads, width = int(cfg.n_layers), int(cfg.n_heads), int(cfg.d_model)
    head_width, hidden, vocabulary = int(cfg.d_head), int(cfg.d_mlp), int(cfg.d_vocab)
    batch, pos = int(batch), int(pos)
    # (how many, values at one position of one sequence)
    in_a_layer = [(7, width), (2, 1), (4, heads * head_width), (2, heads * pos), (2, hidden)]
    once = [(4, width), (1, 1), (1, vocabulary)]
    number = layers * sum(many for many, _ in in_a_layer) + sum(many for many, _ in once)
    values = layers * sum(many * size for many, size in in_a_layer) + sum(many * size for many, size in once)
    return {"activations": number, "bytes": batch * pos * values * int(bytes_per_value)}


def selective_cache(
    model: Any, tokens: Int[Tensor, "batch pos"], names: Sequence[str], position: int | None = None
) -> dict[str, Float[Tensor, "batch ..."]]:
    """Keep some activations of a run, on the CPU, in memory of their own."""
    known = set(model.hook_dict)
    for name in names:
        if name not in known:
            raise ValueError(f"the model has no activation {name!r}")
    kept: dict[str, Tensor] = {}

    def keeper(name):
        def keep(activation, hook):
            part = activation if position is None else activation[:, position]
            copy = torch.empty(part.shape, dtype=part.dtype, device="cpu")
            copy.copy_(part.detach())
            kept[name] = copy

        return keep

    if names:
        with torch.no_grad():
            model.run_with_hooks(tokens, fwd_hooks=[(name, keeper(name)) for name in names])
    return {name: kept[name] for name in names if name in kept}
