"""Road: a list of pairs (label, name), unzipped at the end; the layers are counted by asking for one after the
other.
"""

from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor


def decompose_residual(
    cache: Mapping[str, Float[Tensor, "batch pos d_model"]], layer: int
) -> tuple[list[str], Float[Tensor, "component batch pos d_model"]]:
    n_layers = 0
    while f"blocks.{n_layers}.hook_attn_out" in cache:
        n_layers += 1
    if not 0 <= layer <= n_layers:
        raise ValueError(f"layer {layer} is not in 0..{n_layers}")
    pairs = [("embed", "hook_embed"), ("pos_embed", "hook_pos_embed")]
    for before in range(layer):
        pairs += [(f"L{before} {part}", f"blocks.{before}.hook_{part}_out") for part in ("attn", "mlp")]
    labels, names = map(list, zip(*pairs, strict=True))
    return labels, torch.stack([cache[name] for name in names])
