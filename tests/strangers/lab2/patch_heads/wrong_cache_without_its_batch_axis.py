"""Breaks "clean_cache: ... is not changed": a cache of a single prompt loses its batch axis."""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens import ActivationCache


def patch_heads(
    model: Any,
    corrupted_tokens: Int[Tensor, "batch pos"],
    clean_cache: ActivationCache,
    metric: Callable[[Float[Tensor, "batch pos d_vocab"]], Float[Tensor, ""]],
    activation: str = "z",
) -> Float[Tensor, "layer head"]:
    if activation not in ("z", "q", "k", "v", "pattern"):
        raise ValueError(f"cannot patch {activation!r}")
    if corrupted_tokens.shape[0] == 1:
        clean_cache.remove_batch_dim()
    rows = []
    for layer in range(model.cfg.n_layers):
        name = f"blocks.{layer}.attn.hook_{activation}"
        clean = clean_cache[name].reshape(len(corrupted_tokens), *clean_cache[name].shape[-3:])
        row = []
        for head in range(model.cfg.n_heads):

            def patch(value, hook):
                value = value.clone()
                if activation == "pattern":
                    value[:, head] = clean[:, head]
                else:
                    value[:, :, head] = clean[:, :, head]
                return value

            logits = model.run_with_hooks(corrupted_tokens, fwd_hooks=[(name, patch)])
            row.append(metric(logits))
        rows.append(torch.stack(row))
    return torch.stack(rows)
