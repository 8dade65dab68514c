"""Breaks "then for each layer before `layer`": the tensor has rows of zeros for the layers that come after."""

from collections.abc import Mapping

from jaxtyping import Float
from torch import Tensor


def decompose_residual(
    cache: Mapping[str, Float[Tensor, "batch pos d_model"]], layer: int
) -> tuple[list[str], Float[Tensor, "component batch pos d_model"]]:
    n_layers = sum(name.endswith("hook_attn_out") for name in cache)
    if layer < 0 or layer > n_layers:
        raise ValueError(f"layer {layer} of {n_layers}")
    labels = ["embed", "pos_embed"]
    parts = cache["hook_embed"].new_zeros(2 + 2 * n_layers, *cache["hook_embed"].shape)
    parts[0], parts[1] = cache["hook_embed"], cache["hook_pos_embed"]
    for i in range(layer):
        labels += [f"L{i} attn", f"L{i} mlp"]
        parts[2 + 2 * i], parts[3 + 2 * i] = cache[f"blocks.{i}.hook_attn_out"], cache[f"blocks.{i}.hook_mlp_out"]
    return labels, parts
