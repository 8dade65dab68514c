"""TransformerLens's own backward hooks collect the gradients while backward() runs from a detached embedding."""

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
    if tuple(clean_tokens.shape) != tuple(corrupted_tokens.shape):
        raise ValueError("clean and corrupted prompts must have the same shape")
    z: dict[int, Tensor] = {}
    gradient: dict[int, Tensor] = {}
    place = "blocks.{}.attn.hook_z".format
    layers = range(model.cfg.n_layers)
    with torch.no_grad():
        clean = model.run_with_cache(clean_tokens, names_filter=[place(layer) for layer in layers])[1]

    def store(where, layer):
        def hook(value, hook):
            where[layer] = value.detach().clone()

        return place(layer), hook

    with torch.enable_grad():
        with model.hooks(
            fwd_hooks=[("hook_embed", lambda x, hook: x.detach().requires_grad_())] + [store(z, n) for n in layers],
            bwd_hooks=[store(gradient, n) for n in layers],
        ):
            metric(model(corrupted_tokens)).backward()
    return torch.stack([torch.einsum("bphd,bphd->h", clean["z", n] - z[n], gradient[n]) for n in layers])
