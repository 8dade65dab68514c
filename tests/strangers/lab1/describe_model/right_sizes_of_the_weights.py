"""Road: ask the model's own stacked weights (model.W_Q and so on) for their sizes; sizes of LayerNorms come from
cfg.
"""

from typing import Any

STACKED = ("W_E", "W_Q", "W_K", "W_V", "b_Q", "b_K", "b_V", "W_O", "b_O", "W_in", "b_in", "W_out", "b_out")


def describe_model(model: Any) -> dict[str, int]:
    cfg = model.cfg
    in_weights = sum(getattr(model, name).numel() for name in STACKED)
    position = cfg.n_ctx * cfg.d_model
    norms = (2 * cfg.n_layers + 1) * 2 * cfg.d_model
    return {
        "n_params": int(in_weights + position + norms),
        "n_ctx": int(cfg.n_ctx),
        "d_vocab": int(cfg.d_vocab),
        "d_mlp": int(cfg.d_mlp),
        "d_head": int(cfg.d_head),
        "d_model": int(cfg.d_model),
        "n_heads": int(cfg.n_heads),
        "n_layers": int(cfg.n_layers),
    }
