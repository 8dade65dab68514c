"""Breaks "bytes_per_value: 4 for float32, 2 for bfloat16 and float16": LayerNorm scales are always counted with 4
bytes.
"""

from typing import Any


def cache_budget(cfg: Any, batch: int, pos: int, bytes_per_value: int = 4) -> dict[str, int]:
    bs = batch * pos
    layer = (
        7 * bs * cfg.d_model
        + 4 * bs * cfg.n_heads * cfg.d_head
        + 2 * batch * cfg.n_heads * pos * pos
        + 2 * bs * cfg.d_mlp
    )
    once = 4 * bs * cfg.d_model + bs * cfg.d_vocab
    scales = 4 * bs * (2 * cfg.n_layers + 1)
    return {"activations": 17 * cfg.n_layers + 6, "bytes": bytes_per_value * (cfg.n_layers * layer + once) + scales}
