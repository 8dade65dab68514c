"""Road: make each kind of activation as an empty tensor on torch's meta device and ask it for its size."""

from typing import Any

import torch


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
