"""Breaks "once: `unembed.hook_out` (the logits) | B, S, V": only one position of each sequence is counted."""

from typing import Any


def cache_budget(cfg: Any, batch: int, pos: int, bytes_per_value: int = 4) -> dict[str, int]:
    bs = batch * pos
    layer = (
        7 * bs * cfg.d_model
        + 2 * bs
        + 4 * bs * cfg.n_heads * cfg.d_head
        + 2 * batch * cfg.n_heads * pos * pos
        + 2 * bs * cfg.d_mlp
    )
    once = 4 * bs * cfg.d_model + bs + batch * cfg.d_vocab
    return {"activations": 17 * cfg.n_layers + 6, "bytes": bytes_per_value * (cfg.n_layers * layer + once)}
