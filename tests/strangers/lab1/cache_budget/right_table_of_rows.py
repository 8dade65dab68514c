"""Road: the table as named tuples, evaluated row by row with a running total."""

from typing import Any, NamedTuple


class Row(NamedTuple):
    per_position: int
    how_many: int
    repeats: int


def cache_budget(cfg: Any, batch: int, pos: int, bytes_per_value: int = 4) -> dict[str, int]:
    rows = (
        Row(cfg.d_model, 3 + 2 + 2, cfg.n_layers),
        Row(1, 2, cfg.n_layers),
        Row(cfg.n_heads * cfg.d_head, 4, cfg.n_layers),
        Row(cfg.n_heads * pos, 2, cfg.n_layers),
        Row(cfg.d_mlp, 2, cfg.n_layers),
        Row(cfg.d_model, 4, 1),
        Row(1, 1, 1),
        Row(cfg.d_vocab, 1, 1),
    )
    activations = total = 0
    for row in rows:
        named = row.how_many * row.repeats
        activations, total = activations + named, total + named * row.per_position * batch * pos
    return {"bytes": int(total * bytes_per_value), "activations": int(activations)}
