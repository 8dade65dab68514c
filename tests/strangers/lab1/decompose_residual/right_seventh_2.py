# RIGHT: a table of names, layers counted with a pattern, components written into one tensor
# %%
from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor


# %%
import re

_ATTENTION = re.compile(r"blocks\.(\d+)\.hook_attn_out")


def _table(layer):
    """Pairs (label, activation) in the order in which they are added."""
    yield "embed", "hook_embed"
    yield "pos_embed", "hook_pos_embed"
    for l in range(layer):
        for short in ("attn", "mlp"):
            yield f"L{l} {short}", f"blocks.{l}.hook_{short}_out"


def decompose_residual(
    cache: Mapping[str, Float[Tensor, "batch pos d_model"]], layer: int
) -> tuple[list[str], Float[Tensor, "component batch pos d_model"]]:
    """Take the residual stream that enters a layer apart into what was added to it.

    Source: Elhage et al. 2021, https://transformer-circuits.pub/2021/framework/index.html.

    Args:
        cache: activations by their full names, among them `hook_embed`, `hook_pos_embed`, and for every layer `l` of
            the model `blocks.{l}.hook_attn_out` and `blocks.{l}.hook_mlp_out`. Need no other activation: the cache may
            hold these alone, in any order.
        layer: the layer that the stream enters, from 0; the number of layers stands for the stream after the last one.

    Returns:
        The labels and the components, in the order in which they are added: `embed`, `pos_embed`, then for each layer
        before `layer` its `L{l} attn` and its `L{l} mlp`. The components have the shape `[component, batch, pos,
        d_model]`, and their sum over the first axis is the residual stream.

    Raises:
        ValueError: `layer` is negative, or more than the number of layers in the cache.

    """
    numbers = [int(match[1]) for match in map(_ATTENTION.fullmatch, cache.keys()) if match]
    if layer < 0 or layer > max(numbers, default=-1) + 1:
        raise ValueError(f"there is no stream that enters layer {layer}")
    rows = list(_table(layer))
    embed = cache["hook_embed"]
    components = embed.new_zeros((len(rows), *embed.shape))
    for place, (_, name) in enumerate(rows):
        components[place] = cache[name]
    return [label for label, _ in rows], components


