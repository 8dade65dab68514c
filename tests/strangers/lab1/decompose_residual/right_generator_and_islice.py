"""Road: an endless generator of the parts, of which islice takes the first 2 + 2 * layer."""

from collections.abc import Mapping
from itertools import count, islice

import torch
from jaxtyping import Float
from torch import Tensor


def everything():
    yield "embed", "hook_embed"
    yield "pos_embed", "hook_pos_embed"
    for number in count():
        yield f"L{number} attn", f"blocks.{number}.hook_attn_out"
        yield f"L{number} mlp", f"blocks.{number}.hook_mlp_out"


def decompose_residual(
    cache: Mapping[str, Float[Tensor, "batch pos d_model"]], layer: int
) -> tuple[list[str], Float[Tensor, "component batch pos d_model"]]:
    known = set(cache.keys())
    wanted = dict(islice(everything(), 2 + 2 * max(layer, 0)))
    if layer < 0 or not known.issuperset(wanted.values()):
        raise ValueError(f"there is no layer {layer} in this cache")
    return list(wanted), torch.stack(tuple(map(cache.__getitem__, wanted.values())), 0)
