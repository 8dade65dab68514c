"""Breaks "The metric of the patched runs, [layer, head]": there are never more columns than the cached activation is
long on its third axis, so a pattern of few positions loses heads."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens import ActivationCache


AXES = dict.fromkeys("zqkv", 2) | {"pattern": 1}


def replace_slice(value, hook, *, clean, axis, index):
    where = torch.tensor([index], device=value.device)
    return value.index_copy(axis, where, clean.index_select(axis, where))


def patch_heads(
    model: Any,
    corrupted_tokens: Int[Tensor, "batch pos"],
    clean_cache: ActivationCache,
    metric: Callable[[Float[Tensor, "batch pos d_vocab"]], Float[Tensor, ""]],
    activation: str = "z",
) -> Float[Tensor, "layer head"]:
    try:
        axis = AXES[activation]
    except KeyError:
        raise ValueError(f"{activation!r} is none of {', '.join(AXES)}") from None
    result = []
    for layer in range(model.cfg.n_layers):
        clean = clean_cache[activation, layer]
        for index in range(min(clean.shape[2], clean.shape[axis])):
            hook = partial(replace_slice, clean=clean, axis=axis, index=index)
            with model.hooks(fwd_hooks=[(f"blocks.{layer}.attn.hook_{activation}", hook)]):
                result.append(metric(model(corrupted_tokens)))
    return torch.stack(result).unflatten(0, (model.cfg.n_layers, -1))
