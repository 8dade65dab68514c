# WRONG: counts the layers by hook_resid_post, which need not be there; the text: "Need no other activation: the cache may hold these alone"
# %%
from collections.abc import Mapping

import torch
from jaxtyping import Float
from torch import Tensor


# %%
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
    n_layers = sum(name.endswith("hook_resid_post") for name in cache.keys())
    if layer < 0 or layer > n_layers:
        raise ValueError(f"no layer {layer}")
    labels = ["embed", "pos_embed"]
    parts = [cache["hook_embed"], cache["hook_pos_embed"]]
    for l in range(layer):
        labels += [f"L{l} attn", f"L{l} mlp"]
        parts += [cache[f"blocks.{l}.hook_attn_out"], cache[f"blocks.{l}.hook_mlp_out"]]
    return labels, torch.stack(parts)


