"""A copy of the batch for each head: one run for each layer."""

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
    if activation not in ["z", "q", "k", "v", "pattern"]:
        raise ValueError("activation must be z, q, k, v or pattern")
    heads, batch = model.cfg.n_heads, corrupted_tokens.shape[0]
    long = torch.cat([corrupted_tokens] * heads)
    result = []
    for layer in range(model.cfg.n_layers):
        name = f"blocks.{layer}.attn.hook_{activation}"
        clean = clean_cache[name]

        def patch(value, hook, clean=clean):
            value = value.clone()
            for head in range(heads):
                rows = slice(head * batch, (head + 1) * batch)
                which = (rows, head) if activation == "pattern" else (rows, slice(None), head)
                value[which] = clean[(slice(None), *which[1:])]
            return value

        parts = model.run_with_hooks(long, fwd_hooks=[(name, patch)]).chunk(heads)
        result.append(torch.stack([metric(part) for part in parts]))
    return torch.stack(result)
