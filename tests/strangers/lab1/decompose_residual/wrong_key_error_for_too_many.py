"""Breaks "ValueError: `layer` is ... more than the number of layers in the cache": a KeyError comes instead."""

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor


def decompose_residual(
    cache: Mapping[str, Float[Tensor, "batch pos d_model"]], layer: int
) -> tuple[list[str], Float[Tensor, "component batch pos d_model"]]:
    if layer < 0:
        raise ValueError(f"layer {layer} is negative")
    labels = ["embed", "pos_embed"]
    parts = [cache["hook_embed"], cache["hook_pos_embed"]]
    for i in range(layer):
        labels += [f"L{i} attn", f"L{i} mlp"]
        parts += [cache[f"blocks.{i}.hook_attn_out"], cache[f"blocks.{i}.hook_mlp_out"]]
    return labels, torch.stack(parts)
