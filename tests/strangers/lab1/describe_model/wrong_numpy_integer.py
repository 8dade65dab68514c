"""Breaks "A dict of Python integers": n_params is a numpy.int64."""

from typing import Any

import numpy as np

NAMES = ("n_layers", "n_heads", "d_model", "d_head", "d_mlp", "d_vocab", "n_ctx")


def describe_model(model: Any) -> dict[str, int]:
    cfg = model.cfg
    d, heads, width = cfg.d_model, cfg.n_heads, cfg.d_head
    layer = [(heads, d, width), (heads, width)] * 3 + [(heads, width, d), (d,)]
    layer += [(d, cfg.d_mlp), (cfg.d_mlp,), (cfg.d_mlp, d), (d,)] + [(d,)] * 4
    shapes = [(cfg.d_vocab, d), (cfg.n_ctx, d)] + layer * cfg.n_layers + [(d,)] * 2
    return {name: getattr(cfg, name) for name in NAMES} | {"n_params": sum(np.prod(shape) for shape in shapes)}
