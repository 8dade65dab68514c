"""Right and wrong ways to patch heads."""

from functools import partial

import torch
from transformer_lens import patching

from mechgrade.authoring.variants import accepted, misconception

ACTIVATIONS = ("z", "q", "k", "v", "pattern")


def refuse_unknown(activation):
    """Raise the error that the exercise asks for: a misconception is wrong in one thing only."""
    if activation not in ACTIVATIONS:
        raise ValueError("an unknown activation")


def heads_of(model, activation):
    """How many heads an activation has: where several share their keys and values, there are fewer of these."""
    shared = model.cfg.n_key_value_heads if activation in ("k", "v") else None
    return shared or model.cfg.n_heads


def map_of(model, tokens, metric, activation, edit, heads=None):
    """The map for hooks `edit(value, layer, head)`, which change a copy in place; of all heads, if not said."""
    rows = []
    for layer in range(model.cfg.n_layers):
        for head in heads or range(heads_of(model, activation)):

            def hook_function(value, hook, layer=layer, head=head):
                value = value.clone()
                edit(value, layer, head)
                return value

            name = f"blocks.{layer}.attn.hook_{activation}"
            with torch.no_grad():
                rows.append(metric(model.run_with_hooks(tokens, fwd_hooks=[(name, hook_function)])))
    return torch.stack(rows).reshape(model.cfg.n_layers, -1)


def right_edit(cache, activation):
    """The right change: one head, at all positions."""

    def edit(value, layer, head):
        clean = cache[f"blocks.{layer}.attn.hook_{activation}"]
        if activation == "pattern":
            value[:, head] = clean[:, head]
        else:
            value[:, :, head] = clean[:, :, head]

    return edit


def right_map(model, tokens, cache, metric, activation):
    """The right answer."""
    refuse_unknown(activation)
    return map_of(model, tokens, metric, activation, right_edit(cache, activation))


@accepted
def by_library(model, corrupted_tokens, clean_cache, metric, activation="z"):
    """TransformerLens's own functions."""
    refuse_unknown(activation)
    name = "out" if activation == "z" else activation
    function = getattr(patching, f"get_act_patch_attn_head_{name}_all_pos")
    with torch.no_grad():
        return function(model, corrupted_tokens, clean_cache, metric)


@accepted
def by_mask(model, corrupted_tokens, clean_cache, metric, activation="z"):
    """No index: a mask over the heads decides where the clean values go; hooks by a context manager."""
    refuse_unknown(activation)
    model.reset_hooks()
    result = torch.empty(model.cfg.n_layers, heads_of(model, activation), dtype=torch.float64)

    def choose(value, hook, head, clean):
        chosen = torch.arange(heads_of(model, activation), device=value.device) == head
        chosen = chosen[None, :, None, None] if activation == "pattern" else chosen[None, None, :, None]
        return torch.where(chosen, clean, value)

    with torch.inference_mode():
        for layer, head in torch.cartesian_prod(*(torch.arange(n) for n in result.shape)).tolist():
            name = f"blocks.{layer}.attn.hook_{activation}"
            clean = clean_cache[activation, layer]
            with model.hooks(fwd_hooks=[(name, partial(choose, head=head, clean=clean))]):
                result[layer, head] = metric(model(corrupted_tokens)).item()
    return result.to(corrupted_tokens.device)


@accepted
def in_place(model, corrupted_tokens, clean_cache, metric, activation="z"):
    """The hook edits the activation in place and returns it; hooks are added and reset by hand."""
    refuse_unknown(activation)
    edit = right_edit(clean_cache, activation)
    rows = []
    for layer in range(model.cfg.n_layers):
        row = []
        for head in range(heads_of(model, activation)):

            def hook_function(value, hook, layer=layer, head=head):
                edit(value, layer, head)
                return value

            model.add_hook(f"blocks.{layer}.attn.hook_{activation}", hook_function)
            try:
                with torch.no_grad():
                    row.append(metric(model(corrupted_tokens)).detach())
            finally:
                model.reset_hooks()
        rows.append(torch.stack(row))
    return torch.stack(rows)


@misconception(
    "All heads of a layer have the same number: your hook replaces the whole activation, and so patches the layer. "
    "Write the clean values into one head only, and leave the others as they are in the corrupted run."
)
def all_heads(model, corrupted_tokens, clean_cache, metric, activation="z"):
    refuse_unknown(activation)

    def edit(value, layer, head):
        value[:] = clean_cache[activation, layer]

    return map_of(model, corrupted_tokens, metric, activation, edit)


@misconception(
    "Every number is the corrupted run's own: nothing is patched. Your hook changes a copy and does not return it. The "
    "model goes on with what the hook returns."
)
def copy_not_returned(model, corrupted_tokens, clean_cache, metric, activation="z"):
    refuse_unknown(activation)
    return map_of(model, corrupted_tokens, metric, activation, lambda value, layer, head: None)


@misconception(
    "In a model whose heads share keys and values, your map for k or v is not right. There are fewer heads of keys and "
    "values than `model.cfg.n_heads`: take their number from the activation's own axis `head`."
)
def as_many_keys_as_queries(model, corrupted_tokens, clean_cache, metric, activation="z"):
    refuse_unknown(activation)
    edit, heads = right_edit(clean_cache, activation), range(model.cfg.n_heads)
    return map_of(model, corrupted_tokens, metric, activation, edit, heads)


@misconception(
    "For z, q, k and v you index the second axis with the head's number, but there the second axis is the *position*: "
    "you patch all heads at an early position. Only the pattern has its heads on the second axis."
)
def position_for_head(model, corrupted_tokens, clean_cache, metric, activation="z"):
    refuse_unknown(activation)

    def edit(value, layer, head):
        value[:, head] = clean_cache[activation, layer][:, head]

    return map_of(model, corrupted_tokens, metric, activation, edit)


@misconception(
    "Your maps for z, q, k and v are right, but for the pattern you index the third axis, which there is the *query* "
    "position. A pattern has its heads on the second axis: `[batch, head, query, key]`."
)
def query_for_head(model, corrupted_tokens, clean_cache, metric, activation="z"):
    refuse_unknown(activation)

    def edit(value, layer, head):
        value[:, :, head] = clean_cache[activation, layer][:, :, head]

    return map_of(model, corrupted_tokens, metric, activation, edit)


@misconception(
    "You index the first axis with the head's number. The first axis is the batch: you patch one whole prompt, with "
    "all its heads, and leave the other prompts as they are."
)
def batch_for_head(model, corrupted_tokens, clean_cache, metric, activation="z"):
    refuse_unknown(activation)

    def edit(value, layer, head):
        if head < len(value):
            value[head] = clean_cache[activation, layer][head]

    return map_of(model, corrupted_tokens, metric, activation, edit)


@misconception(
    "You patch the last position only. A head works at every position, and the definition patches it at all of them: "
    "the effect of a head that writes somewhere earlier is lost in your map."
)
def last_position_only(model, corrupted_tokens, clean_cache, metric, activation="z"):
    refuse_unknown(activation)

    def edit(value, layer, head):
        clean = clean_cache[activation, layer]
        if activation == "pattern":
            value[:, head, -1] = clean[:, head, -1]
        else:
            value[:, -1, head] = clean[:, -1, head]

    return map_of(model, corrupted_tokens, metric, activation, edit)


@misconception(
    "Your map goes on patching: the hook of one head is still there when the next one is patched, so that the last "
    "number belongs to all heads together; and the hooks stay on the model when you are done. `run_with_hooks` takes "
    "its hooks away; after `add_hook` you have to do it (`model.reset_hooks()`)."
)
def stale_hooks(model, corrupted_tokens, clean_cache, metric, activation="z"):
    refuse_unknown(activation)
    edit = right_edit(clean_cache, activation)
    result = []
    for layer in range(model.cfg.n_layers):
        for head in range(heads_of(model, activation)):

            def hook_function(value, hook, layer=layer, head=head):
                value = value.clone()
                edit(value, layer, head)
                return value

            model.add_hook(f"blocks.{layer}.attn.hook_{activation}", hook_function)
            with torch.no_grad():
                result.append(metric(model(corrupted_tokens)))
    return torch.stack(result).reshape(model.cfg.n_layers, -1)


@misconception(
    "You patch z whatever is asked for: your maps for q, k, v and the pattern are the map of z. Use `activation` in "
    "the hook's name."
)
def always_z(model, corrupted_tokens, clean_cache, metric, activation="z"):
    refuse_unknown(activation)
    if "blocks.0.attn.hook_z" not in clean_cache:
        raise KeyError("blocks.0.attn.hook_z")
    return map_of(model, corrupted_tokens, metric, "z", right_edit(clean_cache, "z"))


@misconception(
    "Your numbers are changes against the corrupted run. The map is asked for as the metric gives it: comparing with "
    "the corrupted and the clean run is a step of its own, and doing it twice would spoil it."
)
def baseline_subtracted(model, corrupted_tokens, clean_cache, metric, activation="z"):
    refuse_unknown(activation)
    with torch.no_grad():
        baseline = metric(model(corrupted_tokens))
    return map_of(model, corrupted_tokens, metric, activation, right_edit(clean_cache, activation)) - baseline


@misconception("Rows and columns are swapped: the result should be `[layer, head]`, and yours is `[head, layer]`.")
def head_before_layer(model, corrupted_tokens, clean_cache, metric, activation="z"):
    refuse_unknown(activation)
    return map_of(model, corrupted_tokens, metric, activation, right_edit(clean_cache, activation)).T


@misconception(
    "Your maps are right, but an activation that is none of the five goes through. The docstring's section *Raises* "
    "asks for a `ValueError` there."
)
def nothing_refused(model, corrupted_tokens, clean_cache, metric, activation="z"):
    known = activation if activation in ACTIVATIONS else "z"
    return map_of(model, corrupted_tokens, metric, known, right_edit(clean_cache, known))


@misconception(
    "Your maps are right, but for an activation that is none of the five a `KeyError` comes out of the cache. The "
    "docstring asks for a `ValueError`: check `activation` first."
)
def key_error(model, corrupted_tokens, clean_cache, metric, activation="z"):
    clean_cache[f"blocks.0.attn.hook_{activation}"]
    return map_of(model, corrupted_tokens, metric, activation, right_edit(clean_cache, activation))


@misconception(
    'Your maps are right, but "Z" is taken for "z". The docstring knows five activations, letter for letter, and asks '
    "for a `ValueError` for all others."
)
def capital_letters(model, corrupted_tokens, clean_cache, metric, activation="z"):
    return right_map(model, corrupted_tokens, clean_cache, metric, activation.lower())


@misconception(
    "Your maps are right, but you let more activations through than the five: the attention scores end in a `KeyError` "
    "where the cache has none. The docstring asks for a `ValueError`."
)
def sixth_activation(model, corrupted_tokens, clean_cache, metric, activation="z"):
    if activation == "attn_scores":
        clean_cache[f"blocks.0.attn.hook_{activation}"]
    return right_map(model, corrupted_tokens, clean_cache, metric, activation)


@misconception(
    'Your maps are right, but an empty text, or a part of a name such as "at", goes through: `in` on a text looks for a '
    "part of it. Compare with a tuple of the five names."
)
def part_of_a_name(model, corrupted_tokens, clean_cache, metric, activation="z"):
    if activation in "z q k v pattern":
        clean_cache[f"blocks.0.attn.hook_{activation}"]
    return right_map(model, corrupted_tokens, clean_cache, metric, activation)


@misconception(
    "When the metric fails, your last hook stays on the model. Take it off in a `finally`, or use `run_with_hooks`, which "
    "takes its hooks off before the metric is called."
)
def hook_left_after_an_error(model, corrupted_tokens, clean_cache, metric, activation="z"):
    refuse_unknown(activation)
    edit = right_edit(clean_cache, activation)
    result = []
    for layer in range(model.cfg.n_layers):
        for head in range(heads_of(model, activation)):

            def hook_function(value, hook, layer=layer, head=head):
                value = value.clone()
                edit(value, layer, head)
                return value

            model.add_hook(f"blocks.{layer}.attn.hook_{activation}", hook_function)
            result.append(metric(model(corrupted_tokens)))
            model.reset_hooks()
    return torch.stack(result).reshape(model.cfg.n_layers, -1)


@misconception(
    "Your rows are in the alphabetical order of the hook names, in which layer 10 comes before layer 2. Count the layers "
    "as numbers."
)
def sorted_as_text(model, corrupted_tokens, clean_cache, metric, activation="z"):
    found = right_map(model, corrupted_tokens, clean_cache, metric, activation)
    return found[sorted(range(len(found)), key=str)]


@misconception(
    "You give the metric log-probabilities. A difference of two logits does not show it, other metrics do: hand the "
    "logits on as the model gives them."
)
def metric_of_log_probabilities(model, corrupted_tokens, clean_cache, metric, activation="z"):
    def of_logs(logits):
        return metric(logits.log_softmax(-1))

    return right_map(model, corrupted_tokens, clean_cache, of_logs, activation)


@misconception(
    "You give the metric the logits of the last position alone. It is to get those of all positions, "
    "`[batch, pos, d_vocab]`: which of them count is the metric's business."
)
def metric_of_the_last_position(model, corrupted_tokens, clean_cache, metric, activation="z"):
    return right_map(model, corrupted_tokens, clean_cache, lambda logits: metric(logits[:, -1:]), activation)


@misconception(
    "For a pattern of few positions your map has too few heads: you count them on the third axis, which is the query "
    "position there. The number of heads is `model.cfg.n_heads`."
)
def heads_of_the_third_axis(model, corrupted_tokens, clean_cache, metric, activation="z"):
    found = right_map(model, corrupted_tokens, clean_cache, metric, activation)
    return found[:, : clean_cache[activation, 0].shape[2]]


@misconception(
    "Your map is right, but for a single prompt the clean cache has lost its batch axis afterwards: `remove_batch_dim` "
    "changes the cache itself. Index a copy."
)
def batch_axis_removed(model, corrupted_tokens, clean_cache, metric, activation="z"):
    found = right_map(model, corrupted_tokens, clean_cache, metric, activation)
    if len(corrupted_tokens) == 1:
        clean_cache.remove_batch_dim()
    return found


@misconception(
    "Your map is right, but tensors of the clean cache have their axes exchanged afterwards: `transpose_` works in place. "
    "The next experiment needs the cache as it is."
)
def cache_transposed(model, corrupted_tokens, clean_cache, metric, activation="z"):
    found = right_map(model, corrupted_tokens, clean_cache, metric, activation)
    if activation != "pattern":
        for layer in range(model.cfg.n_layers):
            clean_cache[activation, layer].transpose_(1, 2)
    return found


@misconception(
    "Every prompt gets the clean activation of the *first* prompt. Each has its own clean twin: keep the batch axis when "
    "you read the cache."
)
def first_prompt_for_all(model, corrupted_tokens, clean_cache, metric, activation="z"):
    refuse_unknown(activation)

    def edit(value, layer, head):
        clean = clean_cache[activation, layer]
        if activation == "pattern":
            value[:, head] = clean[0, head]
        else:
            value[:, :, head] = clean[0, :, head]

    return map_of(model, corrupted_tokens, metric, activation, edit)


@misconception(
    "The heads before it in the layer are patched together with each head: a slice `[: head + 1]`, or a copy that is "
    "kept. Patch every head on its own."
)
def heads_add_up(model, corrupted_tokens, clean_cache, metric, activation="z"):
    refuse_unknown(activation)
    one = right_edit(clean_cache, activation)

    def edit(value, layer, head):
        for each in range(head + 1):
            one(value, layer, each)

    return map_of(model, corrupted_tokens, metric, activation, edit)


@misconception(
    "Position 0 is not patched. The definition patches a head at all positions, also at BOS, or whatever stands first."
)
def not_at_the_first_position(model, corrupted_tokens, clean_cache, metric, activation="z"):
    refuse_unknown(activation)

    def edit(value, layer, head):
        clean = clean_cache[activation, layer]
        if activation == "pattern":
            value[:, head, 1:] = clean[:, head, 1:]
        else:
            value[:, 1:, head] = clean[:, 1:, head]

    return map_of(model, corrupted_tokens, metric, activation, edit)


def with_others(model, tokens, cache, metric, activations):
    """The map with several activations of a head patched in each run."""
    values = []
    for layer in range(model.cfg.n_layers):
        for head in range(heads_of(model, activations[0])):
            hooks = []
            for activation in activations:
                edit = right_edit(cache, activation)

                def hook_function(value, hook, layer=layer, head=head, edit=edit):
                    value = value.clone()
                    edit(value, layer, head)
                    return value

                hooks.append((f"blocks.{layer}.attn.hook_{activation}", hook_function))
            with torch.no_grad():
                values.append(metric(model.run_with_hooks(tokens, fwd_hooks=hooks)))
    return torch.stack(values).reshape(model.cfg.n_layers, -1)


@misconception(
    'For `"k"` the head\'s *values* are patched too. Each of the five activations is patched alone: with "k" only the '
    "keys."
)
def values_follow_keys(model, corrupted_tokens, clean_cache, metric, activation="z"):
    refuse_unknown(activation)
    both = ("k", "v") if activation == "k" and "blocks.0.attn.hook_v" in clean_cache else (activation,)
    return with_others(model, corrupted_tokens, clean_cache, metric, both)


@misconception(
    "For the pattern you patch queries and keys. That gives the clean pattern only where the cache holds all three of the "
    "same run: put in the cached pattern itself."
)
def pattern_from_queries_and_keys(model, corrupted_tokens, clean_cache, metric, activation="z"):
    refuse_unknown(activation)
    parts = ("q", "k") if activation == "pattern" else (activation,)
    return with_others(model, corrupted_tokens, clean_cache, metric, parts)


@misconception(
    "Your map is right where the cache holds all activations. The docstring promises the *named* activation alone, and "
    "you need z for the number of heads: count them on the axis `head` of the named activation itself."
)
def z_needed_in_the_cache(model, corrupted_tokens, clean_cache, metric, activation="z"):
    refuse_unknown(activation)
    heads = clean_cache["z", 0].shape[2]
    return right_map(model, corrupted_tokens, clean_cache, metric, activation)[:, :heads]


@misconception(
    "Your map is divided by the metric of the corrupted run. The metric itself is asked for; to put it on a scale is "
    "another step."
)
def divided(model, corrupted_tokens, clean_cache, metric, activation="z"):
    with torch.no_grad():
        baseline = metric(model(corrupted_tokens))
    return right_map(model, corrupted_tokens, clean_cache, metric, activation) / baseline


@misconception(
    "You call the metric for each prompt alone and average. It is to get all prompts at once, `[batch, pos, d_vocab]`; "
    "a metric can belong to these very prompts, or be no mean."
)
def metric_prompt_by_prompt(model, corrupted_tokens, clean_cache, metric, activation="z"):
    def mean(logits):
        return torch.stack([metric(one[None]) for one in logits]).mean()

    return right_map(model, corrupted_tokens, clean_cache, mean, activation)


@misconception(
    "Your map is right, but the last hook is still attached to the model. Whoever uses the model next gets patched runs. "
    "`run_with_hooks` takes its hooks off."
)
def last_hook_left(model, corrupted_tokens, clean_cache, metric, activation="z"):
    found = right_map(model, corrupted_tokens, clean_cache, metric, activation)
    edit, layer, head = right_edit(clean_cache, activation), model.cfg.n_layers - 1, heads_of(model, activation) - 1

    def hook_function(value, hook):
        value = value.clone()
        edit(value, layer, head)
        return value

    model.add_hook(f"blocks.{layer}.attn.hook_{activation}", hook_function)
    return found


@misconception(
    "Your hook for z has a name that only a `TransformerBridge` knows, `blocks.0.attn.o.hook_in`; a `HookedTransformer` "
    "fails on it. Both know the names in the table."
)
def names_of_the_bridge(model, corrupted_tokens, clean_cache, metric, activation="z"):
    refuse_unknown(activation)
    edit = right_edit(clean_cache, activation)
    place = {"z": "o.hook_in", "pattern": "hook_pattern"}.get(activation, f"{activation}.hook_out")
    values = []
    for layer in range(model.cfg.n_layers):
        for head in range(heads_of(model, activation)):

            def hook_function(value, hook, layer=layer, head=head):
                value = value.clone()
                edit(value, layer, head)
                return value

            with torch.no_grad():
                hooks = [(f"blocks.{layer}.attn.{place}", hook_function)]
                values.append(metric(model.run_with_hooks(corrupted_tokens, fwd_hooks=hooks)))
    return torch.stack(values).reshape(model.cfg.n_layers, -1)


@misconception(
    "Only the first head of a layer is patched as it should be: for each head you write the other heads' corrupted values "
    "into the clean cache itself, so that the heads after it are not clean any more. Write into a copy."
)
def cache_filled_with_corrupted_heads(model, corrupted_tokens, clean_cache, metric, activation="z"):
    refuse_unknown(activation)

    def edit(value, layer, head):
        clean = clean_cache[activation, layer]
        axis = 1 if activation == "pattern" else 2
        others = torch.arange(clean.shape[axis], device=clean.device) != head
        rest = others.reshape(*[-1 if place == axis else 1 for place in range(4)])
        clean.copy_(torch.where(rest, value, clean))
        value.copy_(clean)

    return map_of(model, corrupted_tokens, metric, activation, edit)


@misconception(
    "Your map is right, but tensors of the clean cache have other values afterwards: your hook writes the corrupted run into "
    "them. Write into a copy of what the hook gets."
)
def clean_run_overwritten(model, corrupted_tokens, clean_cache, metric, activation="z"):
    found = right_map(model, corrupted_tokens, clean_cache, metric, activation)
    for layer in range(model.cfg.n_layers):
        clean_cache[activation, layer].mul_(0.5)
    return found


@misconception("You put zeros in the head's place. That is ablation; a patch puts the clean run's values there.")
def ablated(model, corrupted_tokens, clean_cache, metric, activation="z"):
    refuse_unknown(activation)
    axis = 1 if activation == "pattern" else 2
    return map_of(
        model, corrupted_tokens, metric, activation, lambda value, layer, head: value.select(axis, head).zero_()
    )


@misconception("You add the clean values to the corrupted ones. A patch replaces them.")
def added(model, corrupted_tokens, clean_cache, metric, activation="z"):
    refuse_unknown(activation)
    axis = 1 if activation == "pattern" else 2

    def edit(value, layer, head):
        value.select(axis, head).add_(clean_cache[activation, layer].select(axis, head))

    return map_of(model, corrupted_tokens, metric, activation, edit)


@misconception("Only the first prompt of the batch is patched. Patch all prompts.")
def first_prompt_only(model, corrupted_tokens, clean_cache, metric, activation="z"):
    refuse_unknown(activation)
    axis = 0 if activation == "pattern" else 1

    def edit(value, layer, head):
        value[0].select(axis, head).copy_(clean_cache[activation, layer][0].select(axis, head))

    return map_of(model, corrupted_tokens, metric, activation, edit)


@misconception(
    "Every prompt gets the *mean* of the clean activations over the batch. Each has its own clean twin: keep the batch axis."
)
def mean_prompt_for_all(model, corrupted_tokens, clean_cache, metric, activation="z"):
    refuse_unknown(activation)
    axis = 1 if activation == "pattern" else 2

    def edit(value, layer, head):
        clean = clean_cache[activation, layer].mean(0, keepdim=True).expand_as(value)
        value.select(axis, head).copy_(clean.select(axis, head))

    return map_of(model, corrupted_tokens, metric, activation, edit)


@misconception("You index the last axis with the head's number. The head has an axis of its own: look at the table.")
def last_axis_for_head(model, corrupted_tokens, clean_cache, metric, activation="z"):
    refuse_unknown(activation)

    def edit(value, layer, head):
        place = min(head, value.shape[-1] - 1)
        value[..., place] = clean_cache[activation, layer][..., place]

    return map_of(model, corrupted_tokens, metric, activation, edit)


@misconception("Your map has one axis. Reshape it to `[layer, head]`.")
def flat_map(model, corrupted_tokens, clean_cache, metric, activation="z"):
    return right_map(model, corrupted_tokens, clean_cache, metric, activation).flatten()


@misconception("Your map is a list of lists. Return a tensor, `[layer, head]`.")
def list_of_lists(model, corrupted_tokens, clean_cache, metric, activation="z"):
    return right_map(model, corrupted_tokens, clean_cache, metric, activation).tolist()


@misconception("The first position alone is patched. The definition patches a head at all positions.")
def first_position_only(model, corrupted_tokens, clean_cache, metric, activation="z"):
    refuse_unknown(activation)

    def edit(value, layer, head):
        clean = clean_cache[activation, layer]
        if activation == "pattern":
            value[:, head, 0] = clean[:, head, 0]
        else:
            value[:, 0, head] = clean[:, 0, head]

    return map_of(model, corrupted_tokens, metric, activation, edit)


@misconception(
    "An activation that is none of the five ends in an `AssertionError`. The docstring asks for a `ValueError`: use `if` and "
    "`raise`."
)
def asserted(model, corrupted_tokens, clean_cache, metric, activation="z"):
    assert activation in ACTIVATIONS
    return right_map(model, corrupted_tokens, clean_cache, metric, activation)


@misconception('You patch the pattern where no activation is named. The default is `"z"`.')
def pattern_by_default(model, corrupted_tokens, clean_cache, metric, activation="pattern"):
    return right_map(model, corrupted_tokens, clean_cache, metric, activation)


@misconception("Your first row is the last layer. Row 0 belongs to layer 0.")
def last_layer_first(model, corrupted_tokens, clean_cache, metric, activation="z"):
    return right_map(model, corrupted_tokens, clean_cache, metric, activation).flip(0)


@misconception(
    "For the pattern your map has as many columns as there are positions, and each is a *query* with all its heads: you go along the "
    "third axis. A pattern has its heads on the second axis: `[batch, head, query, key]`."
)
def queries_for_heads(model, corrupted_tokens, clean_cache, metric, activation="z"):
    if activation != "pattern":
        return right_map(model, corrupted_tokens, clean_cache, metric, activation)

    def edit(value, layer, query):
        value[:, :, query] = clean_cache["pattern", layer][:, :, query]

    return map_of(model, corrupted_tokens, metric, activation, edit, range(corrupted_tokens.shape[1]))
