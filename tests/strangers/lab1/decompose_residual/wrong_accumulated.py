# WRONG: gives the running sums (the stream after each addition) instead of what was added; promised: 'and their sum over the first axis is the residual stream.'
# Generated from solutions/lab1/decompose_residual.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # The residual stream as a sum
#
# You have two suspects: two heads that may bring the country to the last position. Now begin at the other end: which
# parts of the model *write* the answer there?
#
# Nothing in a transformer overwrites the residual stream. Each attention layer and each MLP *adds* its output to the
# stream. So the stream that enters layer $l$ is a sum of everything that came before ([Elhage et al.
# 2021](https://transformer-circuits.pub/2021/framework/index.html), "Virtual Weights and the Residual Stream as a
# Communication Channel"):
#
# $$x_l = \underbrace{x_{\mathrm{embed}} + x_{\mathrm{pos}}}_{\text{the input}} + \sum_{l' < l} \left( a_{l'} + m_{l'}
#   \right)$$
#
# Here $a_{l'}$ is the output of attention layer $l'$, and $m_{l'}$ is the output of its MLP. After all $L$ layers, the
# final LayerNorm and the unembedding turn $x_L$ into logits.
#
# This is why we can ask "how much of the answer came from this head?" A sum has parts, and each part can be looked at
# alone.
#
# **A small example.** The stream that enters layer 1 has four parts: `embed`, `pos_embed`, `L0 attn` and `L0 mlp`. The
# stream that enters layer 0 has two.
#
# **Names.** The parts are the activations `hook_embed`, `hook_pos_embed`, `blocks.{l}.hook_attn_out` and
# `blocks.{l}.hook_mlp_out`. The cache has the sums as well: `blocks.{l}.hook_resid_pre` enters layer $l$,
# `hook_resid_mid` lies between attention and MLP, and `hook_resid_post` leaves the layer. Do not count a sum among its
# own parts.
#
# **Shapes.** Each activation is `[batch, pos, d_model]`; stacked, `[component, batch, pos, d_model]`.

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
    numbers = {int(name.split(".")[1]) for name in cache.keys() if name.startswith("blocks.")}
    n_layers = max(numbers, default=-1) + 1
    if not 0 <= layer <= n_layers:
        raise ValueError(f"layer {layer} is not between 0 and the number of layers, {n_layers}")
    names = {"embed": "hook_embed", "pos_embed": "hook_pos_embed"}
    for before in range(layer):
        for kind in ("attn", "mlp"):
            names[f"L{before} {kind}"] = f"blocks.{before}.hook_{kind}_out"
    parts = torch.cat([cache[name][None] for name in names.values()])
    return list(names), parts.cumsum(dim=0)


# %% [markdown]
# **Look at it.** The sum of your components beside the model's own residual stream. Then the size of each component at
# each position of a prompt.

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench, plots

    bench = open_bench()
    prompt = "The capital of France is"
    _, cache = bench.model.run_with_cache(bench.model.to_tokens(prompt))
    labels, parts = decompose_residual(cache, bench.n_layers)
    own = cache[f"blocks.{bench.n_layers - 1}.hook_resid_post"]
    print(f"{len(labels)} components; largest difference to the stream: {(parts.sum(0) - own).abs().max().item():.1e}")
    sizes = torch.cat([parts[:, 0].norm(dim=-1), own[0].norm(dim=-1)[None]])
    plots.heatmap(
        sizes,
        x=bench.model.to_str_tokens(prompt),
        y=[*labels, "their sum"],
        xlabel="position",
        ylabel="component",
        title="How large each component of the residual stream is",
        value="norm",
        save="attention_patterns/decompose_residual",
    )
