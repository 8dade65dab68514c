"""Writes the metric as a function of an offset to all z at once, and takes its vjp at zero."""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor


def attribution_patching(
    model: Any,
    clean_tokens: Int[Tensor, "batch pos"],
    corrupted_tokens: Int[Tensor, "batch pos"],
    metric: Callable[[Float[Tensor, "batch pos d_vocab"]], Float[Tensor, ""]],
) -> Float[Tensor, "layer head"]:
    if clean_tokens.shape != corrupted_tokens.shape:
        raise ValueError("shapes differ")
    names = [f"blocks.{layer}.attn.hook_z" for layer in range(model.cfg.n_layers)]
    with torch.no_grad():
        clean, corrupted = (
            torch.stack([cache[name] for name in names])
            for cache in (
                model.run_with_cache(tokens, names_filter=names)[1] for tokens in (clean_tokens, corrupted_tokens)
            )
        )

    def shifted(offsets):
        hooks = [(name, lambda z, hook, own=own: z + own) for name, own in zip(names, offsets, strict=True)]
        return metric(model.run_with_hooks(corrupted_tokens, fwd_hooks=hooks))

    with torch.enable_grad():
        _, gradient = torch.autograd.functional.vjp(shifted, torch.zeros_like(corrupted))
    return (clean - corrupted).mul(gradient).sum(-1).flatten(1, 2).sum(1)
