"""Breaks "model: a TransformerBridge in compatibility mode, or a HookedTransformer": the hook keeps z and returns
nothing, and a bridge may go on with another tensor."""

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
        raise ValueError("the two batches have different shapes")
    names = [f"blocks.{layer}.attn.hook_z" for layer in range(model.cfg.n_layers)]
    with torch.no_grad():
        _, clean = model.run_with_cache(clean_tokens, names_filter=names)
    kept = {}

    def start(embed, hook):
        return embed.detach().requires_grad_(True)

    def keeper(name):
        def keep(z, hook):
            kept[name] = z

        return keep

    hooks = [("hook_embed", start)] + [(name, keeper(name)) for name in names]
    with torch.enable_grad():
        value = metric(model.run_with_hooks(corrupted_tokens, fwd_hooks=hooks))
        gradients = torch.autograd.grad(value, [kept[name] for name in names])
    rows = []
    for name, gradient in zip(names, gradients, strict=True):
        change = clean[name] - kept[name].detach()
        rows.append((change * gradient).sum(dim=(0, 1, 3)))
    return torch.stack(rows)
