"""Breaks "n_params counts the trained parameters": it adds up what is in memory."""

from typing import Any


def describe_model(model: Any) -> dict[str, int]:
    cfg = model.cfg
    described = {
        "n_layers": cfg.n_layers,
        "n_heads": cfg.n_heads,
        "d_model": cfg.d_model,
        "d_head": cfg.d_head,
        "d_mlp": cfg.d_mlp,
        "d_vocab": cfg.d_vocab,
        "n_ctx": cfg.n_ctx,
    }
    described["n_params"] = sum(weight.numel() for weight in model.parameters())
    return described
