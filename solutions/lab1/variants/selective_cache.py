"""Right and wrong ways to keep a few activations."""

from functools import partial

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
    "You cache everything and choose afterwards. The result is right, but during the run all activations were kept: "
    "the peak is what fills a GPU. Say what you want *before* the run (`names_filter`, or hooks on the named points)."
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
