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
    return {name: cache[name] if position is None else cache[name][:, position].clone() for name in names}


@misconception(
    "Your slice is not always a copy. `contiguous()` copies nothing if the slice lies in one piece already, as with a "
    "batch of one. `clone()` always copies."
)
def contiguous_for_clone(model, tokens, names, position=None):
    cache = filtered(model, tokens, names)
    return {n: cache[n].clone() if position is None else cache[n][:, position].contiguous() for n in names}


@misconception(
    "You take the position from the axis before the last. For `hook_z` this is the axis of heads: the position is the "
    "*second* axis of every activation."
)
def axis_before_the_last(model, tokens, names, position=None):
    cache = filtered(model, tokens, names)
    return {
        n: (cache[n] if position is None else cache[n].select(-2, position % cache[n].shape[-2])).clone() for n in names
    }


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
