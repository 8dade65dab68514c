"""Breaks "as the metric gives it, not normalised": 0 is the corrupted run, 1 the clean one."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor


def put_in(resid, hook, position, clean):
    resid = resid.clone()
    resid[:, position] = clean[:, position]
    return resid


def patch_residual_sweep(
    model: Any,
    clean_tokens: Int[Tensor, "batch pos"],
    corrupted_tokens: Int[Tensor, "batch pos"],
    metric: Callable[[Float[Tensor, "batch pos d_vocab"]], Float[Tensor, ""]],
) -> Float[Tensor, "layer pos"]:
    names = [f"blocks.{layer}.hook_resid_pre" for layer in range(model.cfg.n_layers)]
    _, cache = model.run_with_cache(clean_tokens, names_filter=names)
    rows = []
    for name in names:
        row = []
        for position in range(corrupted_tokens.shape[1]):
            hook = partial(put_in, position=position, clean=cache[name])
            logits = model.run_with_hooks(corrupted_tokens, fwd_hooks=[(name, hook)])
            row.append(metric(logits))
        rows.append(torch.stack(row))
    low, high = metric(model(corrupted_tokens)), metric(model(clean_tokens))
    return (torch.stack(rows) - low) / (high - low)
