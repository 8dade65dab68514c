"""Right and wrong ways to take the residual stream apart."""

import torch

from mechgrade.authoring.variants import accepted, misconception


def check_layer(cache, layer):
    """Raise the error that the exercise asks for: a misconception is wrong in one thing only."""
    if not 0 <= layer <= sum("hook_attn_out" in name for name in cache):
        raise ValueError("no such layer")


def parts_before(cache, layer, start=0):
    """Labels and tensors of the layers from `start` to before `layer`."""
    labels, parts = [], []
    for before in range(start, layer):
        labels += [f"L{before} attn", f"L{before} mlp"]
        parts += [cache[f"blocks.{before}.hook_attn_out"], cache[f"blocks.{before}.hook_mlp_out"]]
    return labels, parts


def embeddings(cache):
    """The two components of the input."""
    return ["embed", "pos_embed"], [cache["hook_embed"], cache["hook_pos_embed"]]


@accepted
def by_names(cache, layer):
    """A table of labels and names, filled into a tensor."""
    names = {"embed": "hook_embed", "pos_embed": "hook_pos_embed"}
    depth = 0
    while f"blocks.{depth}.hook_mlp_out" in cache:
        for kind in ("attn", "mlp"):
            if depth < layer:
                names[f"L{depth} {kind}"] = f"blocks.{depth}.hook_{kind}_out"
        depth += 1
    if layer < 0 or layer > depth:
        raise ValueError(layer)
    out = torch.empty(len(names), *cache["hook_embed"].shape, dtype=cache["hook_embed"].dtype)
    for place, name in enumerate(names.values()):
        out[place] = cache[name]
    return list(names), out


@accepted
def by_concatenation(cache, layer):
    """Each tensor with a new first axis, concatenated; numpy-free and without a list of labels until the end."""
    check_layer(cache, layer)
    out = torch.cat([cache["hook_embed"][None], cache["hook_pos_embed"].unsqueeze(0)])
    for before in range(layer):
        out = torch.cat([out] + [cache[f"blocks.{before}.hook_{kind}_out"][None] for kind in ("attn", "mlp")])
    return tuple(["embed", "pos_embed"] + [f"L{i // 2} {('attn', 'mlp')[i % 2]}" for i in range(2 * layer)]), out


@misconception(
    "You go one layer too far: the components of layer `layer` itself are among yours. The stream that *enters* a "
    "layer has not met it yet."
)
def one_layer_too_many(cache, layer):
    check_layer(cache, layer)
    labels, parts = embeddings(cache)
    last = min(layer + 1, sum("hook_attn_out" in name for name in cache))
    more = parts_before(cache, last)
    return labels + more[0], torch.stack(parts + more[1])


@misconception(
    "You stop one layer too early: the layer just before `layer` is missing from your components, and the sum falls "
    "short of the stream."
)
def one_layer_too_few(cache, layer):
    check_layer(cache, layer)
    labels, parts = embeddings(cache)
    more = parts_before(cache, layer - 1)
    return labels + more[0], torch.stack(parts + more[1])


@misconception("You begin with layer 1: the two components of layer 0 are missing. Layers are counted from 0.")
def from_layer_one(cache, layer):
    check_layer(cache, layer)
    labels, parts = embeddings(cache)
    more = parts_before(cache, layer, start=1)
    return labels + more[0], torch.stack(parts + more[1])


@misconception(
    "`resid_pre` is among your components. It is the *sum* of the embeddings, or of all that came before: with it, "
    "they are counted twice."
)
def stream_counted_again(cache, layer):
    check_layer(cache, layer)
    labels, parts = embeddings(cache)
    more = parts_before(cache, layer)
    return ["resid_pre", *labels, *more[0]], torch.stack([cache["blocks.0.hook_resid_pre"], *parts, *more[1]])


@misconception(
    "Your `embed` is the residual stream that enters layer 0, which already holds the position embedding. You have "
    "that one as a component of its own, so it is counted twice."
)
def stream_for_embedding(cache, layer):
    check_layer(cache, layer)
    labels, parts = embeddings(cache)
    more = parts_before(cache, layer)
    return labels + more[0], torch.stack([cache.get("blocks.0.hook_resid_pre", parts[0]), *parts[1:], *more[1]])


@misconception(
    "The position embedding is missing. It is added to the token embedding before the first layer, and is a component "
    "like the others."
)
def positions_forgotten(cache, layer):
    check_layer(cache, layer)
    labels, parts = parts_before(cache, layer)
    return ["embed", *labels], torch.stack([cache["hook_embed"], *parts])


@misconception(
    "The MLPs are missing. Every layer adds two things to the stream: what its attention gives, and what its MLP gives."
)
def mlps_forgotten(cache, layer):
    check_layer(cache, layer)
    labels, parts = embeddings(cache)
    labels += [f"L{before} attn" for before in range(layer)]
    return labels, torch.stack(parts + [cache[f"blocks.{before}.hook_attn_out"] for before in range(layer)])


@misconception(
    "Your components are running sums: each holds all the earlier ones too. A component is what *this* part has added."
)
def running_sums(cache, layer):
    check_layer(cache, layer)
    labels, parts = embeddings(cache)
    more = parts_before(cache, layer)
    return labels + more[0], torch.stack(parts + more[1]).cumsum(0)


@misconception(
    "You return the sum. The exercise asks for the components apart, on a new first axis; their sum you know already: "
    "it is the residual stream."
)
def only_the_sum(cache, layer):
    check_layer(cache, layer)
    labels, parts = embeddings(cache)
    more = parts_before(cache, layer)
    return labels + more[0], torch.stack(parts + more[1]).sum(0)


@misconception(
    "All attention comes first in your list, and all MLPs after it. The docstring asks for the order in which they are "
    "added: a layer's attention, then its MLP, then the next layer."
)
def grouped_by_kind(cache, layer):
    check_layer(cache, layer)
    labels, parts = embeddings(cache)
    more = parts_before(cache, layer)
    order = [*range(0, 2 * layer, 2), *range(1, 2 * layer, 2)]
    return labels + [more[0][i] for i in order], torch.stack(parts + [more[1][i] for i in order])


@misconception(
    "Your components are right, but a `layer` that the model does not have goes through without a word. The docstring "
    "asks for a `ValueError` there."
)
def nothing_refused(cache, layer):
    labels, parts = embeddings(cache)
    more = parts_before(cache, min(layer, sum("hook_attn_out" in name for name in cache)))
    return labels + more[0], torch.stack(parts + more[1])


@misconception(
    "Your layers come in the order of their names as text: layer 10 before layer 2. Sort layers by their number, or "
    "count up with `range`."
)
def names_sorted_as_text(cache, layer):
    check_layer(cache, layer)
    labels, parts = embeddings(cache)
    for before in sorted(map(str, range(layer))):
        labels += [f"L{before} attn", f"L{before} mlp"]
        parts += [cache[f"blocks.{before}.hook_attn_out"], cache[f"blocks.{before}.hook_mlp_out"]]
    return labels, torch.stack(parts)


@misconception(
    "The tensors of a layer come in another order than its labels: under `attn` stands what the MLP gives, and the "
    "other way round."
)
def labels_and_parts_disagree(cache, layer):
    check_layer(cache, layer)
    labels, parts = embeddings(cache)
    more = parts_before(cache, layer)
    order = [place + 1 - 2 * (place % 2) for place in range(2 * layer)]
    return labels + more[0], torch.stack(parts + [more[1][place] for place in order])


@misconception("A batch of one has lost its axis. The components are `[component, batch, pos, d_model]` there too.")
def batch_of_one_dropped(cache, layer):
    check_layer(cache, layer)
    labels, parts = embeddings(cache)
    more = parts_before(cache, layer)
    return labels + more[0], torch.stack(parts + more[1]).squeeze(1)


@misconception(
    "The number of layers gives the stream that *enters* the last layer in yours. It stands for the stream after the "
    "last layer, with what this layer adds."
)
def last_layer_cut_off(cache, layer):
    check_layer(cache, layer)
    labels, parts = embeddings(cache)
    more = parts_before(cache, min(layer, sum("hook_attn_out" in name for name in cache) - 1))
    return labels + more[0], torch.stack(parts + more[1])


@misconception(
    "The attention of layer `layer` itself is among your components. The stream that *enters* a layer does not hold "
    "anything from this layer yet."
)
def attention_of_the_layer_itself(cache, layer):
    check_layer(cache, layer)
    labels, parts = embeddings(cache)
    more = parts_before(cache, layer)
    if f"blocks.{layer}.hook_attn_out" in cache:
        more = more[0] + [f"L{layer} attn"], more[1] + [cache[f"blocks.{layer}.hook_attn_out"]]
    return labels + more[0], torch.stack(parts + more[1])


@misconception(
    "Your tensor has rows for layers that come later, filled with zeros. Only the layers before `layer` have "
    "components, one for each label."
)
def padded_to_all_layers(cache, layer):
    check_layer(cache, layer)
    labels, parts = embeddings(cache)
    more = parts_before(cache, layer)
    later = sum("hook_attn_out" in name for name in cache) - layer
    return labels + more[0], torch.stack(parts + more[1] + [torch.zeros_like(parts[0])] * (2 * later))


@misconception(
    "A negative `layer` counts from the end in yours, as an index of a list does. The docstring asks for a "
    "`ValueError` there."
)
def negative_counts_from_the_end(cache, layer):
    n_layers = sum("hook_attn_out" in name for name in cache)
    if -n_layers <= layer < 0:
        layer += n_layers
    check_layer(cache, layer)
    labels, parts = embeddings(cache)
    more = parts_before(cache, layer)
    return labels + more[0], torch.stack(parts + more[1])


@misconception(
    "A negative `layer` goes through without a word, and gives the embeddings. The docstring asks for a `ValueError` "
    "there."
)
def negative_not_refused(cache, layer):
    check_layer(cache, max(layer, 0))
    labels, parts = embeddings(cache)
    more = parts_before(cache, layer)
    return labels + more[0], torch.stack(parts + more[1])


@misconception(
    "More layers than the cache has end in a `KeyError`, because an activation is missing. Compare `layer` with the "
    "number of layers, and raise the `ValueError` yourself."
)
def key_error_for_too_many(cache, layer):
    check_layer(cache, min(layer, 0))
    labels, parts = embeddings(cache)
    more = parts_before(cache, layer)
    return labels + more[0], torch.stack(parts + more[1])


@misconception("Your components come in the order in which the cache holds them. A cache may hold them in any order.")
def order_of_the_cache(cache, layer):
    check_layer(cache, layer)
    labels, parts = embeddings(cache)
    more = dict(zip(*parts_before(cache, layer), strict=True))
    for name in cache:
        for kind in ("attn", "mlp"):
            label = f"L{name.split('.')[1]} {kind}" if name.endswith(f"hook_{kind}_out") else ""
            if label in more:
                labels.append(label)
                parts.append(more[label])
    return labels, torch.stack(parts)


@misconception(
    "You need `hook_resid_pre` in the cache. Count the layers by what they add: a cache may hold the parts alone."
)
def layers_counted_by_their_streams(cache, layer):
    if not 0 <= layer <= sum("hook_resid_pre" in name for name in cache):
        raise ValueError("no such layer")
    labels, parts = embeddings(cache)
    more = parts_before(cache, layer)
    return labels + more[0], torch.stack(parts + more[1])


def right(cache, layer):
    """The right labels and the list of parts."""
    check_layer(cache, layer)
    labels, parts = embeddings(cache)
    more = parts_before(cache, layer)
    return labels + more[0], parts + more[1]


@misconception("Your result begins with the components. The labels come first: `(labels, components)`.")
def components_before_labels(cache, layer):
    labels, parts = right(cache, layer)
    return torch.stack(parts), labels


@misconception(
    "Your labels are the names of the hooks. The docstring asks for `embed`, `pos_embed`, `L0 attn`, `L0 mlp`, and so on."
)
def hook_names_for_labels(cache, layer):
    _, parts = right(cache, layer)
    names = ["hook_embed", "hook_pos_embed"]
    names += [f"blocks.{before}.hook_{kind}_out" for before in range(layer) for kind in ("attn", "mlp")]
    return names, torch.stack(parts)


@misconception("Your labels count layers from 1. They are counted from 0: the first layer's attention is `L0 attn`.")
def labels_from_one(cache, layer):
    _, parts = right(cache, layer)
    labels = [f"L{before + 1} {kind}" for before in range(layer) for kind in ("attn", "mlp")]
    return ["embed", "pos_embed", *labels], torch.stack(parts)


@misconception("The first axis of your components is the batch. The component comes first: stack along axis 0.")
def stacked_on_the_second_axis(cache, layer):
    labels, parts = right(cache, layer)
    return labels, torch.stack(parts, dim=1)


@misconception(
    "Your components are joined along the batch. Each component is an entry of a new first axis: use `torch.stack`."
)
def joined_along_the_batch(cache, layer):
    labels, parts = right(cache, layer)
    return labels, torch.cat(parts)


@misconception("Your first component is the sum of the two embeddings. The docstring asks for each of them alone.")
def embeddings_added_up(cache, layer):
    labels, parts = right(cache, layer)
    return ["embed", *labels[2:]], torch.stack([parts[0] + parts[1], *parts[2:]])


@misconception("The position embedding comes first in yours. The docstring asks for `embed`, then `pos_embed`.")
def positions_first(cache, layer):
    labels, parts = right(cache, layer)
    return [labels[1], labels[0], *labels[2:]], torch.stack([parts[1], parts[0], *parts[2:]])


@misconception(
    "You refuse the number of layers. It stands for the stream after the last layer: raise the `ValueError` above it."
)
def after_the_last_layer_refused(cache, layer):
    if layer == sum("hook_attn_out" in name for name in cache):
        raise ValueError("no such layer")
    labels, parts = right(cache, layer)
    return labels, torch.stack(parts)


@misconception("You refuse layer 0. The stream that enters layer 0 has two parts, the embeddings.")
def layer_zero_refused(cache, layer):
    if layer == 0:
        raise ValueError("no such layer")
    labels, parts = right(cache, layer)
    return labels, torch.stack(parts)


@misconception(
    "More layers than the cache has go through without a word, with the components of all layers. The docstring asks for a "
    "`ValueError` there."
)
def too_many_capped(cache, layer):
    check_layer(cache, min(layer, 0))
    labels, parts = right(cache, min(layer, sum("hook_attn_out" in name for name in cache)))
    return labels, torch.stack(parts)


@misconception(
    "A `layer` that the model does not have ends in an `AssertionError`. The docstring asks for a `ValueError`: use `if` and "
    "`raise`."
)
def asserted(cache, layer):
    assert 0 <= layer <= sum("hook_attn_out" in name for name in cache)
    labels, parts = right(cache, layer)
    return labels, torch.stack(parts)


@misconception("A `layer` that the model does not have ends in an `IndexError`. The docstring asks for a `ValueError`.")
def index_error(cache, layer):
    if not 0 <= layer <= sum("hook_attn_out" in name for name in cache):
        raise IndexError(layer)
    labels, parts = right(cache, layer)
    return labels, torch.stack(parts)


@misconception(
    "One layer more than the cache has goes through in yours, and ends in a `KeyError` because an activation is missing. "
    "The largest `layer` is the number of layers."
)
def one_layer_more_allowed(cache, layer):
    check_layer(cache, max(layer - 1, 0) if layer >= 0 else layer)
    labels, parts = embeddings(cache)
    more = parts_before(cache, layer)
    return labels + more[0], torch.stack(parts + more[1])


@misconception("In each layer the MLP comes first in yours. The attention is added first: `L0 attn`, then `L0 mlp`.")
def mlp_before_attention(cache, layer):
    labels, parts = right(cache, layer)
    order = [0, 1, *(place + 1 - 2 * (place % 2) for place in range(2, 2 + 2 * layer))]
    return [labels[place] for place in order], torch.stack([parts[place] for place in order])


@misconception(
    "Each layer is one component in yours, its attention and its MLP added up. The docstring asks for each of them alone."
)
def layers_added_up(cache, layer):
    labels, parts = right(cache, layer)
    whole = [parts[place] + parts[place + 1] for place in range(2, 2 + 2 * layer, 2)]
    return [*labels[:2], *(f"L{before}" for before in range(layer))], torch.stack([*parts[:2], *whole])


@misconception("Your components are those of the last position alone. Keep the axis of the positions.")
def last_position_alone(cache, layer):
    labels, parts = right(cache, layer)
    return labels, torch.stack(parts)[:, :, -1]


@misconception("Your components are averaged over the batch. Each text has its own: keep the axis of the batch.")
def mean_over_the_batch(cache, layer):
    labels, parts = right(cache, layer)
    return labels, torch.stack(parts).mean(1)


@misconception(
    "The latest layer comes first in yours. The docstring asks for the order in which the components are added."
)
def latest_layer_first(cache, layer):
    labels, parts = right(cache, layer)
    order = [0, 1, *(2 * before + part for before in range(layer, 0, -1) for part in (0, 1))]
    return [labels[place] for place in order], torch.stack([parts[place] for place in order])


@misconception(
    "You return a dict from labels to components. The docstring asks for two things: a list of labels, and one tensor."
)
def in_a_dict(cache, layer):
    labels, parts = right(cache, layer)
    return dict(zip(labels, parts, strict=True))


@misconception("Your components are a list of tensors. Stack them into one, `[component, batch, pos, d_model]`.")
def not_stacked(cache, layer):
    return right(cache, layer)


@misconception(
    "Layers whose number has two digits are not counted, and a `layer` above 10 is refused. Count all layers of the cache."
)
def two_digits_not_counted(cache, layer):
    n_layers = len({name[7] for name in cache if name[8:9] == "." and name.endswith("hook_attn_out")})
    if not 0 <= layer <= n_layers:
        raise ValueError("no such layer")
    labels, parts = right(cache, layer)
    return labels, torch.stack(parts)


@misconception(
    "Your labels are in the right order, but your components are not: the attention of all layers comes first, and then the MLPs of all "
    "layers. Each component stands at the place of its label."
)
def parts_grouped_by_kind(cache, layer):
    labels, parts = right(cache, layer)
    return labels, torch.stack([*parts[:2], *parts[2::2], *parts[3::2]])
