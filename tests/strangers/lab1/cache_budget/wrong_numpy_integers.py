"""Breaks "Python integers": the bytes are a numpy.int64."""

from typing import Any

import numpy as np


def cache_budget(cfg: Any, batch: int, pos: int, bytes_per_value: int = 4) -> dict[str, int]:
    b, s, d = batch, pos, cfg.d_model
    layer = [(b, s, d)] * 7 + [(b, s, 1)] * 2 + [(b, s, cfg.n_heads, cfg.d_head)] * 4
    layer += [(b, cfg.n_heads, s, s)] * 2 + [(b, s, cfg.d_mlp)] * 2
    shapes = layer * cfg.n_layers + [(b, s, d)] * 4 + [(b, s, 1), (b, s, cfg.d_vocab)]
    return {"activations": len(shapes), "bytes": bytes_per_value * sum(np.prod(shape) for shape in shapes)}
