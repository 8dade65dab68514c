"""Breaks "clean_cache: ... it is not changed": entries are taken out of the cache once they have been used."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens import ActivationCache


def put_in(value, hook, position, clean):
    value = value.clone()
    value[:, position] = clean[:, position]
    return value


def patch_component_sweep(
    model: Any,
    corrupted_tokens: Int[Tensor, "batch pos"],
    clean_cache: ActivationCache,
    metric: Callable[[Float[Tensor, "batch pos d_vocab"]], Float[Tensor, ""]],
) -> dict[str, Float[Tensor, "layer pos"]]:
    length = corrupted_tokens.shape[1]
    maps = {}
    for part in ("attn_out", "mlp_out"):
        rows = []
        for layer in range(model.cfg.n_layers):
            name = f"blocks.{layer}.hook_{part}"
            row = []
            clean = clean_cache.cache_dict.pop(name)
            for position in range(length):
                hook = partial(put_in, position=position, clean=clean)
                logits = model.run_with_hooks(corrupted_tokens, fwd_hooks=[(name, hook)])
                row.append(metric(logits))
            rows.append(torch.stack(row))
        maps[part] = torch.stack(rows)
    return maps
