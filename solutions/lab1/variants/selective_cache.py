"""Right and wrong ways to predict what a full cache costs, and to keep a few activations."""

from functools import partial

import numpy as np
import torch

from mechgrade.authoring.variants import accepted, misconception


def refuse_unknown(model, names):
    """Raise the error that the exercise asks for: a misconception is wrong in one thing only."""
    if any(name not in model.hook_dict for name in names):
        raise ValueError("no such hook point")


def at(activation, position):
    """The position that is wanted."""
    return activation if position is None else activation[:, position]


def filtered(model, tokens, names):
    """A cache of the named activations."""
    refuse_unknown(model, names)
    return model.run_with_cache(tokens, names_filter=list(names))[1]


@accepted
def by_hooks(model, tokens, names, position=None):
    """A hook for each name, which copies at once."""
    refuse_unknown(model, names)
    kept = {}

    def keep(activation, hook, name):
        kept[name] = at(activation, position).detach().clone().cpu()

    with torch.no_grad():
        model.run_with_hooks(tokens, fwd_hooks=[(name, partial(keep, name=name)) for name in names])
    return kept


@accepted
def by_predicate(model, tokens, names, position=None):
    """A function as the filter, and a copy by way of an empty tensor."""
    refuse_unknown(model, names)
    wanted = set(names)
    _, cache = model.run_with_cache(tokens, names_filter=lambda name: name in wanted, return_type=None)
    kept = {}
    for name in names:
        slice_ = at(cache[name].detach(), position)
        kept[name] = torch.empty(slice_.shape, dtype=slice_.dtype).copy_(slice_)
    return kept


@accepted
def by_added_hooks(model, tokens, names, position=None):
    """Hooks put on and taken off by hand."""
    for name in names:
        if name not in model.hook_dict:
            raise ValueError(name)
    kept = {}

    def hook_for(name):
        def keep(activation, hook):
            kept[name] = torch.clone(at(activation.detach(), position), memory_format=torch.contiguous_format).cpu()

        return keep

    try:
        for name in names:
            model.add_hook(name, hook_for(name))
        with torch.no_grad():
            model(tokens)
    finally:
        model.reset_hooks()
    return {name: kept[name] for name in names}


@misconception(
    "More points are hooked during the run than the ones that were named. The result is right, but all of these "
    "activations were kept: the peak is what fills a GPU. Say what you want *before* the run (`names_filter`, or hooks on "
    "the named points)."
)
def everything_then_filtered(model, tokens, names, position=None):
    refuse_unknown(model, names)
    _, cache = model.run_with_cache(tokens)
    return {name: at(cache[name], position).detach().clone().cpu() for name in names}


@misconception(
    "You keep a slice that is only a *view*: behind it the whole activation, with all positions, stays in memory. "
    "`.cpu()` does not copy what is on the CPU already. Make a copy of the slice."
)
def view_kept(model, tokens, names, position=None):
    cache = filtered(model, tokens, names)
    return {name: at(cache[name], position).detach().cpu() for name in names}


@misconception(
    "Your tensors still hang on the graph: `.cpu().clone()` copies the numbers, and keeps what they were computed from "
    "for a backward pass that will never come. Detach them, or run without gradients."
)
def graph_kept(model, tokens, names, position=None):
    refuse_unknown(model, names)
    kept = {}

    def keep(activation, hook, name):
        kept[name] = at(activation, position).clone().cpu()

    model.run_with_hooks(tokens, fwd_hooks=[(name, partial(keep, name=name)) for name in names])
    return kept


@misconception(
    "Your hooks are still on the model afterwards: they will fire in every later run, and keep what they catch. Remove "
    "them (`model.reset_hooks()`), or use `run_with_hooks`, which does it for you."
)
def hooks_left_behind(model, tokens, names, position=None):
    refuse_unknown(model, names)
    kept = {}

    def keep(activation, hook, name):
        kept[name] = at(activation, position).detach().clone().cpu()

    for name in names:
        model.add_hook(name, partial(keep, name=name))
    with torch.no_grad():
        model(tokens)
    return dict(kept)


@misconception(
    "You take the position on the batch axis: what you keep is one *sequence* at all its positions. The batch is the "
    "first axis, the position the second."
)
def position_on_the_batch_axis(model, tokens, names, position=None):
    cache = filtered(model, tokens, names)
    return {n: (cache[n] if position is None else cache[n][position % len(tokens)]).clone().cpu() for n in names}


@misconception("`position` is ignored: you keep every position, where one was asked for.")
def position_ignored(model, tokens, names, position=None):
    cache = filtered(model, tokens, names)
    return {name: cache[name].detach().clone().cpu() for name in names}


@misconception(
    "The position axis is still there, with length 1: you return `[batch, 1, ...]`. Indexing with a number removes the "
    "axis, slicing with a range keeps it."
)
def axis_kept(model, tokens, names, position=None):
    cache = filtered(model, tokens, names)
    kept = {}
    for name in names:
        width = cache[name].shape[1]
        place = slice(None) if position is None else slice(position % width, position % width + 1)
        kept[name] = cache[name][:, place].detach().clone().cpu()
    return kept


@misconception(
    "You treat the position 0 like no position at all (`if position:` is false for 0), and keep every position. "
    "Compare with None."
)
def zero_is_none(model, tokens, names, position=None):
    cache = filtered(model, tokens, names)
    return {name: (cache[name][:, position] if position else cache[name]).detach().clone().cpu() for name in names}


@misconception(
    "All your entries are the same activation. The hooks were made in a loop, and each looks the name up when it "
    "*fires*: by then the loop variable has its last value. Bind the name when you make the hook."
)
def late_binding(model, tokens, names, position=None):
    refuse_unknown(model, names)
    caught = filtered(model, tokens, names)
    return {name: at(caught[names[-1]], position).detach().clone().cpu() for name in names}


@misconception(
    "Your result is right, but a name that the model does not have goes through without a word, and is missing from "
    "the result. The docstring asks for a `ValueError` there."
)
def nothing_refused(model, tokens, names, position=None):
    known = [name for name in names if name in model.hook_dict]
    _, cache = model.run_with_cache(tokens, names_filter=known)
    return {name: at(cache[name], position).detach().clone().cpu() for name in known}


def kept(model, tokens, names, position, change=lambda value: value):
    """The right result, each activation changed before it is copied."""
    cache = filtered(model, tokens, names)
    return {name: at(change(cache[name]), position).detach().clone().cpu() for name in names}


@misconception(
    "Without a position you return the model's own tensors. Copy them there too: a tensor that others change changes "
    "for you as well."
)
def copied_only_when_sliced(model, tokens, names, position=None):
    cache = filtered(model, tokens, names)
    return {name: (cache[name] if position is None else cache[name][:, position].clone()).cpu() for name in names}


@misconception(
    "Your slice is not always a copy. `contiguous()` copies nothing if the slice lies in one piece already, as with a "
    "batch of one. `clone()` always copies."
)
def contiguous_for_clone(model, tokens, names, position=None):
    cache = filtered(model, tokens, names)
    return {n: (cache[n].clone() if position is None else cache[n][:, position].contiguous()).cpu() for n in names}


@misconception(
    "You take the position from the axis before the last. For `hook_z` this is the axis of heads: the position is the "
    "*second* axis of every activation."
)
def axis_before_the_last(model, tokens, names, position=None):
    cache = filtered(model, tokens, names)

    def part(value):
        return value if position is None else value.select(-2, position % value.shape[-2])

    return {name: part(cache[name]).clone().cpu() for name in names}


@misconception("A batch of one has lost its axis. The first axis is the batch there too: call no `squeeze`.")
def batch_of_one_dropped(model, tokens, names, position=None):
    return {name: value.squeeze(0) for name, value in kept(model, tokens, names, position).items()}


@misconception("Your negative positions are one too early: -1 is the last position, as in Python's lists.")
def negative_position_shifted(model, tokens, names, position=None):
    return kept(model, tokens, names, position - 1 if position is not None and position < 0 else position)


@misconception(
    "A name that the model does not have ends in a `KeyError`. Look for the names in `model.hook_dict` first, and raise a "
    "`ValueError`."
)
def key_error_for_unknown_name(model, tokens, names, position=None):
    _, cache = model.run_with_cache(tokens, names_filter=list(names))
    return {name: at(cache[name], position).detach().clone().cpu() for name in names}


@misconception(
    "After a `ValueError` there are hooks on the model. Check all names before you attach the first hook, or remove the "
    "hooks in a `finally`."
)
def hooks_left_after_unknown_name(model, tokens, names, position=None):
    found = {}

    def keep(activation, hook, name):
        found[name] = at(activation, position).detach().clone().cpu()

    for name in names:
        refuse_unknown(model, [name])
        model.hook_dict[name].add_hook(partial(keep, name=name))
    with torch.no_grad():
        model(tokens)
    model.reset_hooks()
    return found


@misconception(
    "You accept the library's short names, such as `embed` for `hook_embed`. Only full names are right: raise a "
    "`ValueError` for others."
)
def short_names_accepted(model, tokens, names, position=None):
    full = {name: name if name in model.hook_dict else f"hook_{name}" for name in names}
    cache = filtered(model, tokens, list(full.values()))
    return {name: at(cache[full[name]], position).detach().clone().cpu() for name in names}


@misconception("You refuse an empty list of names. Nothing is asked for then, and the result is an empty dict.")
def empty_names_refused(model, tokens, names, position=None):
    if not names:
        raise ValueError("give at least one name")
    return kept(model, tokens, names, position)


@misconception(
    "When the run ends in an error, your hooks stay on the model: a position that the input does not have is an error "
    "too. Remove the hooks in a `finally`, or use `run_with_hooks`, which does it for you."
)
def hooks_left_after_an_error_in_the_run(model, tokens, names, position=None):
    refuse_unknown(model, names)
    found = {}

    def keep(activation, hook, name):
        found[name] = at(activation, position).detach().clone().cpu()

    for name in names:
        model.add_hook(name, partial(keep, name=name))
    with torch.no_grad():
        model(tokens)
    model.reset_hooks()
    return dict(found)


@misconception(
    "You hook every layer's point of a kind, not only the named ones: the filter looks at the end of each name. Compare "
    "the whole name."
)
def whole_kinds_hooked(model, tokens, names, position=None):
    refuse_unknown(model, names)
    ends = tuple(name.rsplit(".", 1)[-1] for name in names)
    _, cache = model.run_with_cache(tokens, names_filter=lambda name: name.endswith(ends))
    return {name: at(cache[name], position).detach().clone().cpu() for name in names}


@misconception(
    "Where no name is asked for you keep everything. With no name the result is empty: an empty list is not None."
)
def no_name_is_every_name(model, tokens, names, position=None):
    return kept(model, tokens, names or list(model.hook_dict), position)


@misconception(
    "Your entries have the last part of each name, such as `hook_resid_post`. The result uses the names that were asked "
    "for, in full."
)
def last_part_of_the_names(model, tokens, names, position=None):
    return {name.rsplit(".", 1)[-1]: value for name, value in kept(model, tokens, names, position).items()}


@misconception("You keep the last position where `position` is None. None keeps the whole activation.")
def none_is_the_last(model, tokens, names, position=None):
    return kept(model, tokens, names, -1 if position is None else position)


@misconception("Your entries are NumPy arrays. Return tensors.")
def numpy_arrays(model, tokens, names, position=None):
    return {name: value.numpy() for name, value in kept(model, tokens, names, position).items()}


@misconception("A negative position ends in an error in yours. It counts from the end: -1 is the last position.")
def negative_position_refused(model, tokens, names, position=None):
    if position is None:
        return kept(model, tokens, names, position)
    cache = filtered(model, tokens, names)
    place = torch.tensor([position])
    return {name: cache[name].cpu().index_select(1, place).squeeze(1).detach().clone() for name in names}


@misconception("You keep the positions up to `position`. Only this one position stays, and its axis goes.")
def up_to_the_position(model, tokens, names, position=None):
    cache = filtered(model, tokens, names)
    return {
        name: (cache[name] if position is None else cache[name][:, : position % cache[name].shape[1] + 1])
        .detach()
        .clone()
        .cpu()
        for name in names
    }


@misconception(
    "Your result stays on the model's device. On a GPU it takes the memory that you wanted to save: move it with `.cpu()`."
)
def left_on_the_device(model, tokens, names, position=None):
    cache = filtered(model, tokens, names)
    return {name: at(cache[name], position).detach().clone() for name in names}


# --- what everything costs ---


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


@accepted(replaces="cache_budget")
def by_shapes(cfg, batch, pos, bytes_per_value=4):
    """Every shape written out, multiplied and added."""
    return budget(cfg, *shapes(cfg, batch, pos), bytes_per_value)


@accepted(replaces="cache_budget")
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
    "twice the length means four times the values.",
    replaces="cache_budget",
)
def squares_forgotten(cfg, batch, pos, bytes_per_value=4):
    layer, once = shapes(cfg, batch, pos)
    layer["squares"] = [(batch, cfg.n_heads, pos)] * 2
    return budget(cfg, layer, once, bytes_per_value)


@misconception(
    "Your number of bytes does not depend on the batch. Every activation has the batch as its first axis: twice the "
    "sequences, twice the bytes.",
    replaces="cache_budget",
)
def batch_forgotten(cfg, batch, pos, bytes_per_value=4):
    return budget(cfg, *shapes(cfg, 1, pos), bytes_per_value)


@misconception(
    "You count values, not bytes. How many bytes does one value take? It is among the arguments.",
    replaces="cache_budget",
)
def values_for_bytes(cfg, batch, pos, bytes_per_value=4):
    return budget(cfg, *shapes(cfg, batch, pos), 1)


@misconception(
    "You always take four bytes for a value. That is float32; models often run in half of it. Use `bytes_per_value`.",
    replaces="cache_budget",
)
def always_float32(cfg, batch, pos, bytes_per_value=4):
    return budget(cfg, *shapes(cfg, batch, pos), 4)


@misconception(
    "Your number has all layers, but not what occurs once: the embeddings, the final LayerNorm, the input and output "
    "of the unembedding. The logits alone can outweigh a layer.",
    replaces="cache_budget",
)
def only_the_layers(cfg, batch, pos, bytes_per_value=4):
    layer, _ = shapes(cfg, batch, pos)
    return budget(cfg, layer, {}, bytes_per_value)


@misconception(
    "You count one layer, as if there were no others. All but the last three lines of the table occur in *each* layer.",
    replaces="cache_budget",
)
def one_layer_only(cfg, batch, pos, bytes_per_value=4):
    layer, once = shapes(cfg, batch, pos)
    count = sum(map(len, layer.values())) + sum(map(len, once.values()))
    return {"activations": count, "bytes": bytes_per_value * (size(layer) + size(once))}


@misconception(
    "Your count of activations is 156, whatever the model. That number was printed for GPT-2 small by an old notebook, "
    "and it is out of date even there: count the rows of the table, for as many layers as the model has.",
    replaces="cache_budget",
)
def printed_156(cfg, batch, pos, bytes_per_value=4):
    return budget(cfg, *shapes(cfg, batch, pos), bytes_per_value, activations=156)


@misconception(
    "You give the scores and patterns one square for all heads. Every head has a pattern of its own.",
    replaces="cache_budget",
)
def one_square_for_all_heads(cfg, batch, pos, bytes_per_value=4):
    layer, once = shapes(cfg, batch, pos)
    layer["squares"] = [(batch, pos, pos)] * 2
    return budget(cfg, layer, once, bytes_per_value)


@misconception(
    "You take queries, keys, values and `z` to be as wide as the residual stream. In GPT-2 the heads together happen "
    "to be; in general their width is `n_heads` times `d_head`.",
    replaces="cache_budget",
)
def heads_as_wide_as_the_stream(cfg, batch, pos, bytes_per_value=4):
    layer, once = shapes(cfg, batch, pos)
    layer["heads"] = [(batch, pos, cfg.d_model)] * 4
    return budget(cfg, layer, once, bytes_per_value)


@misconception(
    "You take the MLP to be four times as wide as the residual stream. In GPT-2 it happens to be; the configuration "
    "says what it really is.",
    replaces="cache_budget",
)
def mlp_four_times_as_wide(cfg, batch, pos, bytes_per_value=4):
    layer, once = shapes(cfg, batch, pos)
    layer["mlp"] = [(batch, pos, 4 * cfg.d_model)] * 2
    return budget(cfg, layer, once, bytes_per_value)


@misconception(
    "The LayerNorms' scales are missing from your numbers. They are small, one value for each position, but they are "
    "activations like the others, three kinds of them with the final one.",
    replaces="cache_budget",
)
def scales_forgotten(cfg, batch, pos, bytes_per_value=4):
    layer, once = shapes(cfg, batch, pos)
    del layer["scale"], once["scale"]
    return budget(cfg, layer, once, bytes_per_value)


def right(cfg, batch, pos, bytes_per_value):
    """The right answer."""
    return budget(cfg, *shapes(cfg, batch, pos), bytes_per_value)


@misconception(
    "Your bytes are a NumPy number. Finish with `int(...)`, so that it is a Python integer.", replaces="cache_budget"
)
def numpy_integers(cfg, batch, pos, bytes_per_value=4):
    found = right(cfg, batch, pos, bytes_per_value)
    return {**found, "bytes": np.int64(found["bytes"])}


@misconception(
    "For a very large cache your bytes are rounded: the number passes through a float, which is exact up to 2⁵³ only. "
    "Python's integers have no limit: stay with `*` and `+`.",
    replaces="cache_budget",
)
def float_in_between(cfg, batch, pos, bytes_per_value=4):
    found = right(cfg, batch, pos, bytes_per_value)
    return {**found, "bytes": int(float(found["bytes"]))}


@misconception(
    "You need `n_ctx` of the configuration. The length is `pos`, as given, and the configuration may have no other entry "
    "than the sizes in the docstring.",
    replaces="cache_budget",
)
def capped_at_the_context(cfg, batch, pos, bytes_per_value=4):
    return right(cfg, batch, min(pos, cfg.n_ctx), bytes_per_value)


@misconception(
    "You need `d_vocab_out` of the configuration. The docstring lists the entries that are there: use `d_vocab`.",
    replaces="cache_budget",
)
def needs_d_vocab_out(cfg, batch, pos, bytes_per_value=4):
    layer, once = shapes(cfg, batch, pos)
    return budget(cfg, layer, {**once, "logits": [(batch, pos, cfg.d_vocab_out)]}, bytes_per_value)


@misconception("You add one position for BOS. `pos` counts it already.", replaces="cache_budget")
def bos_counted_again(cfg, batch, pos, bytes_per_value=4):
    return right(cfg, batch, pos + 1, bytes_per_value)


@misconception(
    "You count the lower half of scores and patterns only. The upper half has no attention, but its values are in memory "
    "too.",
    replaces="cache_budget",
)
def causal_half(cfg, batch, pos, bytes_per_value=4):
    found = right(cfg, batch, pos, bytes_per_value)
    lost = cfg.n_layers * batch * cfg.n_heads * pos * (pos - 1)
    return {**found, "bytes": found["bytes"] - bytes_per_value * lost}


@misconception("The bytes lack the scale of the final LayerNorm, one value for each position.", replaces="cache_budget")
def final_scale_forgotten(cfg, batch, pos, bytes_per_value=4):
    found = right(cfg, batch, pos, bytes_per_value)
    return {**found, "bytes": found["bytes"] - bytes_per_value * batch * pos}


@misconception(
    "You count the logits of one position of each sequence. The model computes them at every position.",
    replaces="cache_budget",
)
def logits_of_one_position(cfg, batch, pos, bytes_per_value=4):
    layer, once = shapes(cfg, batch, pos)
    return budget(cfg, layer, {**once, "logits": [(batch, 1, cfg.d_vocab)]}, bytes_per_value)


@misconception(
    "The scores and patterns of your count have no batch. Every sequence has its own.", replaces="cache_budget"
)
def squares_without_batch(cfg, batch, pos, bytes_per_value=4):
    layer, once = shapes(cfg, batch, pos)
    return budget(cfg, {**layer, "squares": [(cfg.n_heads, pos, pos)] * 2}, once, bytes_per_value)


@misconception(
    "You count the LayerNorms' scales with four bytes in every case. `bytes_per_value` is for all values.",
    replaces="cache_budget",
)
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
    "stream and of what is added to it, and two normalised ones.",
    replaces="cache_budget",
)
def one_stream_forgotten(cfg, batch, pos, bytes_per_value=4):
    return with_other_numbers(cfg, batch, pos, bytes_per_value, layer={"stream": 6})


@misconception(
    "Two activations `[batch, pos, d_model]` are missing in each layer of your count, as many as there are "
    "`hook_normalized` in the table.",
    replaces="cache_budget",
)
def normalized_forgotten(cfg, batch, pos, bytes_per_value=4):
    return with_other_numbers(cfg, batch, pos, bytes_per_value, layer={"stream": 5})


@misconception(
    "Your count has three activations of the heads' width in each layer. The table has four: q, k, v and z.",
    replaces="cache_budget",
)
def three_of_the_heads(cfg, batch, pos, bytes_per_value=4):
    return with_other_numbers(cfg, batch, pos, bytes_per_value, layer={"heads": 3})


@misconception(
    "Your count has one square of positions for each head. The table has two: the scores, and the pattern that the "
    "softmax makes of them.",
    replaces="cache_budget",
)
def scores_or_patterns(cfg, batch, pos, bytes_per_value=4):
    return with_other_numbers(cfg, batch, pos, bytes_per_value, layer={"squares": 1})


@misconception(
    "Your count has one activation of the MLP's width in each layer. The table has two: before and after the GELU.",
    replaces="cache_budget",
)
def one_of_the_mlp(cfg, batch, pos, bytes_per_value=4):
    return with_other_numbers(cfg, batch, pos, bytes_per_value, layer={"mlp": 1})


@misconception(
    "Two activations `[batch, pos, d_model]` that occur once are missing in your count, as many as there are embeddings.",
    replaces="cache_budget",
)
def embeddings_forgotten(cfg, batch, pos, bytes_per_value=4):
    return with_other_numbers(cfg, batch, pos, bytes_per_value, once={"stream": 2})


@misconception(
    "You count the four activations of the last lines `[batch, pos, d_model]` in each layer. They occur once in the model.",
    replaces="cache_budget",
)
def embeddings_in_each_layer(cfg, batch, pos, bytes_per_value=4):
    layer, once = shapes(cfg, batch, pos)
    return budget(cfg, {**layer, "embeddings": once.pop("stream")}, once, bytes_per_value)


@misconception(
    "The logits are missing in your count. The table lists them as `unembed.hook_out`.", replaces="cache_budget"
)
def logits_forgotten(cfg, batch, pos, bytes_per_value=4):
    return with_other_numbers(cfg, batch, pos, bytes_per_value, once={"logits": 0})


@misconception(
    "Your number of activations grows with the batch. A named activation is one tensor, however many sequences are in it.",
    replaces="cache_budget",
)
def activations_of_each_text(cfg, batch, pos, bytes_per_value=4):
    found = right(cfg, batch, pos, bytes_per_value)
    return {**found, "activations": found["activations"] * batch}


@misconception(
    "Your activations are a NumPy number. Finish with `int(...)`, so that they are a Python integer.",
    replaces="cache_budget",
)
def numpy_count(cfg, batch, pos, bytes_per_value=4):
    found = right(cfg, batch, pos, bytes_per_value)
    return {**found, "activations": np.int64(found["activations"])}


@misconception(
    "Your dict has the bytes under another name. Its two keys are `activations` and `bytes`.", replaces="cache_budget"
)
def another_key(cfg, batch, pos, bytes_per_value=4):
    found = right(cfg, batch, pos, bytes_per_value)
    return {"activations": found["activations"], "memory": found["bytes"]}


@misconception(
    "Your `bytes_per_value` is 2 where none is given. Its default is 4, as in the stub.", replaces="cache_budget"
)
def two_bytes_by_default(cfg, batch, pos, bytes_per_value=2):
    return right(cfg, batch, pos, bytes_per_value)


@misconception(
    "Your count has the table's *rows*: seven in each layer. Each row has several names, and each name is one activation.",
    replaces="cache_budget",
)
def rows_for_names(cfg, batch, pos, bytes_per_value=4):
    return budget(cfg, *shapes(cfg, batch, pos), bytes_per_value, activations=7 * cfg.n_layers + 3)


@misconception(
    "You count all that occurs once in each layer. The last three lines of the table occur once in the model.",
    replaces="cache_budget",
)
def all_in_each_layer(cfg, batch, pos, bytes_per_value=4):
    layer, once = shapes(cfg, batch, pos)
    values = cfg.n_layers * (size(layer) + size(once))
    return {"activations": 23 * cfg.n_layers, "bytes": bytes_per_value * values}


@misconception("Your memory is in bits. A byte has eight of them: do not multiply by 8.", replaces="cache_budget")
def bits(cfg, batch, pos, bytes_per_value=4):
    return right(cfg, batch, pos, 8 * bytes_per_value)


@misconception(
    "Your memory is in megabytes. The docstring asks for bytes, as a Python integer.", replaces="cache_budget"
)
def megabytes(cfg, batch, pos, bytes_per_value=4):
    found = right(cfg, batch, pos, bytes_per_value)
    return {**found, "bytes": found["bytes"] / 1e6}


@misconception(
    "You take queries, keys, values and `z` of one head. Each of the four has all heads side by side.",
    replaces="cache_budget",
)
def one_head_for_all(cfg, batch, pos, bytes_per_value=4):
    layer, once = shapes(cfg, batch, pos)
    return budget(cfg, {**layer, "heads": [(batch, pos, cfg.d_head)] * 4}, once, bytes_per_value)


@misconception(
    "You take the LayerNorms' scales to be as wide as the stream. A scale is one number for each position.",
    replaces="cache_budget",
)
def scales_as_wide_as_the_stream(cfg, batch, pos, bytes_per_value=4):
    layer, once = shapes(cfg, batch, pos)
    stream = (batch, pos, cfg.d_model)
    return budget(cfg, {**layer, "scale": [stream] * 2}, {**once, "scale": [stream]}, bytes_per_value)


@misconception(
    "Your scores and patterns have `d_head` numbers for each pair of positions. Each pair has one number.",
    replaces="cache_budget",
)
def squares_with_the_head_width(cfg, batch, pos, bytes_per_value=4):
    layer, once = shapes(cfg, batch, pos)
    squares = [(batch, cfg.n_heads, pos, pos, cfg.d_head)] * 2
    return budget(cfg, {**layer, "squares": squares}, once, bytes_per_value)


@misconception("Your bytes are a float. The docstring asks for a Python integer.", replaces="cache_budget")
def float_bytes(cfg, batch, pos, bytes_per_value=4):
    found = right(cfg, batch, pos, bytes_per_value)
    return {**found, "bytes": float(found["bytes"])}


@misconception(
    "You copy the whole activation and slice the copy. The slice is a view, and behind it the whole copy stays in memory. "
    "Slice first, then copy the slice."
)
def copied_before_slicing(model, tokens, names, position=None):
    cache = filtered(model, tokens, names)
    return {name: at(cache[name].detach().clone().cpu(), position) for name in names}


@misconception(
    "You take the position on the *last* axis, which is one number of each vector. The position is the second axis."
)
def position_on_the_last_axis(model, tokens, names, position=None):
    cache = filtered(model, tokens, names)
    return {n: (cache[n] if position is None else cache[n][..., position]).detach().clone().cpu() for n in names}


@misconception(
    "Your result has names that were not asked for. On a `TransformerBridge` `run_with_cache` lists a point under its second "
    "name too: keep the names in `names` alone."
)
def second_names_besides(model, tokens, names, position=None):
    return kept(model, tokens, list(filtered(model, tokens, names)), position)


@misconception(
    "Your entries have the name that the hook point gives itself, `hook.name`. On a `TransformerBridge` that can be a second "
    "name: use the name that was asked for."
)
def named_by_the_hook(model, tokens, names, position=None):
    refuse_unknown(model, names)
    found = {}

    def keep(activation, hook):
        found[hook.name] = at(activation, position).detach().clone().cpu()

    with torch.no_grad():
        model.run_with_hooks(tokens, fwd_hooks=[(name, keep) for name in names])
    return found


@misconception(
    "Only the first of the names is checked. Each name that the model does not have is a `ValueError`, wherever it stands."
)
def first_name_checked(model, tokens, names, position=None):
    refuse_unknown(model, names[:1])
    _, cache = model.run_with_cache(tokens, names_filter=list(names))
    return {name: at(cache[name], position).detach().clone().cpu() for name in names}


@misconception(
    "You refuse the names only if the model has *none* of them. One that it does not have is a `ValueError`."
)
def one_known_name_is_enough(model, tokens, names, position=None):
    known = [name for name in names if name in model.hook_dict]
    if names and not known:
        raise ValueError("no such hook point")
    return kept(model, tokens, known, position)


@misconception(
    "A name that the model does not have ends in an `AssertionError`. The docstring asks for a `ValueError`: use `if` and "
    "`raise`."
)
def asserted(model, tokens, names, position=None):
    assert all(name in model.hook_dict for name in names)
    return kept(model, tokens, names, position)


@misconception("Your tensors are in half precision. Return the values as they are.")
def half_precision(model, tokens, names, position=None):
    return {name: value.half().to(value.dtype) for name, value in kept(model, tokens, names, position).items()}
