"""Road: the names decide; a regular expression reads layer and part, and numbers are sorted as numbers."""

import re
from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor

PART = re.compile(r"blocks\.(\d+)\.hook_(attn|mlp)_out")


def decompose_residual(
    cache: Mapping[str, Float[Tensor, "batch pos d_model"]], layer: int
) -> tuple[list[str], Float[Tensor, "component batch pos d_model"]]:
    places = sorted((int(m[1]), m[2]) for m in map(PART.fullmatch, cache.keys()) if m)
    count = len({number for number, _ in places})
    if layer < 0 or layer > count:
        raise ValueError(f"{layer=}, but the cache has {count} layers")
    before = [place for place in places if place[0] < layer]
    labels = ["embed", "pos_embed", *(f"L{number} {part}" for number, part in before)]
    tensors = [cache["hook_embed"], cache["hook_pos_embed"]]
    tensors.extend(cache[f"blocks.{number}.hook_{part}_out"] for number, part in before)
    return labels, torch.cat([tensor.unsqueeze(0) for tensor in tensors], dim=0)
