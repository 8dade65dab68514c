# WRONG: a negative layer gives the two embeddings and no error; promised: '`layer` is negative, or more than the number of layers in the cache.'
from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor


def decompose_residual(
    cache: Mapping[str, Float[Tensor, "batch pos d_model"]], layer: int
) -> tuple[list[str], Float[Tensor, "component batch pos d_model"]]:
    """What was added to the stream before a layer, in order."""
    names = set(cache.keys())
    n_layers = 0
    while f"blocks.{n_layers}.hook_attn_out" in names:
        n_layers += 1
    if layer > n_layers:
        raise ValueError(f"layer {layer} is not one of 0 ... {n_layers}")
    places = {"embed": "hook_embed", "pos_embed": "hook_pos_embed"}
    for before in range(layer):
        places[f"L{before} attn"] = f"blocks.{before}.hook_attn_out"
        places[f"L{before} mlp"] = f"blocks.{before}.hook_mlp_out"
    parts = [cache[name] for name in places.values()]
    return list(places), torch.stack(torch.broadcast_tensors(*parts))
