"""Breaks "in the order in which they are added": names are sorted as text, so that layer 10 comes before layer 2."""

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor


def decompose_residual(
    cache: Mapping[str, Float[Tensor, "batch pos d_model"]], layer: int
) -> tuple[list[str], Float[Tensor, "component batch pos d_model"]]:
    names = sorted(name for name in cache if name.endswith(("hook_attn_out", "hook_mlp_out")))
    if layer < 0 or layer > len(names) // 2:
        raise ValueError(f"layer {layer} of {len(names) // 2}")
    names = [name for name in names if int(name.split(".")[1]) < layer]
    labels = [f"L{name.split('.')[1]} {name.split('_')[1]}" for name in names]
    parts = [cache[name] for name in ("hook_embed", "hook_pos_embed", *names)]
    return ["embed", "pos_embed", *labels], torch.stack(parts)
