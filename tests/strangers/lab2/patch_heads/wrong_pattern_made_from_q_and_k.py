"""Breaks "clean_cache: ... holds the named activation of every layer": for the pattern, q and k are looked for in the
cache and patched instead."""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens import ActivationCache


def part_hook(clean, head):
    def patch(value, hook):
        value = value.clone()
        value[:, :, head] = clean[:, :, head]
        return value

    return patch


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
        clean = None if activation == "pattern" else clean_cache[name]
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
            if activation == "pattern":
                stem = f"blocks.{layer}.attn.hook_"
                pairs = [(stem + part, part_hook(clean_cache[stem + part], head)) for part in "qk"]
            logits = model.run_with_hooks(corrupted_tokens, fwd_hooks=pairs)
            row.append(metric(logits))
        rows.append(torch.stack(row))
    return torch.stack(rows)
