"""Breaks "`mlp.hook_pre`, `mlp.hook_post` | B, S, m": m is taken to be four times d_model."""

from typing import Any


def cache_budget(cfg: Any, batch: int, pos: int, bytes_per_value: int = 4) -> dict[str, int]:
    bs = batch * pos
    layer = (
        7 * bs * cfg.d_model
        + 2 * bs
        + 4 * bs * cfg.n_heads * cfg.d_head
        + 2 * batch * cfg.n_heads * pos * pos
        + 2 * bs * 4 * cfg.d_model
    )
    once = 4 * bs * cfg.d_model + bs + bs * cfg.d_vocab
    return {"activations": 17 * cfg.n_layers + 6, "bytes": bytes_per_value * (cfg.n_layers * layer + once)}
