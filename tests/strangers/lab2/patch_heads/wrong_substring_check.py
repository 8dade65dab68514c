"""Breaks "Raises ValueError: activation is none of the five": a part of the list's text, such as an empty text or
"at", is let through and fails with a KeyError."""

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
    if activation not in "z q k v pattern":
        raise ValueError(f"cannot patch {activation!r}")
    rows = []
    for layer in range(model.cfg.n_layers):
        name = f"blocks.{layer}.attn.hook_{activation}"
        clean = clean_cache[name]
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
