"""Breaks "Patch every head on its own ... activation: what to patch": with "k" the head's v is patched as well, where
the cache has it."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens import ActivationCache


def only(clean, head, value, hook):
    return torch.cat([value[:, :, :head], clean[:, :, head : head + 1], value[:, :, head + 1 :]], dim=2)


def patch_heads(
    model: Any,
    corrupted_tokens: Int[Tensor, "batch pos"],
    clean_cache: ActivationCache,
    metric: Callable[[Float[Tensor, "batch pos d_vocab"]], Float[Tensor, ""]],
    activation: str = "z",
) -> Float[Tensor, "layer head"]:
    if activation not in ("z", "q", "k", "v", "pattern"):
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

            pairs = [(name, patch)]
            beside = f"blocks.{layer}.attn.hook_v"
            if activation == "k" and beside in clean_cache:
                pairs.append((beside, partial(only, clean_cache[beside], head)))
            logits = model.run_with_hooks(corrupted_tokens, fwd_hooks=pairs)
            row.append(metric(logits))
        rows.append(torch.stack(row))
    return torch.stack(rows)
