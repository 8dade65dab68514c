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
    """The metric with one head patched, for every head."""
    axes = {"z": 2, "q": 2, "k": 2, "v": 2, "pattern": 1}
    if activation not in axes:
        raise ValueError(f"activation must be one of {sorted(axes)}, not {activation!r}")
    axis = axes[activation]
    rows = []
    for layer in range(model.cfg.n_layers):
        name = f"blocks.{layer}.attn.hook_{activation}"
        clean = clean_cache[name]
        row = []
        for head in range(clean.shape[axis]):

            def patch(value, hook, clean=clean, head=head):
                parts = list(value.split(1, dim=axis))
                parts[head] = clean.narrow(axis, head, 1)
                return torch.cat(parts, dim=axis)

            with torch.no_grad():
                row.append(metric(model.run_with_hooks(corrupted_tokens, fwd_hooks=[(name, patch)])))
        rows.append(torch.stack(row))
    return torch.stack(rows)
