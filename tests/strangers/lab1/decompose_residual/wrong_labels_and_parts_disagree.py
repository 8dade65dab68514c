"""Breaks "for each layer before `layer` its `L{l} attn` and its `L{l} mlp`": the tensors of a layer are in the other
order than the labels.
"""

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor


def decompose_residual(
    cache: Mapping[str, Float[Tensor, "batch pos d_model"]], layer: int
) -> tuple[list[str], Float[Tensor, "component batch pos d_model"]]:
    n_layers = sum(name.endswith("hook_attn_out") for name in cache)
    if layer < 0 or layer > n_layers:
        raise ValueError(f"layer {layer} of {n_layers}")
    labels = ["embed", "pos_embed"]
    parts = [cache["hook_embed"], cache["hook_pos_embed"]]
    for i in range(layer):
        labels += [f"L{i} attn", f"L{i} mlp"]
        parts += [cache[f"blocks.{i}.hook_{part}_out"] for part in ("mlp", "attn")]
    return labels, torch.stack(parts)
