"""Breaks "W_in `[d_model, d_mlp]`, W_out `[d_mlp, d_model]`": the count takes the MLP to be four times as wide as the
stream.
"""

from typing import Any


def describe_model(model: Any) -> dict[str, int]:
    cfg = model.cfg
    d, inner, hidden = cfg.d_model, cfg.n_heads * cfg.d_head, 4 * cfg.d_model
    embeddings = cfg.d_vocab * d + cfg.n_ctx * d
    attention = 3 * (d * inner + inner) + inner * d + d
    mlp = d * hidden + hidden + hidden * d + d
    norms = 2 * (2 * d)
    described = {
        "n_layers": cfg.n_layers,
        "n_heads": cfg.n_heads,
        "d_model": cfg.d_model,
        "d_head": cfg.d_head,
        "d_mlp": cfg.d_mlp,
        "d_vocab": cfg.d_vocab,
        "n_ctx": cfg.n_ctx,
    }
    described["n_params"] = embeddings + cfg.n_layers * (attention + mlp + norms) + 2 * d
    return described
