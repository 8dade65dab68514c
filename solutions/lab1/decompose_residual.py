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

# %% [markdown] tags=["hint"]
# Write down the labels for `layer = 0`, `layer = 1` and `layer = 2` on paper. How many labels are there for a layer
# $l$? No layer has touched the stream that *enters* layer 0.

# %% [markdown] tags=["hint"]
# Build two lists side by side: labels and tensors. At the end, stack the tensors on a new first axis. To learn the
# number of layers, count the names of one kind in the cache, for example `blocks.{l}.hook_attn_out`.

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
    ### BEGIN SOLUTION
    n_layers = sum(name.endswith(".hook_attn_out") for name, _ in cache.items())
    if not 0 <= layer <= n_layers:
        raise ValueError(f"layer must be between 0 and {n_layers}, the number of layers, but it is {layer}")
    labels, parts = ["embed", "pos_embed"], [cache["hook_embed"], cache["hook_pos_embed"]]
    for before in range(layer):
        labels += [f"L{before} attn", f"L{before} mlp"]
        parts += [cache[f"blocks.{before}.hook_attn_out"], cache[f"blocks.{before}.hook_mlp_out"]]
    return labels, torch.stack(parts)
    ### END SOLUTION


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

# %% [markdown] tags=["found"]
# **What you found.** The sum is the stream, up to rounding: no component is missing, and none is counted twice. The
# components differ in size. Look along a row and down a column, and at the last row: the norm of a sum is not the sum
# of the norms, because components can point in different directions. At " is", the last MLP writes a vector of norm
# 17.1, and the whole stream has norm 19.6. The stream at BOS is the largest, 97.1. <!-- claim: stream.norms --> BOS carries no content of the
# prompt, so leave it out when you average over positions.
#
# A large component is not always an important one. What counts is how far it points in a direction that a later part
# reads. For the logits, that direction comes from the unembedding. The next two exercises, the logit lens and
# attribution, measure along it.
#
# **With TransformerLens** `cache.decompose_resid(layer)` does the same with its own labels, on a `TransformerBridge`
# and on a `HookedTransformer`. `cache.accumulated_resid()` gives the running sums. In compatibility mode the biases of
# the values are folded into the output bias of attention, so `hook_attn_out` contains them.
