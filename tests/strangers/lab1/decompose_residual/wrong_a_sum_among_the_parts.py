"""Breaks "A sum must not be counted among its own parts": resid_pre of layer 0, which is already a sum, stands for
the embedding.
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
    known = "blocks.0.hook_resid_pre" in cache
    parts = [cache["blocks.0.hook_resid_pre" if known else "hook_embed"], cache["hook_pos_embed"]]
    for i in range(layer):
        labels += [f"L{i} attn", f"L{i} mlp"]
        parts += [cache[f"blocks.{i}.hook_attn_out"], cache[f"blocks.{i}.hook_mlp_out"]]
    return labels, torch.stack(parts)
