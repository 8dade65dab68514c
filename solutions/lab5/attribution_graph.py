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

# %% [markdown] tags=["hint"]
# Do the small example by hand with a second latent that is active too. Which edges are new? What do all edges into the
# answer add up to? What is missing from this sum if there is a decoder bias?

# %% [markdown] tags=["hint"]
# Make a copy of every input that requires a gradient: `x.detach().clone().requires_grad_()`. Run `replay` once on the
# copies. Then go through the targets, and call `torch.autograd.grad(target, inputs, retain_graph=True,
# allow_unused=True)`. What does a gradient of `None` mean?

# %% [markdown] tags=["hint"]
# Row $s$, column $t$: the products for one target fill one column. For the shares divide each column by its sum. A
# column without edges has the sum 0: leave it at 0, or you get NaN. The last column of $(I - A)^{-1} - I$ is the
# influence.

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
    ### BEGIN SOLUTION
    pre = read @ transcoder.encoder + transcoder.encoder_bias
    latents = torch.where(pre > transcoder.threshold, pre, 0)
    return latents, wrote - (latents @ transcoder.decoder + transcoder.decoder_bias)
    ### END SOLUTION


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
    ### BEGIN SOLUTION
    stream, found = start, []
    for layer, active, error in zip(layers, latents, errors, strict=True):
        stream = stream + layer.attend(stream)
        found.append(layer.norm(stream) @ layer.transcoder.encoder + layer.transcoder.encoder_bias)
        stream = stream + active @ layer.transcoder.decoder + layer.transcoder.decoder_bias + error
    return found, stream
    ### END SOLUTION


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
    ### BEGIN SOLUTION
    count, nodes = len(layers), list_nodes(latents)
    inputs = [each.detach().clone().requires_grad_() for each in (start, *latents, *errors)]
    found, final = replay(layers, inputs[0], inputs[1 : count + 1], inputs[count + 1 :])
    edges = start.new_zeros(len(nodes), len(nodes))
    for column, (kind, layer, position, number) in enumerate(nodes):
        if kind in ("embedding", "error"):
            continue
        target = answer(final) if kind == "answer" else found[layer][position, number]
        slopes = torch.autograd.grad(target, inputs, retain_graph=True, materialize_grads=True)
        effects = [(value * slope).detach() for value, slope in zip(inputs, slopes, strict=True)]
        parts = [effects[0].sum(dim=-1)]
        for place, active in enumerate(latents, start=1):
            parts += [effects[place][active != 0], effects[count + place].sum(dim=-1)]
        edges[:-1, column] = torch.cat(parts)
    return edges
    ### END SOLUTION


def influence(edges: Float[Tensor, "source target"]) -> Float[Tensor, " node"]:
    """Measure each node's share in the answer over all paths.

    Source: Ameisen et al. 2025, https://transformer-circuits.pub/2025/attribution-graphs/methods.html

    Args:
        edges: shape `[source, target]`; the last node is the answer. All edges go from a node to a later one.

    Returns:
        The influence of every node, shape `[node]`, 0 for the answer itself. A target without edges, or with edges of 0
        alone, gives no shares to anybody.

    """
    ### BEGIN SOLUTION
    sizes = edges.abs()
    shares = (sizes / sizes.sum(dim=0)).nan_to_num()  # 0 divided by 0 where nothing goes into a node
    one = torch.eye(len(edges)).to(edges)
    return (torch.linalg.inv(one - shares) - one)[:, -1]
    ### END SOLUTION


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
    ### BEGIN SOLUTION
    if not 0 < share <= 1:
        raise ValueError(f"the share is {share}; it has to be above 0 and at most 1")
    sizes = influences.tolist()
    order = sorted(range(len(sizes)), key=lambda node: -sizes[node])
    sums = list(itertools.accumulate(sizes[node] for node in order))
    return order[: bisect.bisect_left(sums, share * sums[-1]) + 1]
    ### END SOLUTION


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

# %% [markdown] tags=["found"]
# **What you found.** The graph can be pruned a lot: 80 % of all influence is in 41 of 308 nodes. <!-- claim: graph.size --> The replacement score is
# 0.73, so 0.27 of the influence starts at errors. <!-- claim: graph.replacement --> The largest edge into the answer, 3.43, comes from the error of MLP 2
# at "is". <!-- claim: graph.error --> Part of the answer is in what the transcoder could not imitate. The graph shows this, and does not hide it.
#
# The most influential latent is the latent 88 of MLP 0 at France. Turned around, it takes the answer from 9.95 to
# 4.95. <!-- claim: graph.top --> For Germany the latent 188 of MLP 0 at Germany takes the answer from 10.52 to −1.64, and the model says " Quito". <!-- claim: graph.germany -->
# Twenty random latents change the answer for France by 0.10 in the median, and none of them takes it below 5.32. <!-- claim: graph.random --> Over all
# latents the influence and the size of this change have a rank correlation of 0.91. <!-- claim: graph.order --> So the graph is a good guide.
#
# And where is it wrong? If you take latents away one at a time, none changes the answer as much as the latent 43 of
# MLP 0 at "is". <!-- claim: graph.most --> Without it the answer is −1.75, and the model says " is". In the graph it is only the third latent, with an influence of 0.048
# and an edge of −0.37 to the answer. <!-- claim: graph.missed --> Look at the heads: L1H1 and L1H2 give France 0.94 and 0.95 of their attention. Without the latent
# they give France 0.04 and 0.17. <!-- claim: graph.looking --> The latent tells the heads where to look. Where the heads look is frozen, so the
# graph cannot see this. The graph shows what heads carry. It does not show why they look there.
#
# Over all countries the mean replacement score is 0.73, and turning the most influential latent around changes what the
# model says in 23 of 48. <!-- claim: graph.countries -->
#
# **In large models** Ameisen et al. (2025) list the same two gaps among the limits of their method: attention that the
# graph does not explain, and errors that stand for what the replacement does not reach.
