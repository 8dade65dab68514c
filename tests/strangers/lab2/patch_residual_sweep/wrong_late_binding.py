"""Breaks "at every position": the hooks of a row are made first and all see the last value of position."""

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
        hooks = []
        for position in range(corrupted_tokens.shape[1]):
            hooks.append(lambda resid, hook: put_in(resid, hook, position, cache[name]))
        for hook in hooks:
            logits = model.run_with_hooks(corrupted_tokens, fwd_hooks=[(name, hook)])
            row.append(metric(logits))
        rows.append(torch.stack(row))
    return torch.stack(rows)
