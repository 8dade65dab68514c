"""Right and wrong ways to build an attribution graph and to prune it."""

import torch

from mechgrade.authoring.variants import accepted, misconception


def pre_of(transcoder, read):
    """The pre-activations."""
    return read @ transcoder.encoder + transcoder.encoder_bias


def active_of(transcoder, pre):
    """The pre-activation where it is above the threshold."""
    return pre * (pre > transcoder.threshold)


def written(transcoder, latents):
    """What a transcoder writes."""
    return latents @ transcoder.decoder + transcoder.decoder_bias


def run(layers, start, latents, errors):
    """The frozen run."""
    stream, found = start, []
    for layer, active, error in zip(layers, latents, errors, strict=True):
        stream = stream + layer.attend(stream)
        found.append(pre_of(layer.transcoder, layer.norm(stream)))
        stream = stream + written(layer.transcoder, active) + error
    return found, stream


def nodes_of(latents):
    """The nodes in their order: what each is, its layer, its position, its number."""
    positions = range(latents[0].shape[0])
    nodes = [("embedding", 0, position, 0) for position in positions]
    for layer, active in enumerate(latents):
        nodes += [("latent", layer, *place) for place in active.nonzero().tolist()]
        nodes += [("error", layer, position, 0) for position in positions]
    return [*nodes, ("answer", 0, 0, 0)]


def copies(*inputs):
    """Inputs that a gradient can be taken in."""
    return [each.detach().clone().requires_grad_() for each in inputs]


def flat(values, latents, nodes, total=lambda x: x.sum(-1)):
    """Products of the start, of each layer's latents and of its errors, as one number for each node but the answer."""
    count = len(latents)
    out = []
    for kind, layer, position, number in nodes[:-1]:
        if kind == "latent":
            out.append(values[1 + layer][position, number])
        else:
            out.append(total(values[0 if kind == "embedding" else 1 + count + layer][position]))
    return torch.stack(out)


def column_of(target, inputs, latents, nodes, total=lambda x: x.sum(-1), multiply=True):
    """One column of the graph, without the answer's row."""
    slopes = torch.autograd.grad(target, inputs, retain_graph=True, materialize_grads=True)
    products = [slope * (value.detach() if multiply else 1) for slope, value in zip(slopes, inputs, strict=True)]
    return flat(products, latents, nodes, total)


def graph(layers, answer, start, latents, errors, *, pick=None, replayed=run, **how):
    """All edges. `pick` says what the target of a node is; None where nothing goes into the node."""
    inputs, nodes, count = copies(start, *latents, *errors), nodes_of(latents), len(layers)
    found, final = replayed(layers, inputs[0], inputs[1 : 1 + count], inputs[1 + count :])

    def usual(node):
        kind, layer, position, number = node
        return answer(final) if kind == "answer" else found[layer][position, number] if kind == "latent" else None

    edges = torch.zeros(len(nodes), len(nodes), dtype=start.dtype, device=start.device)
    for place, node in enumerate(nodes):
        target = usual(node) if pick is None else pick(node, usual, inputs)
        if target is not None:
            edges[:-1, place] = column_of(target, inputs, latents, nodes, **how).detach()
    return edges


def shares_of(edges, dim=0):
    """The size of each edge as a share of all sizes into its target."""
    sizes = edges.abs()
    return sizes / sizes.sum(dim, keepdim=True).clamp_min(torch.finfo(sizes.dtype).tiny)


def over_all_paths(shares):
    """One step, two steps and so on: in a graph without circles the series ends."""
    power = total = shares
    for _ in range(len(shares)):
        power = power @ shares
        total = total + power
    return total


def refuse(share):
    """Raise the error that the exercise asks for: a misconception is wrong in one thing only."""
    if not 0 < share <= 1:
        raise ValueError("no such share")


def ranked(influences):
    """The numbers of the nodes, the most influential first, and the influences in this order."""
    order = sorted(range(len(influences)), key=lambda i: (-influences[i].item(), i))
    return order, influences[order]


def fewest(order, sizes, enough):
    """The first nodes until their sum is enough."""
    total, kept = sizes.new_zeros(()), []
    for place, size in zip(order, sizes, strict=True):
        total = total + size
        kept.append(place)
        if enough(total):
            break
    return kept


def smallest(influences, share):
    """The set that is asked for."""
    order, sizes = ranked(influences)
    return fewest(order, sizes, lambda total: total >= share * sizes.cumsum(0)[-1])


# --- right ---------------------------------------------------------------------------------------------------------------


@accepted(replaces="split_mlp")
def latent_by_latent(transcoder, read, wrote):
    """Each latent by itself: its activation, and its step taken from what the MLP wrote."""
    error, columns = wrote - transcoder.decoder_bias, []
    for number in range(len(transcoder.encoder_bias)):
        pre = (read * transcoder.encoder[:, number]).sum(-1) + transcoder.encoder_bias[number]
        active = torch.where(pre <= transcoder.threshold[number], torch.zeros_like(pre), pre)
        columns.append(active)
        error = error - active[:, None] * transcoder.decoder[number]
    return torch.stack(columns, dim=-1), error


@accepted(replaces="replay")
def a_list_of_parts(layers, start, latents, errors):
    """All that is written is kept in a list, and every reader adds it up anew."""
    parts, found = [start], []
    for number, layer in enumerate(layers):
        parts.append(layer.attend(sum(parts)))
        found.append(torch.addmm(layer.transcoder.encoder_bias, layer.norm(sum(parts)), layer.transcoder.encoder))
        parts += [errors[number] + layer.transcoder.decoder_bias, latents[number] @ layer.transcoder.decoder]
    return found, sum(parts)


@accepted
def by_backward(layers, answer, start, latents, errors):
    """`backward` for one target after the other, on fresh copies each time."""
    nodes, count = nodes_of(latents), len(layers)
    columns = []
    for kind, layer, position, number in nodes:
        inputs = copies(start, *latents, *errors)
        if kind in ("latent", "answer"):
            found, final = run(layers, inputs[0], inputs[1 : 1 + count], inputs[1 + count :])
            (answer(final) if kind == "answer" else found[layer][position, number]).backward()
        products = [torch.zeros_like(x) if x.grad is None else x.grad * x.detach() for x in inputs]
        columns.append(torch.cat([flat(products, latents, nodes), start.new_zeros(1)]))
    return torch.stack(columns, dim=1).detach()


@accepted
def by_switching_on(layers, answer, start, latents, errors):
    """No gradient: the frozen run is linear, so an edge is what the target gains when its source alone is switched on."""
    nodes, count = nodes_of(latents), len(layers)

    @torch.no_grad()
    def targets(node):
        kind, layer, position, number = node
        inputs = [torch.zeros_like(each) for each in (start, *latents, *errors)]
        if kind == "latent":
            inputs[1 + layer][position, number] = latents[layer][position, number]
        elif kind != "answer":
            place, values = (0, start) if kind == "embedding" else (1 + count + layer, errors[layer])
            inputs[place][position] = values[position]
        found, final = run(layers, inputs[0], inputs[1 : 1 + count], inputs[1 + count :])
        zero = start.new_zeros(())
        which = {"latent": lambda n: found[n[1]][n[2], n[3]], "answer": lambda n: answer(final)}
        return torch.stack([which.get(n[0], lambda n: zero)(n) for n in nodes])

    nothing = targets(nodes[-1])
    return torch.stack([targets(node) - nothing for node in nodes])


@accepted(replaces="influence")
def from_the_answer_back(edges):
    """From the last node to the first: a node's influence is its shares in later nodes times their influences."""
    shares, found = shares_of(edges), [0.0] * len(edges)
    for node in reversed(range(len(edges) - 1)):
        found[node] = float(shares[node, -1]) + sum(
            float(shares[node, later]) * found[later] for later in range(node + 1, len(edges) - 1)
        )
    return torch.tensor(found, dtype=edges.dtype, device=edges.device)


@accepted(replaces="influence")
def by_the_series(edges):
    """A + A² + A³ and so on."""
    return over_all_paths(shares_of(edges))[:, -1]


@misconception(
    "You follow paths of a limited number of steps. The influence counts paths of every length.", replaces="influence"
)
def ten_steps_at_most(edges):
    shares = shares_of(edges)
    power, total = shares, shares
    for _ in range(9):
        power = power @ shares
        total = total + power
    return total[:, -1]


@misconception(
    "Your shares get smaller where all edges into a node are tiny. Shares do not depend on the size of the edges: divide by "
    "their sum itself.",
    replaces="influence",
)
def tiny_edges_get_less(edges):
    sizes = edges.abs()
    return over_all_paths(sizes / sizes.sum(0).clamp_min(1e-12))[:, -1]


@accepted(replaces="smallest_set")
def one_by_one(influences, share):
    """Nodes are taken until they are enough."""
    refuse(share)
    return smallest(influences, share)


# --- split_mlp -----------------------------------------------------------------------------------------------------------


@misconception(
    "You use a plain ReLU. A latent below its threshold is 0, also where its pre-activation is positive.",
    replaces="split_mlp",
)
def threshold_ignored(transcoder, read, wrote):
    latents = pre_of(transcoder, read).relu()
    return latents, wrote - written(transcoder, latents)


@misconception(
    "You subtract the threshold from the activations. Above the threshold a latent has its whole pre-activation.",
    replaces="split_mlp",
)
def threshold_subtracted(transcoder, read, wrote):
    latents = (pre_of(transcoder, read) - transcoder.threshold).relu()
    return latents, wrote - written(transcoder, latents)


@misconception(
    "A latent whose pre-activation is only just above its threshold is silent in your result. Compare with the threshold itself.",
    replaces="split_mlp",
)
def just_above_is_silent(transcoder, read, wrote):
    pre = pre_of(transcoder, read)
    latents = pre * (pre > transcoder.threshold + 1e-4)
    return latents, wrote - written(transcoder, latents)


@misconception(
    "You stop at a sum that falls a little short of the share. The influences have to add up to at least the share: compare the numbers "
    "as they are.",
    replaces="smallest_set",
)
def nearly_the_share(influences, share):
    refuse(share)
    order, sizes = ranked(influences)
    return fewest(order, sizes, lambda total: total >= share * sizes.cumsum(0)[-1] - 1e-4)


@misconception(
    "You take influences that are nearly equal for equal. The larger one comes first: compare the numbers as they are.",
    replaces="smallest_set",
)
def nearly_equal_influences(influences, share):
    refuse(share)
    order = sorted(range(len(influences)), key=lambda i: -round(influences[i].item(), 4))
    sizes = influences[order]
    return fewest(order, sizes, lambda total: total >= share * sizes.cumsum(0)[-1])


@misconception(
    "You accept a share that is a little above 1. The docstring asks for a `ValueError`: compare with 1.",
    replaces="smallest_set",
)
def a_little_above_1(influences, share):
    refuse(share if share > 1 + 1e-6 else min(share, 1))
    return smallest(influences, min(share, 1))


@misconception(
    "You refuse a share that is small. Only 0 and below are too small: compare with 0.",
    replaces="smallest_set",
)
def small_share_refused(influences, share):
    refuse(share if share > 1e-6 else 0)
    return smallest(influences, share)


@misconception(
    "A latent whose pre-activation equals its threshold is active in your result. It has to be above the threshold.",
    replaces="split_mlp",
)
def threshold_counts(transcoder, read, wrote):
    pre = pre_of(transcoder, read)
    latents = pre * (pre >= transcoder.threshold)
    return latents, wrote - written(transcoder, latents)


@misconception(
    "You give 1 for each active latent. Its activation is its pre-activation.",
    replaces="split_mlp",
)
def on_or_off(transcoder, read, wrote):
    latents = (pre_of(transcoder, read) > transcoder.threshold).to(read.dtype)
    return latents, wrote - written(transcoder, latents)


@misconception(
    "Your pre-activations lack the encoder's bias.",
    replaces="split_mlp",
)
def no_encoder_bias(transcoder, read, wrote):
    latents = active_of(transcoder, read @ transcoder.encoder)
    return latents, wrote - written(transcoder, latents)


@misconception(
    "You subtract the decoder's bias from what the transcoder reads. Autoencoders do so; a transcoder's decoder writes at another "
    "place than its encoder reads.",
    replaces="split_mlp",
)
def bias_taken_from_the_input(transcoder, read, wrote):
    latents = active_of(transcoder, pre_of(transcoder, read - transcoder.decoder_bias))
    return latents, wrote - written(transcoder, latents)


@misconception(
    "Your error holds the decoder's bias too. The transcoder writes its bias, so the bias is no error.",
    replaces="split_mlp",
)
def bias_counted_as_error(transcoder, read, wrote):
    latents = active_of(transcoder, pre_of(transcoder, read))
    return latents, wrote - latents @ transcoder.decoder


@misconception(
    "Your error has the wrong sign. It is what the MLP wrote minus what the transcoder writes.",
    replaces="split_mlp",
)
def error_turned_around(transcoder, read, wrote):
    latents = active_of(transcoder, pre_of(transcoder, read))
    return latents, written(transcoder, latents) - wrote


@misconception(
    "You give what the transcoder writes in the place of the error. The error is what is missing from it.",
    replaces="split_mlp",
)
def output_for_error(transcoder, read, wrote):
    latents = active_of(transcoder, pre_of(transcoder, read))
    return latents, written(transcoder, latents)


# --- replay --------------------------------------------------------------------------------------------------------------


def another_run(
    layers, start, latents, errors, *, attend=None, read=None, pre=pre_of, write=written, error=lambda each: each
):
    """The frozen run with one thing done in another way."""
    stream, found = start, []
    for layer, active, missing in zip(layers, latents, errors, strict=True):
        before = stream
        stream = (attend or (lambda layer, x: x + layer.attend(x)))(layer, stream)
        found.append(pre(layer.transcoder, (read or (lambda layer, x, _: layer.norm(x)))(layer, stream, before)))
        stream = stream + write(layer.transcoder, active) + error(missing)
    return found, stream


@misconception(
    "You compute the latents anew in the frozen run. They are inputs: take those that are given.",
    replaces="replay",
)
def latents_computed_anew(layers, start, latents, errors):
    stream, found = start, []
    for layer, error in zip(layers, errors, strict=True):
        stream = stream + layer.attend(stream)
        found.append(pre_of(layer.transcoder, layer.norm(stream)))
        stream = stream + written(layer.transcoder, active_of(layer.transcoder, found[-1])) + error
    return found, stream


@misconception("You leave the errors out. Every layer adds its error to the stream.", replaces="replay")
def without_errors(layers, start, latents, errors):
    return another_run(layers, start, latents, errors, error=torch.zeros_like)


@misconception("You leave the decoder's bias out of what a transcoder writes.", replaces="replay")
def without_decoder_bias(layers, start, latents, errors):
    return another_run(layers, start, latents, errors, write=lambda transcoder, active: active @ transcoder.decoder)


@misconception("You leave the encoder's bias out of the pre-activations.", replaces="replay")
def without_encoder_bias(layers, start, latents, errors):
    return another_run(layers, start, latents, errors, pre=lambda transcoder, read: read @ transcoder.encoder)


@misconception(
    "Your transcoder reads the stream as it was before the heads of its layer. It reads what is there after they have written.",
    replaces="replay",
)
def reads_before_the_heads(layers, start, latents, errors):
    return another_run(layers, start, latents, errors, read=lambda layer, _, before: layer.norm(before))


@misconception(
    "Your transcoder reads the stream itself. It reads what `layer.norm` makes of the stream.",
    replaces="replay",
)
def reads_without_norm(layers, start, latents, errors):
    return another_run(layers, start, latents, errors, read=lambda layer, stream, _: stream)


@misconception(
    "What the heads write replaces the stream in your run. They add to the stream.",
    replaces="replay",
)
def heads_replace_the_stream(layers, start, latents, errors):
    return another_run(layers, start, latents, errors, attend=lambda layer, stream: layer.attend(stream))


@misconception(
    "You leave the heads out. They carry one position's stream to later positions.",
    replaces="replay",
)
def without_heads(layers, start, latents, errors):
    return another_run(layers, start, latents, errors, attend=lambda layer, stream: stream)


@misconception(
    "You give activations where pre-activations are asked for: they are 0 below the threshold.",
    replaces="replay",
)
def gives_activations(layers, start, latents, errors):
    found, final = run(layers, start, latents, errors)
    return [active_of(layer.transcoder, pre) for layer, pre in zip(layers, found, strict=True)], final


@misconception(
    "The final stream of your run lacks what the last layer's transcoder and error write.",
    replaces="replay",
)
def stops_before_the_last_write(layers, start, latents, errors):
    found, final = run(layers, start, latents, errors)
    return found, final - written(layers[-1].transcoder, latents[-1]) - errors[-1]


# --- attribution_graph ---------------------------------------------------------------------------------------------------


@misconception("Your edges are gradients. Multiply each by the value of its source.")
def gradient_alone(layers, answer, start, latents, errors):
    return graph(layers, answer, start, latents, errors, multiply=False)


@misconception(
    "Your gradients go on through later latents, so an edge holds indirect effects too. A gradient ends at each latent that it meets."
)
def through_later_latents(layers, answer, start, latents, errors):
    def replayed(layers, start, latents, errors):
        stream, found = start, []
        for layer, active, error in zip(layers, latents, errors, strict=True):
            stream = stream + layer.attend(stream)
            found.append(pre_of(layer.transcoder, layer.norm(stream)))
            # The values that are given, with the slope of those that would be computed.
            computed = found[-1] * (active != 0)
            stream = stream + written(layer.transcoder, active + computed - computed.detach()) + error
        return found, stream

    return graph(layers, answer, start, latents, errors, replayed=replayed)


@misconception("Your matrix is transposed: rows are sources, columns are targets.")
def transposed(layers, answer, start, latents, errors):
    return graph(layers, answer, start, latents, errors).T


@misconception("You take absolute values. An edge has a sign: it lifts its target or lowers it.")
def sizes_only(layers, answer, start, latents, errors):
    return graph(layers, answer, start, latents, errors).abs()


@misconception("Only the answer's column is filled in your matrix. Every active latent is a target too.")
def answer_alone(layers, answer, start, latents, errors):
    def pick(node, usual, inputs):
        return usual(node) if node[0] == "answer" else None

    return graph(layers, answer, start, latents, errors, pick=pick)


@misconception("The answer's column is empty in your matrix. The answer is the last node, and a target.")
def answer_forgotten(layers, answer, start, latents, errors):
    def pick(node, usual, inputs):
        return usual(node) if node[0] == "latent" else None

    return graph(layers, answer, start, latents, errors, pick=pick)


@misconception(
    "Embeddings and errors go into themselves in your matrix. They are given, and nothing goes into them: leave their columns 0."
)
def into_themselves(layers, answer, start, latents, errors):
    def pick(node, usual, inputs):
        kind, layer, position, _ = node
        if kind in ("embedding", "error"):
            return inputs[0 if kind == "embedding" else 1 + len(layers) + layer][position].sum()
        return usual(node)

    return graph(layers, answer, start, latents, errors, pick=pick)


def without_rows(kinds, latents, edges):
    """Edges of some kinds of sources set to 0."""
    rows = [node[0] in kinds for node in nodes_of(latents)]
    edges[torch.tensor(rows, device=edges.device)] = 0
    return edges


@misconception("The rows of the errors are empty in your matrix. An error is a source: it is added to the stream.")
def errors_left_out(layers, answer, start, latents, errors):
    return without_rows(("error",), latents, graph(layers, answer, start, latents, errors))


@misconception(
    "The rows of the embeddings are empty in your matrix. The embedding at each position is a source: the stream begins with it."
)
def embeddings_left_out(layers, answer, start, latents, errors):
    return without_rows(("embedding",), latents, graph(layers, answer, start, latents, errors))


@misconception("You take the mean over `d_model` for embeddings and errors. The product is summed.")
def mean_over_d_model(layers, answer, start, latents, errors):
    return graph(layers, answer, start, latents, errors, total=lambda x: x.mean(-1))


@misconception(
    "You give an embedding and an error the length of their products. The product is summed over `d_model`, with its signs."
)
def length_over_d_model(layers, answer, start, latents, errors):
    return graph(layers, answer, start, latents, errors, total=lambda x: x.norm(dim=-1))


@misconception("In your matrix each layer's errors come before its latents. The latents come first: see `list_nodes`.")
def errors_first(layers, answer, start, latents, errors):
    edges, nodes = graph(layers, answer, start, latents, errors), nodes_of(latents)
    rank = {"embedding": 0, "error": 1, "latent": 2, "answer": 3}
    place = sorted(
        range(len(nodes)),
        key=lambda i: (
            nodes[i][0] == "answer",
            nodes[i][0] != "embedding",
            nodes[i][1],
            rank[nodes[i][0]],
            i,
        ),
    )
    return edges[place][:, place]


@misconception("In your matrix the latents of a layer stand by number and then by position. The position comes first.")
def by_number_first(layers, answer, start, latents, errors):
    edges, nodes = graph(layers, answer, start, latents, errors), nodes_of(latents)
    place = sorted(
        range(len(nodes)),
        key=lambda i: (
            nodes[i][0] == "answer",
            nodes[i][0] != "embedding",
            nodes[i][1],
            nodes[i][0] == "error",
            (nodes[i][3], nodes[i][2]),
        ),
    )
    return edges[place][:, place]


@misconception("Your matrix has rows for latents that are not active. The nodes are those of `list_nodes`.")
def all_latents(layers, answer, start, latents, errors):
    everything = [torch.where(active == 0, torch.finfo(active.dtype).tiny, active) for active in latents]
    return graph(layers, answer, start, everything, errors)


@misconception("Your edges still hang on the backward pass. Detach them, or the whole graph is kept in memory.")
def not_detached(layers, answer, start, latents, errors):
    return graph(layers, answer, start, latents, errors).requires_grad_()


@misconception(
    "The inputs that you are given are changed after the call: their values, or whether they require a gradient. Make copies."
)
def inputs_changed(layers, answer, start, latents, errors):
    edges = graph(layers, answer, start, latents, errors)
    for each in (start, *latents, *errors):
        each.requires_grad_()
    return edges


# --- influence -----------------------------------------------------------------------------------------------------------


@misconception(
    "You divide signed edges by their sum. Take the sizes first: a negative edge carries influence too.",
    replaces="influence",
)
def signed_shares(edges):
    totals = edges.sum(0, keepdim=True)
    return over_all_paths(edges / torch.where(totals == 0, 1, totals))[:, -1]


@misconception(
    "Your shares add up to 1 over the targets of a source. They add up to 1 over the sources of a target.",
    replaces="influence",
)
def shares_of_targets(edges):
    return over_all_paths(shares_of(edges, dim=1))[:, -1]


@misconception(
    "You count direct edges to the answer alone. A node also acts through later nodes: take all paths.",
    replaces="influence",
)
def one_step_alone(edges):
    return shares_of(edges)[:, -1]


@misconception("You count paths of one step and of two. Longer paths count too.", replaces="influence")
def two_steps_at_most(edges):
    shares = shares_of(edges)
    return (shares + shares @ shares)[:, -1]


@misconception(
    "The answer has an influence of 1 in your result: the identity is still in your sum. Subtract it.",
    replaces="influence",
)
def identity_left_in(edges):
    found = over_all_paths(shares_of(edges))[:, -1]
    found[-1] += 1
    return found


@misconception(
    "You use the sizes of the edges as they are. Divide each by the sum of all sizes into its target.",
    replaces="influence",
)
def not_divided(edges):
    return over_all_paths(edges.abs())[:, -1]


@misconception(
    "You sum the influence of a node on all nodes. Only its influence on the answer is asked for.",
    replaces="influence",
)
def influence_on_all(edges):
    return over_all_paths(shares_of(edges)).sum(1)


@misconception(
    "Your influence is 0 everywhere. Nothing comes after the answer, so its *row* is empty. Take its column, with rows as sources "
    "and columns as targets.",
    replaces="influence",
)
def last_row(edges):
    return over_all_paths(shares_of(edges))[-1]


@misconception(
    "Your influence is NaN: you divide 0 by 0 where nothing goes into a node. Leave such a column at 0.",
    replaces="influence",
)
def zero_by_zero(edges):
    sizes = edges.abs()
    return over_all_paths(sizes / sizes.sum(0, keepdim=True))[:, -1]


# --- smallest_set --------------------------------------------------------------------------------------------------------


@misconception(
    "You go on where the share is met exactly. At least this share is enough.",
    replaces="smallest_set",
)
def more_than_the_share(influences, share):
    refuse(share)
    order, sizes = ranked(influences)
    return fewest(order, sizes, lambda total: total > share * sizes.cumsum(0)[-1])


@misconception(
    "Your set stops before the share is reached: the node that reaches it is missing.",
    replaces="smallest_set",
)
def one_too_few(influences, share):
    refuse(share)
    order, sizes = ranked(influences)
    return fewest(order, sizes, lambda total: total >= share * sizes.cumsum(0)[-1])[:-1]


@misconception(
    "You keep a share of the *nodes*. The set is to have a share of the *influence*.",
    replaces="smallest_set",
)
def share_of_the_nodes(influences, share):
    refuse(share)
    order, _ = ranked(influences)
    return order[: max(1, round(share * len(order)))]


@misconception(
    "You compare the sum with the share itself. The influences need not add up to 1: compare with the share of their sum.",
    replaces="smallest_set",
)
def sum_taken_as_one(influences, share):
    refuse(share)
    order, sizes = ranked(influences)
    return fewest(order, sizes, lambda total: total >= share)


@misconception(
    "You keep every node with a share of the largest influence. Add up influences until the sum is reached.",
    replaces="smallest_set",
)
def near_the_largest(influences, share):
    refuse(share)
    order, sizes = ranked(influences)
    return [place for place, size in zip(order, sizes, strict=True) if size >= (1 - share) * sizes[0]]


@misconception(
    "Your set is sorted by the nodes' numbers. The most influential node comes first.",
    replaces="smallest_set",
)
def sorted_by_number(influences, share):
    refuse(share)
    return sorted(smallest(influences, share))


@misconception(
    "Of two nodes with equal influence you take the one with the larger number first. The smaller number comes first.",
    replaces="smallest_set",
)
def larger_number_first(influences, share):
    refuse(share)
    order = sorted(range(len(influences)), key=lambda i: (-influences[i].item(), -i))
    sizes = influences[order]
    return fewest(order, sizes, lambda total: total >= share * sizes.cumsum(0)[-1])


@misconception(
    "You begin with the least influential nodes, so your set is the largest. Begin with the most influential.",
    replaces="smallest_set",
)
def least_first(influences, share):
    refuse(share)
    order, _ = ranked(influences)
    order = order[::-1]
    sizes = influences[order]
    return fewest(order, sizes, lambda total: total >= share * sizes.cumsum(0)[-1])


@misconception(
    "You accept any share. One that is not above 0, or that is above 1, is a mistake: raise a `ValueError`.",
    replaces="smallest_set",
)
def any_share(influences, share):
    return smallest(influences, share)


@misconception(
    "You refuse a share of 1. All influence is a share too.",
    replaces="smallest_set",
)
def one_refused(influences, share):
    if not 0 < share < 1:
        raise ValueError("no such share")
    return smallest(influences, share)


@misconception(
    "A share above 1 gives no `ValueError` in yours. No set has more than all influence: ask for at most 1.",
    replaces="smallest_set",
)
def above_1_accepted(influences, share):
    refuse(min(share, 1))
    return smallest(influences, share)


@misconception(
    "A share that is not above 0 gives no `ValueError` in yours, neither 0 nor a negative one. Ask for more than 0.",
    replaces="smallest_set",
)
def not_above_0_accepted(influences, share):
    refuse(share if share > 0 else 1)
    return smallest(influences, share)


@misconception(
    "Your set has one node too many: it goes on after the share is reached. Stop with the node that reaches it.",
    replaces="smallest_set",
)
def one_too_many(influences, share):
    refuse(share)
    order, _ = ranked(influences)
    return order[: len(smallest(influences, share)) + 1]


@misconception("The edges of latents have the value of their source twice in yours. Multiply the gradient by it once.")
def value_squared(layers, answer, start, latents, errors):
    found, nodes = graph(layers, answer, start, latents, errors), nodes_of(latents)
    values = [latents[n[1]][n[2], n[3]] if n[0] == "latent" else 1 for n in nodes]
    return found * torch.stack([torch.as_tensor(v).to(found) for v in values])[:, None]


@misconception(
    "Your influence divides by the sum over the whole matrix. The shares of each target add up to 1: divide column by column.",
    replaces="influence",
)
def shares_of_the_whole(edges):
    sizes = edges.abs()
    return over_all_paths(sizes / sizes.sum().clamp_min(torch.finfo(sizes.dtype).tiny))[:, -1]


@misconception(
    "Your influence counts paths of *at least* two steps: the direct edges to the answer are missing. Take all paths.",
    replaces="influence",
)
def without_direct_edges(edges):
    shares = shares_of(edges)
    return (over_all_paths(shares) - shares)[:, -1]
