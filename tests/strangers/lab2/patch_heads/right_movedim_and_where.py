"""Brings the head's axis to the front, chooses with torch.where, and brings it back."""

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
    if activation not in {"z", "q", "k", "v", "pattern"}:
        raise ValueError(activation)
    dim = 1 if activation == "pattern" else 2
    layers, heads = model.cfg.n_layers, model.cfg.n_heads
    chosen = torch.eye(heads, dtype=torch.bool, device=corrupted_tokens.device)

    def cell(layer, only):
        name = f"blocks.{layer}.attn.hook_{activation}"

        def hook(value, hook):
            mask = only.view(-1, 1, 1, 1)
            mixed = torch.where(mask, clean_cache[name].movedim(dim, 0), value.movedim(dim, 0))
            return mixed.movedim(0, dim)

        return metric(model.run_with_hooks(corrupted_tokens, fwd_hooks=[(name, hook)]))

    with torch.no_grad():
        return torch.stack([torch.stack([cell(layer, only) for only in chosen]) for layer in range(layers)])
