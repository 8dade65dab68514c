"""Breaks "two LayerNorms in each layer and one at the end": the one at the end is left out."""

from typing import Any


def describe_model(model: Any) -> dict[str, int]:
    cfg = model.cfg
    d, inner, hidden = cfg.d_model, cfg.n_heads * cfg.d_head, cfg.d_mlp
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
    described["n_params"] = embeddings + cfg.n_layers * (attention + mlp + norms)
    return described
