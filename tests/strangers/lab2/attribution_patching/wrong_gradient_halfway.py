"""Breaks "the metric's gradient by z in the corrupted run": it is taken halfway between the two runs."""

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
    if clean_tokens.size() != corrupted_tokens.size():
        raise ValueError(f"{tuple(clean_tokens.shape)} is not {tuple(corrupted_tokens.shape)}")
    layers = range(model.cfg.n_layers)
    with torch.no_grad():
        _, clean = model.run_with_cache(clean_tokens, names_filter=lambda name: name.endswith("attn.hook_z"))
    example = clean["z", 0]
    dials = torch.zeros(len(layers), example.shape[2], dtype=example.dtype, device=example.device, requires_grad=True)

    def hook_for(layer):
        target = clean["z", layer]

        def hook(z, hook):
            return z + (0.5 + dials[layer, :, None]) * (target - z).detach()

        return f"blocks.{layer}.attn.hook_z", hook

    with torch.enable_grad(), model.hooks(fwd_hooks=[hook_for(layer) for layer in layers]):
        (estimate,) = torch.autograd.grad(metric(model(corrupted_tokens)), dials)
    return estimate
