"""One long batch for each layer: a copy of the corrupted prompts for every position."""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor


def patch_residual_sweep(
    model: Any,
    clean_tokens: Int[Tensor, "batch pos"],
    corrupted_tokens: Int[Tensor, "batch pos"],
    metric: Callable[[Float[Tensor, "batch pos d_vocab"]], Float[Tensor, ""]],
) -> Float[Tensor, "layer pos"]:
    batch, length = corrupted_tokens.shape
    copies = corrupted_tokens.repeat(length, 1)
    result = []
    for layer in range(model.cfg.n_layers):
        name = f"blocks.{layer}.hook_resid_pre"
        clean = model.run_with_cache(clean_tokens, names_filter=[name])[1][name]

        def patch(resid, hook, clean=clean):
            apart = resid.reshape(length, batch, length, -1).clone()
            for position in range(length):
                apart[position, :, position] = clean[:, position]
            return apart.reshape(resid.shape)

        logits = model.run_with_hooks(copies, fwd_hooks=[(name, patch)])
        result.append(torch.stack([metric(part) for part in logits.split(batch)]))
    return torch.stack(result)
