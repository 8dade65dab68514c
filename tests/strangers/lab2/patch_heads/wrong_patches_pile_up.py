# WRONG: the heads before it in its layer stay patched, so the patches pile up; promised: 'Patch every head on its own, at all positions, from the clean run into the corrupted run.'
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
                parts[: head + 1] = clean.narrow(axis, 0, head + 1).split(1, dim=axis)
                return torch.cat(parts, dim=axis)

            with torch.no_grad():
                row.append(metric(model.run_with_hooks(corrupted_tokens, fwd_hooks=[(name, patch)])))
        rows.append(torch.stack(row))
    return torch.stack(rows)
