"""Road: list the shape of every weight as the text lists them, and add up the products."""

from math import prod
from typing import Any

NAMES = ["n_layers", "n_heads", "d_model", "d_head", "d_mlp", "d_vocab", "n_ctx"]


def describe_model(model: Any) -> dict[str, int]:
    layers, heads, d, width, hidden, vocab, context = sizes = [int(getattr(model.cfg, name)) for name in NAMES]
    qkv = [(heads, d, width), (heads, width)] * 3
    block = [*qkv, (heads, width, d), (d,), (d, hidden), (hidden,), (hidden, d), (d,), *[(d,)] * 4]
    weights = [(vocab, d), (context, d), *block * layers, (d,), (d,)]
    return dict(zip(NAMES, sizes, strict=True)) | {"n_params": sum(map(prod, weights))}
