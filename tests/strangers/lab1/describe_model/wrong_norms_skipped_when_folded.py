"""Breaks "n_params counts the trained parameters: ... the LayerNorms' weights and biases": a model with folded
LayerNorms (LNPre) gets none.
"""

from typing import Any


def describe_model(model: Any) -> dict[str, int]:
    cfg = model.cfg
    d, inner, hidden = cfg.d_model, cfg.n_heads * cfg.d_head, cfg.d_mlp
    embeddings = cfg.d_vocab * d + cfg.n_ctx * d
    attention = 3 * (d * inner + inner) + inner * d + d
    mlp = d * hidden + hidden + hidden * d + d
    folded = str(getattr(cfg, "normalization_type", "LN")).endswith("Pre")
    one_norm = 0 if folded else 2 * d
    norms = 2 * one_norm
    described = {
        "n_layers": cfg.n_layers,
        "n_heads": cfg.n_heads,
        "d_model": cfg.d_model,
        "d_head": cfg.d_head,
        "d_mlp": cfg.d_mlp,
        "d_vocab": cfg.d_vocab,
        "n_ctx": cfg.n_ctx,
    }
    described["n_params"] = embeddings + cfg.n_layers * (attention + mlp + norms) + one_norm
    return described
