# WRONG: an active latent is the pre-activation minus the threshold (a shifted ReLU); promised: 'the pre-activation where it is above the latent's threshold, and 0 elsewhere'
# Generated from solutions/lab5/attribution_graph.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # A graph of one answer
#
# Why does a model say " Paris"? Heads and MLPs are large parts, and an MLP does many things at once. **Transcoders**
# cut an MLP into small parts, its **latents**. An **attribution graph** then says which latent acts on which, for one
# prompt. In this exercise you build the graph and find the few nodes that carry the answer.
#
# **Transcoders.** A transcoder reads what an MLP reads, $r$, and imitates what the MLP writes. Few latents are active:
#
# $$p = r\, W_{enc} + b_{enc}, \qquad a_i = \begin{cases} p_i & \text{if } p_i > \theta_i \\ 0 & \text{otherwise} \end{cases}$$
#
# $$\text{MLP}(r) = a\, W_{dec} + b_{dec} + \text{error}$$
#
# The imitation is not perfect. What is missing is the **error**. We add the error again, so that nothing is lost.
#
# **The frozen run.** Two more things in a model are not linear: where the heads look, and what the LayerNorms divide
# by. Both stay as they were in the run of your prompt: they are *frozen*. The latents and the errors become inputs: they
# are given as numbers, and nobody computes them anew. For every layer in turn:
#
# 1. the heads add to the stream: they add `layer.attend(stream)`;
# 2. the transcoder reads the stream: `layer.norm(stream) @ encoder + encoder_bias` are the **pre-activations** $p$;
# 3. the transcoder and the error add to the stream: they add `latents @ decoder + decoder_bias + error`.
#
# All of this is linear in the embedding, the latents and the errors, up to biases. So every effect is a plain product.
#
# **Edges.** Take a source with the value $x_s$ and a target $t$. The source is the embedding at one position, one
# latent, or the error of one layer at one position. The target is the pre-activation of one active latent, or the
# answer. The edge is input times gradient, through the frozen run:
#
# $$E_{s \to t} = x_s \cdot \frac{\partial t}{\partial x_s}$$
#
# For an embedding and an error, the product is summed over `d_model`. The latents are inputs, so a gradient ends at each
# latent that it meets. An edge is therefore a *direct* effect: it goes through heads and the stream, and through no
# other latent.
#
# **Influence.** A latent also acts on later latents, and these act on the answer. Divide the size of each edge by the sum
# of all sizes into the same target, $A_{st} = |E_{st}| / \sum_u |E_{ut}|$. So each target gives shares to its sources.
# The influence of a node is its share in the answer over all paths, with one step, two steps and so on:
#
# $$B = A + A^2 + A^3 + \dots = (I - A)^{-1} - I, \qquad \text{influence}_s = B_{s,\,answer}$$
#
# **A small example.** One position, a stream of one number, one layer, one latent. The embedding is 2. The heads add
# half of the stream: 3. The encoder is 1 and its bias −1, so $p = 3 - 1 = 2$. The threshold is 0, so the latent is 2.
# The decoder is 2 and its bias 0. The MLP really wrote 5, so the error is $5 - 4 = 1$. The final stream is
# $3 + 4 + 1 = 8$, and the answer is the final stream itself.
#
# | edge | input times gradient | share |
# |---|---|---|
# | embedding → latent | 2 · 1.5 = 3 (and −1 is the bias) | 3/3 |
# | embedding → answer | 2 · 1.5 = 3 | 3/8 |
# | latent → answer | 2 · 2 = 4 | 4/8 |
# | error → answer | 1 · 1 = 1 | 1/8 |
#
# The influence of the embedding is $3/8 + 4/8 \cdot 1 = 7/8$, of the latent 4/8, of the error 1/8. Nothing goes into
# embedding and error. These two share the whole answer: $7/8 + 1/8 = 1$. The share of the embeddings is called the
# **replacement score**. It says how much of the graph your transcoders explain.
#
# **Order of the nodes.** The embedding at each position; then for each layer its active latents, by position and then
# by number, and its errors by position; at last the answer. The given function `list_nodes` makes this list.
#
# Sources: Dunefsky, Chlenski and Nanda 2024, [Transcoders Find Interpretable LLM Feature
# Circuits](https://arxiv.org/abs/2406.11944); Ameisen et al. 2025, [Circuit Tracing: Revealing Computational Graphs in
# Language Models](https://transformer-circuits.pub/2025/attribution-graphs/methods.html).

# %%
import bisect
import itertools
from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from interp.attribution import Layer, Transcoder

Node = tuple[str, int, int, int]  # what it is, its layer, its position, its number; −1 where there is none


# %% [markdown]
# **Shapes.** A `Transcoder` has `encoder` `[d_model, latent]`, `encoder_bias` `[latent]`, `threshold` `[latent]`,
# `decoder` `[latent, d_model]` and `decoder_bias` `[d_model]`. A `Layer` has two frozen functions, `attend` and `norm`,
# both from `[pos, d_model]` to `[pos, d_model]`, and its `transcoder`. Layers may have different numbers of latents.
#
# This function is given:


# %%
def list_nodes(latents: Sequence[Float[Tensor, "pos _"]]) -> list[Node]:
    """List the nodes of the graph in their order; the latents are those of each layer."""
    positions = range(len(latents[0]))
    nodes = [("embedding", -1, position, -1) for position in positions]
    for layer, active in enumerate(latents):
        nodes += [("latent", layer, position, number) for position, number in active.nonzero().tolist()]
        nodes += [("error", layer, position, -1) for position in positions]
    return [*nodes, ("answer", -1, -1, -1)]


# %%
def split_mlp(
    transcoder: Transcoder, read: Float[Tensor, "pos d_model"], wrote: Float[Tensor, "pos d_model"]
) -> tuple[Float[Tensor, "pos latent"], Float[Tensor, "pos d_model"]]:
    """Split what an MLP wrote into the transcoder's latents and an error.

    Source: Dunefsky et al. 2024, https://arxiv.org/abs/2406.11944

    Args:
        transcoder: of this MLP. No threshold is negative.
        read: what the MLP read, shape `[pos, d_model]`.
        wrote: what the MLP wrote, shape `[pos, d_model]`.

    Returns:
        The latents' activations, shape `[pos, latent]`: the pre-activation where it is above the latent's threshold,
        and 0 elsewhere. And the error, shape `[pos, d_model]`: what the MLP wrote minus what the transcoder writes.

    """
    before = torch.addmm(transcoder.encoder_bias, read, transcoder.encoder)
    latents = torch.relu(before - transcoder.threshold)
    return latents, wrote - transcoder.decoder_bias - latents @ transcoder.decoder


def replay(
    layers: Sequence[Layer],
    start: Float[Tensor, "pos d_model"],
    latents: Sequence[Float[Tensor, "pos _"]],
    errors: Sequence[Float[Tensor, "pos d_model"]],
) -> tuple[list[Float[Tensor, "pos _"]], Float[Tensor, "pos d_model"]]:
    """Run the frozen model with latents and errors that are given.

    Source: Ameisen et al. 2025, https://transformer-circuits.pub/2025/attribution-graphs/methods.html

    Args:
        layers: the frozen layers, at least one.
        start: the embedding, shape `[pos, d_model]`.
        latents: the activations that each layer's transcoder writes with, `[pos, latent]` for each layer. They may be
            any numbers, also others than the transcoder would compute.
        errors: what each layer adds beside them, `[pos, d_model]` for each layer.

    Returns:
        The pre-activations of the latents, `[pos, latent]` for each layer, and the final stream, `[pos, d_model]`.

    """
    stream, before = start, []
    for layer, active, error in zip(layers, latents, errors, strict=True):
        coder = layer.transcoder
        stream = stream + layer.attend(stream)
        before.append(layer.norm(stream) @ coder.encoder + coder.encoder_bias)
        stream = stream + active @ coder.decoder + coder.decoder_bias + error
    return before, stream


def attribution_graph(
    layers: Sequence[Layer],
    answer: Callable[[Tensor], Tensor],
    start: Float[Tensor, "pos d_model"],
    latents: Sequence[Float[Tensor, "pos _"]],
    errors: Sequence[Float[Tensor, "pos d_model"]],
) -> Float[Tensor, "source target"]:
    """Compute all edges of the graph, input times gradient.

    Source: Ameisen et al. 2025, https://transformer-circuits.pub/2025/attribution-graphs/methods.html

    Args:
        layers: the frozen layers, at least one.
        answer: from the final stream `[pos, d_model]` to the number that the graph explains, linear up to a bias.
        start: the embedding, shape `[pos, d_model]`.
        latents: the activations of the run, `[pos, latent]` for each layer. Active are those that are not 0.
        errors: the errors of the run, `[pos, d_model]` for each layer.

    Returns:
        The edges, shape `[source, target]`, with a row and a column for each node in the order of `list_nodes`. The
        columns of embeddings and errors are 0, because nothing goes into them. The result does not require a gradient.
        The inputs stay as they are.

    """
    nodes = list_nodes(latents)
    values = [start, *itertools.chain.from_iterable(zip(latents, errors, strict=True))]
    with torch.enable_grad():
        inputs = [value.detach().clone().requires_grad_() for value in values]
        before, final = replay(layers, inputs[0], inputs[1::2], inputs[2::2])
        targets = {len(nodes) - 1: answer(final)}
        for place, (kind, layer, position, number) in enumerate(nodes):
            if kind == "latent":
                targets[place] = before[layer][position, number]

    def column(target: Tensor) -> Tensor:
        """Give input times gradient of every source for one target, in the order of the nodes."""
        if not target.requires_grad:
            return start.new_zeros(len(nodes))
        slopes = torch.autograd.grad(target, inputs, retain_graph=True, allow_unused=True, materialize_grads=True)
        products = [value.detach() * slope for value, slope in zip(inputs, slopes, strict=True)]
        parts = [products[0].sum(dim=-1)]
        for layer, active in enumerate(latents):
            parts += [products[2 * layer + 1][active != 0], products[2 * layer + 2].sum(dim=-1)]
        return torch.cat([*parts, start.new_zeros(1)])

    edges = torch.zeros(len(nodes), len(nodes), dtype=start.dtype, device=start.device)
    for place, target in targets.items():
        edges[:, place] = column(target)
    return edges.detach()


def influence(edges: Float[Tensor, "source target"]) -> Float[Tensor, " node"]:
    """Measure each node's share in the answer over all paths.

    Source: Ameisen et al. 2025, https://transformer-circuits.pub/2025/attribution-graphs/methods.html

    Args:
        edges: shape `[source, target]`; the last node is the answer. All edges go from a node to a later one.

    Returns:
        The influence of every node, shape `[node]`, 0 for the answer itself. A target without edges, or with edges of 0
        alone, gives no shares to anybody.

    """
    sizes = edges.abs()
    totals = sizes.sum(dim=0, keepdim=True)
    shares = torch.where(totals > 0, sizes / torch.where(totals > 0, totals, 1), 0)
    # All edges lead to later nodes. So go backwards: a node hands on what its targets have.
    reached = torch.zeros_like(shares[:, -1])
    reached[-1] = 1
    for node in range(len(shares) - 2, -1, -1):
        reached[node] = shares[node] @ reached
    reached[-1] = 0
    return reached


def smallest_set(influences: Float[Tensor, " node"], share: float) -> list[int]:
    """Find the fewest nodes that have a share of all influence together.

    Source: Ameisen et al. 2025, https://transformer-circuits.pub/2025/attribution-graphs/methods.html

    Args:
        influences: shape `[node]`, not negative, not all of them 0.
        share: of the sum of all influences. (Where rounding decides whether it is reached, either is right.)

    Returns:
        The numbers of the fewest nodes whose influences add up to at least this share of the sum, the most influential
        node first. Of two nodes with equal influence, the one with the smaller number comes first.

    Raises:
        ValueError: the share is not above 0 and at most 1.

    """
    if not 0 < share <= 1:
        raise ValueError("the share must be above 0 and at most 1")
    values = influences.tolist()
    order = sorted(range(len(values)), key=lambda node: (-values[node], node))
    sums = list(itertools.accumulate(values[node] for node in order))
    return order[: bisect.bisect_left(sums, share * sums[-1]) + 1]


# %% [markdown]
# **Look at it.** The graph of "The capital of France is" in the model without supervised attention, with the course's
# transcoders. The answer is the logit of " Paris" minus the mean logit of the 47 other capitals. A graph is a
# hypothesis. So the demo also tests it in the whole model, with nothing frozen. It turns one latent around at a time:
# the latent then writes −1 times what it wrote. Twenty random latents are turned around for comparison.

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench, plots

    from interp.attribution import CapitalRun, load_transcoders, random_latents

    transcoders = load_transcoders()
    run = CapitalRun(open_bench("unsupervised", lab="lab1").model, transcoders, "France")
    split = [split_mlp(*parts) for parts in zip(transcoders, run.reads, run.writes, strict=True)]
    latents, errors = [active for active, _ in split], [error for _, error in split]
    edges = attribution_graph(run.layers, run.answer, run.start, latents, errors)
    nodes, shares = list_nodes(latents), influence(edges)
    few = smallest_set(shares, share=0.8)
    score = sum(float(shares[i]) for i, node in enumerate(nodes) if node[0] == "embedding")
    print(f"{len(few)} of {len(nodes)} nodes have 80 % of all influence; the replacement score is {score:.2f}")
    print(f"{run.tokens[4].strip()}: the answer is {float(run.difference(run.logits())):.2f}")

    def turned_around(node: int) -> float:
        return float(run.difference(run.logits([(*nodes[node][1:], -1)])))

    for i in [i for i in few if nodes[i][0] == "latent"][:8]:
        print(f"{run.name(nodes[i])}: influence {shares[i]:.3f}, to the answer {edges[i, -1]:.2f}", end="; ")
        print(f"turned around, the answer is {turned_around(i):.2f}")
    print("twenty random ones turned around:", *(f"{turned_around(i):.2f}" for i in random_latents(nodes, 20, seed=0)))
    shown, targets = few[:16], sorted(i for i in few[:16] if nodes[i][0] == "latent")
    plots.heatmap(
        edges[shown][:, [*targets, -1]],
        x=[*(f"{nodes[i][3]} {run.tokens[nodes[i][2]].strip()}" for i in targets), "answer"],
        y=[run.name(nodes[i]) for i in shown],
        xlabel="target: a latent's number and its position",
        ylabel="source, the most influential first",
        title="Edges between influential nodes",
        value="input times gradient",
        save="sae_features/attribution_graph",
    )
