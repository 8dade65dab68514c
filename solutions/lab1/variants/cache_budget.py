"""Right and wrong ways to predict the cost of a cache."""

import numpy as np

from mechgrade.authoring.variants import accepted, misconception


def shapes(cfg, batch, pos):
    """The shapes of one layer's activations, and of those that occur once."""
    stream, square = (batch, pos, cfg.d_model), (batch, cfg.n_heads, pos, pos)
    layer = {
        "stream": [stream] * 7,
        "scale": [(batch, pos, 1)] * 2,
        "heads": [(batch, pos, cfg.n_heads, cfg.d_head)] * 4,
        "squares": [square] * 2,
        "mlp": [(batch, pos, cfg.d_mlp)] * 2,
    }
    once = {"stream": [stream] * 4, "scale": [(batch, pos, 1)], "logits": [(batch, pos, cfg.d_vocab)]}
    return layer, once


def size(groups):
    """Number of values in groups of shapes."""
    total = 0
    for group in groups.values():
        for shape in group:
            product = 1
            for length in shape:
                product *= length
            total += product
    return total


def budget(cfg, layer, once, width, activations=None):
    """The answer from shapes."""
    count = cfg.n_layers * sum(map(len, layer.values())) + sum(map(len, once.values()))
    return {
        "activations": count if activations is None else activations,
        "bytes": width * (cfg.n_layers * size(layer) + size(once)),
    }


@accepted
def by_shapes(cfg, batch, pos, bytes_per_value=4):
    """Every shape written out, multiplied and added."""
    return budget(cfg, *shapes(cfg, batch, pos), bytes_per_value)


@accepted
def by_loop(cfg, batch, pos, bytes_per_value=4):
    """Activation after activation, layer after layer, counting both at once."""
    activations, values = 0, 0
    for _layer in range(cfg.n_layers):
        for width in [cfg.d_model] * 7 + [1] * 2 + [cfg.n_heads * cfg.d_head] * 4 + [cfg.d_mlp] * 2:
            activations += 1
            values += batch * pos * width
        for _square in ("scores", "pattern"):
            activations += 1
            values += batch * cfg.n_heads * pos**2
    for width in [cfg.d_model] * 4 + [1, cfg.d_vocab]:
        activations += 1
        values += batch * pos * width
    return {"bytes": values * bytes_per_value, "activations": activations}


@misconception(
    "Your scores and patterns grow in proportion to the length. They have an entry for every *pair* of positions: "
    "twice the length means four times the values."
)
def squares_forgotten(cfg, batch, pos, bytes_per_value=4):
    layer, once = shapes(cfg, batch, pos)
    layer["squares"] = [(batch, cfg.n_heads, pos)] * 2
    return budget(cfg, layer, once, bytes_per_value)


@misconception(
    "Your number of bytes does not depend on the batch. Every activation has the batch as its first axis: twice the "
    "sequences, twice the bytes."
)
def batch_forgotten(cfg, batch, pos, bytes_per_value=4):
    return budget(cfg, *shapes(cfg, 1, pos), bytes_per_value)


@misconception("You count values, not bytes. How many bytes does one value take? It is among the arguments.")
def values_for_bytes(cfg, batch, pos, bytes_per_value=4):
    return budget(cfg, *shapes(cfg, batch, pos), 1)


@misconception(
    "You always take four bytes for a value. That is float32; models often run in half of it. Use `bytes_per_value`."
)
def always_float32(cfg, batch, pos, bytes_per_value=4):
    return budget(cfg, *shapes(cfg, batch, pos), 4)


@misconception(
    "Your number has all layers, but not what occurs once: the embeddings, the final LayerNorm, the input and output "
    "of the unembedding. The logits alone can outweigh a layer."
)
def only_the_layers(cfg, batch, pos, bytes_per_value=4):
    layer, _ = shapes(cfg, batch, pos)
    return budget(cfg, layer, {}, bytes_per_value)


@misconception(
    "You count one layer, as if there were no others. All but the last three lines of the table occur in *each* layer."
)
def one_layer_only(cfg, batch, pos, bytes_per_value=4):
    layer, once = shapes(cfg, batch, pos)
    count = sum(map(len, layer.values())) + sum(map(len, once.values()))
    return {"activations": count, "bytes": bytes_per_value * (size(layer) + size(once))}


@misconception(
    "Your count of activations is 156, whatever the model. That number was printed for GPT-2 small by an old notebook, "
    "and it is out of date even there: count the rows of the table, for as many layers as the model has."
)
def printed_156(cfg, batch, pos, bytes_per_value=4):
    return budget(cfg, *shapes(cfg, batch, pos), bytes_per_value, activations=156)


@misconception("You give the scores and patterns one square for all heads. Every head has a pattern of its own.")
def one_square_for_all_heads(cfg, batch, pos, bytes_per_value=4):
    layer, once = shapes(cfg, batch, pos)
    layer["squares"] = [(batch, pos, pos)] * 2
    return budget(cfg, layer, once, bytes_per_value)


@misconception(
    "You take queries, keys, values and `z` to be as wide as the residual stream. In GPT-2 the heads together happen "
    "to be; in general their width is `n_heads` times `d_head`."
)
def heads_as_wide_as_the_stream(cfg, batch, pos, bytes_per_value=4):
    layer, once = shapes(cfg, batch, pos)
    layer["heads"] = [(batch, pos, cfg.d_model)] * 4
    return budget(cfg, layer, once, bytes_per_value)


@misconception(
    "You take the MLP to be four times as wide as the residual stream. In GPT-2 it happens to be; the configuration "
    "says what it really is."
)
def mlp_four_times_as_wide(cfg, batch, pos, bytes_per_value=4):
    layer, once = shapes(cfg, batch, pos)
    layer["mlp"] = [(batch, pos, 4 * cfg.d_model)] * 2
    return budget(cfg, layer, once, bytes_per_value)


@misconception(
    "The LayerNorms' scales are missing from your numbers. They are small, one value for each position, but they are "
    "activations like the others, three kinds of them with the final one."
)
def scales_forgotten(cfg, batch, pos, bytes_per_value=4):
    layer, once = shapes(cfg, batch, pos)
    del layer["scale"], once["scale"]
    return budget(cfg, layer, once, bytes_per_value)


def right(cfg, batch, pos, bytes_per_value):
    """The right answer."""
    return budget(cfg, *shapes(cfg, batch, pos), bytes_per_value)


@misconception("Your bytes are a NumPy number. Finish with `int(...)`, so that it is a Python integer.")
def numpy_integers(cfg, batch, pos, bytes_per_value=4):
    found = right(cfg, batch, pos, bytes_per_value)
    return {**found, "bytes": np.int64(found["bytes"])}


@misconception(
    "For a very large cache your bytes are rounded: the number passes through a float, which is exact up to 2⁵³ only. "
    "Python's integers have no limit: stay with `*` and `+`."
)
def float_in_between(cfg, batch, pos, bytes_per_value=4):
    found = right(cfg, batch, pos, bytes_per_value)
    return {**found, "bytes": int(float(found["bytes"]))}


@misconception(
    "You need `n_ctx` of the configuration. The length is `pos`, as given, and the configuration may have no other entry "
    "than the sizes in the docstring."
)
def capped_at_the_context(cfg, batch, pos, bytes_per_value=4):
    return right(cfg, batch, min(pos, cfg.n_ctx), bytes_per_value)


@misconception(
    "You need `d_vocab_out` of the configuration. The docstring lists the entries that are there: use `d_vocab`."
)
def needs_d_vocab_out(cfg, batch, pos, bytes_per_value=4):
    layer, once = shapes(cfg, batch, pos)
    return budget(cfg, layer, {**once, "logits": [(batch, pos, cfg.d_vocab_out)]}, bytes_per_value)


@misconception("You add one position for BOS. `pos` counts it already.")
def bos_counted_again(cfg, batch, pos, bytes_per_value=4):
    return right(cfg, batch, pos + 1, bytes_per_value)


@misconception(
    "You count the lower half of scores and patterns only. The upper half has no attention, but its values are in memory "
    "too."
)
def causal_half(cfg, batch, pos, bytes_per_value=4):
    found = right(cfg, batch, pos, bytes_per_value)
    lost = cfg.n_layers * batch * cfg.n_heads * pos * (pos - 1)
    return {**found, "bytes": found["bytes"] - bytes_per_value * lost}


@misconception("The bytes lack the scale of the final LayerNorm, one value for each position.")
def final_scale_forgotten(cfg, batch, pos, bytes_per_value=4):
    found = right(cfg, batch, pos, bytes_per_value)
    return {**found, "bytes": found["bytes"] - bytes_per_value * batch * pos}


@misconception("You count the logits of one position of each sequence. The model computes them at every position.")
def logits_of_one_position(cfg, batch, pos, bytes_per_value=4):
    layer, once = shapes(cfg, batch, pos)
    return budget(cfg, layer, {**once, "logits": [(batch, 1, cfg.d_vocab)]}, bytes_per_value)


@misconception("The scores and patterns of your count have no batch. Every sequence has its own.")
def squares_without_batch(cfg, batch, pos, bytes_per_value=4):
    layer, once = shapes(cfg, batch, pos)
    return budget(cfg, {**layer, "squares": [(cfg.n_heads, pos, pos)] * 2}, once, bytes_per_value)


@misconception("You count the LayerNorms' scales with four bytes in every case. `bytes_per_value` is for all values.")
def scales_always_float32(cfg, batch, pos, bytes_per_value=4):
    found = right(cfg, batch, pos, bytes_per_value)
    return {**found, "bytes": found["bytes"] + (4 - bytes_per_value) * batch * pos * (2 * cfg.n_layers + 1)}


def with_other_numbers(cfg, batch, pos, bytes_per_value, *, layer=None, once=None):
    """The answer with other numbers of activations of some kinds, in each layer and once."""
    in_layer, at_once = shapes(cfg, batch, pos)
    for groups, numbers in ((in_layer, layer or {}), (at_once, once or {})):
        for kind, number in numbers.items():
            groups[kind] = groups[kind][:1] * number
    return budget(cfg, in_layer, at_once, bytes_per_value)


@misconception(
    "One activation as wide as the residual stream is missing in each layer of your count. The table has five of the "
    "stream and of what is added to it, and two normalised ones."
)
def one_stream_forgotten(cfg, batch, pos, bytes_per_value=4):
    return with_other_numbers(cfg, batch, pos, bytes_per_value, layer={"stream": 6})


@misconception(
    "Two activations `[batch, pos, d_model]` are missing in each layer of your count, as many as there are "
    "`hook_normalized` in the table."
)
def normalized_forgotten(cfg, batch, pos, bytes_per_value=4):
    return with_other_numbers(cfg, batch, pos, bytes_per_value, layer={"stream": 5})


@misconception("Your count has three activations of the heads' width in each layer. The table has four: q, k, v and z.")
def three_of_the_heads(cfg, batch, pos, bytes_per_value=4):
    return with_other_numbers(cfg, batch, pos, bytes_per_value, layer={"heads": 3})


@misconception(
    "Your count has one square of positions for each head. The table has two: the scores, and the pattern that the "
    "softmax makes of them."
)
def scores_or_patterns(cfg, batch, pos, bytes_per_value=4):
    return with_other_numbers(cfg, batch, pos, bytes_per_value, layer={"squares": 1})


@misconception(
    "Your count has one activation of the MLP's width in each layer. The table has two: before and after the GELU."
)
def one_of_the_mlp(cfg, batch, pos, bytes_per_value=4):
    return with_other_numbers(cfg, batch, pos, bytes_per_value, layer={"mlp": 1})


@misconception(
    "Two activations `[batch, pos, d_model]` that occur once are missing in your count, as many as there are embeddings."
)
def embeddings_forgotten(cfg, batch, pos, bytes_per_value=4):
    return with_other_numbers(cfg, batch, pos, bytes_per_value, once={"stream": 2})


@misconception(
    "You count the four activations of the last lines `[batch, pos, d_model]` in each layer. They occur once in the model."
)
def embeddings_in_each_layer(cfg, batch, pos, bytes_per_value=4):
    layer, once = shapes(cfg, batch, pos)
    return budget(cfg, {**layer, "embeddings": once.pop("stream")}, once, bytes_per_value)


@misconception("The logits are missing in your count. The table lists them as `unembed.hook_out`.")
def logits_forgotten(cfg, batch, pos, bytes_per_value=4):
    return with_other_numbers(cfg, batch, pos, bytes_per_value, once={"logits": 0})


@misconception(
    "Your number of activations grows with the batch. A named activation is one tensor, however many sequences are in it."
)
def activations_of_each_text(cfg, batch, pos, bytes_per_value=4):
    found = right(cfg, batch, pos, bytes_per_value)
    return {**found, "activations": found["activations"] * batch}


@misconception("Your activations are a NumPy number. Finish with `int(...)`, so that they are a Python integer.")
def numpy_count(cfg, batch, pos, bytes_per_value=4):
    found = right(cfg, batch, pos, bytes_per_value)
    return {**found, "activations": np.int64(found["activations"])}


@misconception("Your dict has the bytes under another name. Its two keys are `activations` and `bytes`.")
def another_key(cfg, batch, pos, bytes_per_value=4):
    found = right(cfg, batch, pos, bytes_per_value)
    return {"activations": found["activations"], "memory": found["bytes"]}


@misconception("Your `bytes_per_value` is 2 where none is given. Its default is 4, as in the stub.")
def two_bytes_by_default(cfg, batch, pos, bytes_per_value=2):
    return right(cfg, batch, pos, bytes_per_value)
