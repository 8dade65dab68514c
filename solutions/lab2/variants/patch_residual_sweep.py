"""Right and wrong ways to sweep the residual stream, and the outputs of attention layers and MLPs."""

from functools import partial

import torch
from transformer_lens import patching

from mechgrade.authoring.variants import accepted, misconception


def stream(layer, place="resid_pre"):
    """The hook name of the residual stream at a layer."""
    return f"blocks.{layer}.hook_{place}"


def cached(model, tokens, place="resid_pre"):
    """The residual stream of every layer in a run."""
    names = [stream(layer, place) for layer in range(model.cfg.n_layers)]
    return model.run_with_cache(tokens, names_filter=names)[1]


def replace(resid, hook, position, clean):
    """The hook: one position from another run."""
    resid = resid.clone()
    resid[:, position] = clean[:, position]
    return resid


def sweep(model, tokens, cache, metric, place="resid_pre", hook=replace):
    """Every layer and position in turn."""
    rows = [
        [
            metric(
                model.run_with_hooks(
                    tokens,
                    fwd_hooks=[(stream(layer, place), partial(hook, position=p, clean=cache[stream(layer, place)]))],
                )
            )
            for p in range(tokens.shape[1])
        ]
        for layer in range(model.cfg.n_layers)
    ]
    return torch.stack([torch.stack(row) for row in rows])


def right_map(model, clean_tokens, corrupted_tokens, metric):
    """The right answer."""
    return sweep(model, corrupted_tokens, cached(model, clean_tokens), metric)


@accepted
def by_the_library(model, clean_tokens, corrupted_tokens, metric):
    """`transformer_lens.patching` makes the same map."""
    _, cache = model.run_with_cache(clean_tokens)
    return patching.get_act_patch_resid_pre(model, corrupted_tokens, cache, metric)


@accepted
def in_place_with_context(model, clean_tokens, corrupted_tokens, metric):
    """Edits in place, hooks by a context manager, numbers into a prepared tensor."""
    _, cache = model.run_with_cache(clean_tokens)
    layers, positions = model.cfg.n_layers, corrupted_tokens.shape[1]
    found = torch.zeros(layers, positions, dtype=cache["resid_pre", 0].dtype, device=corrupted_tokens.device)
    for layer in range(layers):
        for position in range(positions):

            def hook(resid, hook, layer=layer, position=position):
                resid[:, position] = cache["resid_pre", layer][:, position]
                return resid

            with model.hooks(fwd_hooks=[(stream(layer), hook)]):
                found[layer, position] = metric(model(corrupted_tokens)).item()
    return found


@accepted
def by_masks(model, clean_tokens, corrupted_tokens, metric):
    """A mask over the positions; hooks attached by hand and taken off after each run; positions outside."""
    cache = cached(model, clean_tokens)
    columns = []
    for here in torch.eye(corrupted_tokens.shape[1], dtype=torch.bool, device=corrupted_tokens.device):
        column = []
        for layer in range(model.cfg.n_layers):
            clean = cache[stream(layer)]
            model.add_hook(stream(layer), lambda resid, hook, m=here, c=clean: torch.where(m[None, :, None], c, resid))
            try:
                column.append(metric(model(corrupted_tokens)))
            finally:
                model.reset_hooks()
        columns.append(torch.stack(column))
    return torch.stack(columns, dim=1)


@misconception(
    "You patch in the other direction: corrupted activations into the clean run. That is noising, and asks what is "
    "*needed*. Here the model should run on the corrupted prompts, with clean activations put in."
)
def noising(model, clean_tokens, corrupted_tokens, metric):
    return sweep(model, clean_tokens, cached(model, corrupted_tokens), metric)


@misconception(
    "Your map is flat: every cell has the corrupted run's value, so no patch had an effect. Either the hook does not "
    "return what it changed, or the cached activations come from the corrupted prompts, or the hook's name is none that "
    "the model knows (a TransformerBridge does not complain)."
)
def no_effect(model, clean_tokens, corrupted_tokens, metric):
    return sweep(model, corrupted_tokens, cached(model, corrupted_tokens), metric)


@misconception(
    "You patch the stream *after* each layer (`hook_resid_post`), so your map is one layer off: its first row belongs to "
    "the second layer. Asked for is the stream that enters the layer."
)
def after_the_layer(model, clean_tokens, corrupted_tokens, metric):
    return sweep(model, corrupted_tokens, cached(model, clean_tokens, "resid_post"), metric, "resid_post")


@misconception(
    "The activations that you put in belong to another layer: you read the clean stream *after* the layer and put it in "
    "*before* it. Read and write at the same place."
)
def read_elsewhere(model, clean_tokens, corrupted_tokens, metric):
    after = cached(model, clean_tokens, "resid_post")
    cache = {stream(layer): after[stream(layer, "resid_post")] for layer in range(model.cfg.n_layers)}
    return sweep(model, corrupted_tokens, cache, metric)


@misconception(
    "All positions of a row have the same value: your hook replaces the whole stream instead of one position, so the run "
    "becomes the clean one."
)
def all_positions(model, clean_tokens, corrupted_tokens, metric):
    return sweep(
        model, corrupted_tokens, cached(model, clean_tokens), metric, hook=lambda r, hook, position, clean: clean
    )


@misconception(
    "Your patches pile up: hooks of earlier cells are still attached when the next one runs, so a cell shows everything "
    "that was patched up to it. Take each hook off after its run, or let `run_with_hooks` do it."
)
def piled_up(model, clean_tokens, corrupted_tokens, metric):
    cache = cached(model, clean_tokens)
    rows = []
    for layer in range(model.cfg.n_layers):
        row = []
        for position in range(corrupted_tokens.shape[1]):
            model.add_hook(stream(layer), partial(replace, position=position, clean=cache[stream(layer)]))
            row.append(metric(model(corrupted_tokens)))
        rows.append(torch.stack(row))
    model.reset_hooks()
    return torch.stack(rows)


@misconception(
    "Your map is right, but the last hook is still attached to the model. Whoever uses the model next gets patched runs "
    "without knowing. Take hooks off *after* each run, not before the next; `run_with_hooks` does it for you."
)
def last_hook_left(model, clean_tokens, corrupted_tokens, metric):
    cache = cached(model, clean_tokens)
    rows = []
    for layer in range(model.cfg.n_layers):
        row = []
        for position in range(corrupted_tokens.shape[1]):
            model.reset_hooks()
            model.add_hook(stream(layer), partial(replace, position=position, clean=cache[stream(layer)]))
            row.append(metric(model(corrupted_tokens)))
        rows.append(torch.stack(row))
    return torch.stack(rows)


@misconception(
    "Every cell has the value of the very last one. Your hooks were made in a loop and look up the layer and the position "
    "when they are called, and by then the loop has ended. Bind the values when you make the hook."
)
def late_binding(model, clean_tokens, corrupted_tokens, metric):
    cache = cached(model, clean_tokens)
    layers, positions = model.cfg.n_layers, corrupted_tokens.shape[1]
    last = partial(replace, position=positions - 1, clean=cache[stream(layers - 1)])
    value = metric(model.run_with_hooks(corrupted_tokens, fwd_hooks=[(stream(layers - 1), last)]))
    return value.expand(layers, positions).clone()


@misconception("Rows and columns are swapped: the map should be `[layer, pos]`, and yours is `[pos, layer]`.")
def positions_first(model, clean_tokens, corrupted_tokens, metric):
    return sweep(model, corrupted_tokens, cached(model, clean_tokens), metric).T


@misconception(
    "You leave out position 0, so all your columns are one place off. A patch at BOS is dull, since both prompts have it, "
    "but it keeps the columns and the tokens together."
)
def bos_left_out(model, clean_tokens, corrupted_tokens, metric):
    return sweep(model, corrupted_tokens, cached(model, clean_tokens), metric)[:, 1:]


@misconception(
    "You return the change against the corrupted run. The metric of the patched run itself is asked for; to put it on a "
    "scale is another step."
)
def change_returned(model, clean_tokens, corrupted_tokens, metric):
    return sweep(model, corrupted_tokens, cached(model, clean_tokens), metric) - metric(model(corrupted_tokens))


@misconception(
    "A cell of your map patches all positions up to its own: a slice `[:position + 1]` is a whole beginning. Patch one "
    "position at a time."
)
def up_to_the_position(model, clean_tokens, corrupted_tokens, metric):
    def hook(resid, hook, position, clean):
        return torch.cat([clean[:, : position + 1], resid[:, position + 1 :]], dim=1)

    return sweep(model, corrupted_tokens, cached(model, clean_tokens), metric, hook=hook)


@misconception(
    "Your rows are in the alphabetical order of the hook names, in which layer 10 comes before layer 2. Count the layers "
    "as numbers."
)
def sorted_as_text(model, clean_tokens, corrupted_tokens, metric):
    found = right_map(model, clean_tokens, corrupted_tokens, metric)
    return found[sorted(range(len(found)), key=str)]


@misconception(
    "From layer 10 on you patch another layer: its number is read from a single character of the name. Build the name "
    "from the number."
)
def one_digit(model, clean_tokens, corrupted_tokens, metric):
    cache = cached(model, clean_tokens)
    rows = []
    for name in map(stream, range(model.cfg.n_layers)):
        row = []
        for position in range(corrupted_tokens.shape[1]):
            hooks = [(stream(name[7]), partial(replace, position=position, clean=cache[name]))]
            row.append(metric(model.run_with_hooks(corrupted_tokens, fwd_hooks=hooks)))
        rows.append(torch.stack(row))
    return torch.stack(rows)


@misconception(
    "You give the metric log-probabilities. A difference of two logits does not show it, other metrics do: hand the "
    "logits on as the model gives them."
)
def metric_of_log_probabilities(model, clean_tokens, corrupted_tokens, metric):
    return right_map(model, clean_tokens, corrupted_tokens, lambda logits: metric(logits.log_softmax(-1)))


@misconception(
    "You give the metric the logits of the last position alone. It is to get those of all positions, "
    "`[batch, pos, d_vocab]`: which of them count is the metric's business."
)
def metric_of_the_last_position(model, clean_tokens, corrupted_tokens, metric):
    return right_map(model, clean_tokens, corrupted_tokens, lambda logits: metric(logits[:, -1:]))


@misconception(
    "You call the metric for each prompt alone and average. It is to get all prompts at once, `[batch, pos, d_vocab]`; "
    "a metric can belong to these very prompts, or be no mean."
)
def metric_prompt_by_prompt(model, clean_tokens, corrupted_tokens, metric):
    def mean(logits):
        return torch.stack([metric(one[None]) for one in logits]).mean()

    return right_map(model, clean_tokens, corrupted_tokens, mean)


@misconception(
    "When the metric fails, your last hook stays on the model. Take it off in a `finally`, or use `run_with_hooks`, which "
    "takes its hooks off before the metric is called."
)
def hook_left_after_an_error(model, clean_tokens, corrupted_tokens, metric):
    cache = cached(model, clean_tokens)
    rows = []
    for name in map(stream, range(model.cfg.n_layers)):
        row = []
        for position in range(corrupted_tokens.shape[1]):
            model.add_hook(name, partial(replace, position=position, clean=cache[name]))
            row.append(metric(model(corrupted_tokens)))
            model.reset_hooks()
        rows.append(torch.stack(row))
    return torch.stack(rows)


_KEPT = {}


@misconception(
    "Your first sweep is right, but a second one with other prompts of the same shape uses the clean run of the first. "
    "Run the model on the `clean_tokens` that you are given."
)
def clean_run_kept(model, clean_tokens, corrupted_tokens, metric):
    key = (id(model), clean_tokens.shape)
    if key not in _KEPT:
        _KEPT[key] = cached(model, clean_tokens)
    return sweep(model, corrupted_tokens, _KEPT[key], metric)


@misconception(
    "A cell of your map patches all positions from its own to the end: a slice `[position:]` is a whole end. Patch one "
    "position at a time."
)
def from_the_position_on(model, clean_tokens, corrupted_tokens, metric):
    def hook(resid, hook, position, clean):
        return torch.cat([resid[:, :position], clean[:, position:]], dim=1)

    return sweep(model, corrupted_tokens, cached(model, clean_tokens), metric, hook=hook)


@misconception(
    "Your column of position 0 holds zeros. A patch at BOS is a run like all others, and its metric belongs there."
)
def zeros_at_bos(model, clean_tokens, corrupted_tokens, metric):
    found = right_map(model, clean_tokens, corrupted_tokens, metric)
    found[:, 0] = 0
    return found


@misconception(
    "Your map has a row too many, for the stream *after* the last layer. Asked for is the stream that enters each layer."
)
def row_after_the_last_layer(model, clean_tokens, corrupted_tokens, metric):
    name = stream(model.cfg.n_layers - 1, "resid_post")
    clean = model.run_with_cache(clean_tokens, names_filter=name)[1][name]
    more = [
        metric(
            model.run_with_hooks(corrupted_tokens, fwd_hooks=[(name, partial(replace, position=position, clean=clean))])
        )
        for position in range(corrupted_tokens.shape[1])
    ]
    return torch.cat([right_map(model, clean_tokens, corrupted_tokens, metric), torch.stack(more)[None]])


@misconception(
    "Every prompt gets the clean stream of the *first* prompt. Each has its own clean twin: keep the batch axis when you "
    "read the cache."
)
def first_prompt_for_all(model, clean_tokens, corrupted_tokens, metric):
    def hook(resid, hook, position, clean):
        return replace(resid, hook, position, clean[:1])

    return sweep(model, corrupted_tokens, cached(model, clean_tokens), metric, hook=hook)


@misconception("Only the first prompt of the batch is patched; the others run unchanged. Patch every prompt.")
def first_prompt_only(model, clean_tokens, corrupted_tokens, metric):
    def hook(resid, hook, position, clean):
        resid = resid.clone()
        resid[0, position] = clean[0, position]
        return resid

    return sweep(model, corrupted_tokens, cached(model, clean_tokens), metric, hook=hook)


@misconception(
    "Your hook sees the *last* position in every cell of a row: the hooks were made first, and look the position up when "
    "they are called. Bind the value when you make the hook."
)
def late_binding_in_a_row(model, clean_tokens, corrupted_tokens, metric):
    found = right_map(model, clean_tokens, corrupted_tokens, metric)
    return found[:, -1:].expand_as(found).clone()


@misconception(
    "Your map is on the scale from the corrupted run (0) to the clean run (1). The metric itself is asked for; to put it "
    "on a scale is another step."
)
def normalised(model, clean_tokens, corrupted_tokens, metric):
    top, bottom = metric(model(clean_tokens)), metric(model(corrupted_tokens))
    return (right_map(model, clean_tokens, corrupted_tokens, metric) - bottom) / (top - bottom)


@misconception("Your map is rounded to two places. Give the metric as it is; rounding is for printing.")
def rounded(model, clean_tokens, corrupted_tokens, metric):
    return right_map(model, clean_tokens, corrupted_tokens, metric).round(decimals=2)


@misconception(
    "You look the clean stream up under `hook.name`. On a `TransformerBridge` the hook point has another name than the "
    "one that you cached, `blocks.0.hook_in`. Keep the name that you asked for."
)
def name_of_the_hook_point(model, clean_tokens, corrupted_tokens, metric):
    names = [stream(layer) for layer in range(model.cfg.n_layers)]
    _, cache = model.run_with_cache(clean_tokens, names_filter=lambda name: name in names)
    rows = []
    for name in names:
        row = []
        for position in range(corrupted_tokens.shape[1]):

            def hook_function(resid, hook, position=position):
                return replace(resid, hook, position, cache[hook.name])

            row.append(metric(model.run_with_hooks(corrupted_tokens, fwd_hooks=[(name, hook_function)])))
        rows.append(torch.stack(row))
    return torch.stack(rows)


# --- attention layers and MLPs ---


def replace_of_parts(output, hook, position, clean):
    """The hook: one position from another run."""
    output = output.clone()
    output[:, position] = clean[:, position]
    return output


def sweep_of_parts(model, tokens, metric, hooks_of):
    """One map: the metric with the hooks of every layer and position in turn."""
    rows = [
        [metric(model.run_with_hooks(tokens, fwd_hooks=hooks_of(layer, p))) for p in range(tokens.shape[1])]
        for layer in range(model.cfg.n_layers)
    ]
    return torch.stack([torch.stack(row) for row in rows])


def patched_at(cache, part, hook=replace_of_parts):
    """The hooks that patch one part, `hook_attn_out` for instance, at a layer and position."""

    def hooks_of(layer, position):
        name = f"blocks.{layer}.{part}"
        return [(name, partial(hook, position=position, clean=cache[name]))]

    return hooks_of


def both_maps(model, tokens, cache, metric, attn="hook_attn_out", mlp="hook_mlp_out", hook=replace_of_parts):
    """The two maps, patched at the named hook points."""
    return {
        "attn_out": sweep_of_parts(model, tokens, metric, patched_at(cache, attn, hook)),
        "mlp_out": sweep_of_parts(model, tokens, metric, patched_at(cache, mlp, hook)),
    }


@accepted(replaces="patch_component_sweep")
def by_the_library_of_parts(model, corrupted_tokens, clean_cache, metric):
    """`transformer_lens.patching` makes the same maps."""
    return {
        "attn_out": patching.get_act_patch_attn_out(model, corrupted_tokens, clean_cache, metric),
        "mlp_out": patching.get_act_patch_mlp_out(model, corrupted_tokens, clean_cache, metric),
    }


@accepted(replaces="patch_component_sweep")
def before_the_last_matrix(model, corrupted_tokens, clean_cache, metric):
    """All heads' z, and the MLP's neurons: the outputs are fixed linear maps of them."""
    return both_maps(model, corrupted_tokens, clean_cache, metric, "attn.hook_z", "mlp.hook_post")


@accepted(replaces="patch_component_sweep")
def by_difference(model, corrupted_tokens, clean_cache, metric):
    """The difference of the two runs, added: to attention's output, and to the stream behind the MLP."""
    _, own = model.run_with_cache(corrupted_tokens)

    def hooks_of(output, place, layer, position):
        name = f"blocks.{layer}.{output}"
        change = (clean_cache[name] - own[name])[:, position]

        def add(value, hook):
            value = value.clone()
            value[:, position] += change
            return value

        return [(f"blocks.{layer}.{place}", add)]

    return {
        "mlp_out": sweep_of_parts(
            model, corrupted_tokens, metric, partial(hooks_of, "hook_mlp_out", "hook_resid_post")
        ),
        "attn_out": sweep_of_parts(
            model, corrupted_tokens, metric, partial(hooks_of, "hook_attn_out", "hook_attn_out")
        ),
    }


@misconception(
    "Your two maps are exchanged: under `attn_out` stands what patching the MLPs gives, and the other way round.",
    replaces="patch_component_sweep",
)
def exchanged(model, corrupted_tokens, clean_cache, metric):
    return both_maps(model, corrupted_tokens, clean_cache, metric, "hook_mlp_out", "hook_attn_out")


@misconception(
    "Your MLP map patches the residual stream *behind* the MLP (`hook_resid_post`), not what the MLP writes. The stream "
    "also carries everything that was there before. Check the name of the hook.",
    replaces="patch_component_sweep",
)
def stream_behind(model, corrupted_tokens, clean_cache, metric):
    return both_maps(model, corrupted_tokens, clean_cache, metric, "hook_attn_out", "hook_resid_post")


@misconception(
    "Your attention map patches the residual stream *before* the layer (`hook_resid_pre`), which also goes on beside the "
    "attention layer. Asked for is what attention writes. Check the name of the hook.",
    replaces="patch_component_sweep",
)
def stream_before(model, corrupted_tokens, clean_cache, metric):
    return both_maps(model, corrupted_tokens, clean_cache, metric, "hook_resid_pre", "hook_mlp_out")


@misconception(
    "Your attention map patches the whole residual stream *behind* the attention layer (`hook_resid_mid`), not what "
    "attention writes into it. Check the name of the hook.",
    replaces="patch_component_sweep",
)
def stream_between(model, corrupted_tokens, clean_cache, metric):
    def in_place(resid, hook, position, clean):
        resid[:, position] = clean[:, position]
        return resid

    maps = both_maps(model, corrupted_tokens, clean_cache, metric)
    wrong = sweep_of_parts(model, corrupted_tokens, metric, patched_at(clean_cache, "hook_resid_mid", in_place))
    return {**maps, "attn_out": wrong}


@misconception(
    "Your maps are flat: every cell has the corrupted run's value, so no patch had an effect. Either the hook does not "
    "return what it changed, or its name is none that the model knows (a TransformerBridge does not complain).",
    replaces="patch_component_sweep",
)
def no_effect_of_parts(model, corrupted_tokens, clean_cache, metric):
    return both_maps(model, corrupted_tokens, clean_cache, metric, hook=lambda output, hook, position, clean: output)


@misconception(
    "Your two maps are the same: both parts are patched in one run. Then nobody can tell which of them it was. Give each "
    "part runs of its own.",
    replaces="patch_component_sweep",
)
def both_at_once(model, corrupted_tokens, clean_cache, metric):
    attn, mlp = patched_at(clean_cache, "hook_attn_out"), patched_at(clean_cache, "hook_mlp_out")
    found = sweep_of_parts(model, corrupted_tokens, metric, lambda layer, p: attn(layer, p) + mlp(layer, p))
    return {"attn_out": found, "mlp_out": found.clone()}


@misconception(
    "All positions of a row have the same value: your hook replaces the whole output, at every position. Only the "
    "position of the cell should come from the clean run.",
    replaces="patch_component_sweep",
)
def all_positions_of_parts(model, corrupted_tokens, clean_cache, metric):
    return both_maps(model, corrupted_tokens, clean_cache, metric, hook=lambda output, hook, position, clean: clean)


@misconception(
    "You add the clean output to the one of the present run. Then the part has written twice. Patching replaces.",
    replaces="patch_component_sweep",
)
def added(model, corrupted_tokens, clean_cache, metric):
    def hook(output, hook, position, clean):
        output = output.clone()
        output[:, position] += clean[:, position]
        return output

    return both_maps(model, corrupted_tokens, clean_cache, metric, hook=hook)


@misconception(
    "You set the output to zero instead of replacing it: that is ablation, and it asks what happens without the part. "
    "Here it should write what it wrote in the clean run.",
    replaces="patch_component_sweep",
)
def ablated(model, corrupted_tokens, clean_cache, metric):
    def hook(output, hook, position, clean):
        output = output.clone()
        output[:, position] = 0
        return output

    return both_maps(model, corrupted_tokens, clean_cache, metric, hook=hook)


@misconception(
    "Every prompt gets the clean output of the *first* prompt. Each has its own clean twin: keep the batch axis when you "
    "read the cache.",
    replaces="patch_component_sweep",
)
def first_prompt_for_all_of_parts(model, corrupted_tokens, clean_cache, metric):
    def hook(output, hook, position, clean):
        output = output.clone()
        output[:, position] = clean[0, position]
        return output

    return both_maps(model, corrupted_tokens, clean_cache, metric, hook=hook)


@misconception(
    "Your patches pile up: earlier hooks are still attached when the next cell is computed. Take each hook off after its "
    "run, or let `run_with_hooks` do it.",
    replaces="patch_component_sweep",
)
def piled_up_of_parts(model, corrupted_tokens, clean_cache, metric):
    maps = {}
    for part in ("attn_out", "mlp_out"):
        rows = []
        for layer in range(model.cfg.n_layers):
            name = f"blocks.{layer}.hook_{part}"
            row = []
            for position in range(corrupted_tokens.shape[1]):
                model.add_hook(name, partial(replace_of_parts, position=position, clean=clean_cache[name]))
                row.append(metric(model(corrupted_tokens)))
            rows.append(torch.stack(row))
        maps[part] = torch.stack(rows)
    model.reset_hooks()
    return maps


@misconception(
    "Rows and columns are swapped: each map should be `[layer, pos]`, and yours are `[pos, layer]`. With as many layers "
    "as positions nobody would notice.",
    replaces="patch_component_sweep",
)
def positions_first_of_parts(model, corrupted_tokens, clean_cache, metric):
    return {part: found.T for part, found in both_maps(model, corrupted_tokens, clean_cache, metric).items()}


@misconception(
    "In the maps of attention and MLP you return the change against the corrupted run. The metric of the patched "
    "run itself is asked for; to put it on a scale is another step.",
    replaces="patch_component_sweep",
)
def change_returned_of_parts(model, corrupted_tokens, clean_cache, metric):
    base = metric(model(corrupted_tokens))
    return {part: found - base for part, found in both_maps(model, corrupted_tokens, clean_cache, metric).items()}


@misconception(
    "The rows of your attention and MLP maps are in the alphabetical order of the hook names, in which layer 10 "
    "comes before layer 2. Count the layers as numbers.",
    replaces="patch_component_sweep",
)
def sorted_as_text_of_parts(model, corrupted_tokens, clean_cache, metric):
    maps = both_maps(model, corrupted_tokens, clean_cache, metric)
    return {part: found[sorted(range(len(found)), key=str)] for part, found in maps.items()}


@misconception(
    'Row 1 of your maps patches the layers from 10 on together with layer 1: all their names begin with "blocks.1". '
    "Compare whole names.",
    replaces="patch_component_sweep",
)
def layers_by_prefix(model, corrupted_tokens, clean_cache, metric):
    def hooks_of(part, layer, position):
        layers = [other for other in range(model.cfg.n_layers) if str(other).startswith(str(layer))]
        return [hook for other in layers for hook in patched_at(clean_cache, part)(other, position)]

    return {
        "attn_out": sweep_of_parts(model, corrupted_tokens, metric, partial(hooks_of, "hook_attn_out")),
        "mlp_out": sweep_of_parts(model, corrupted_tokens, metric, partial(hooks_of, "hook_mlp_out")),
    }


@misconception(
    "For attention and MLP you give the metric log-probabilities. A difference of two logits does not show it, "
    "other metrics do: hand the logits on as the model gives them.",
    replaces="patch_component_sweep",
)
def metric_of_log_probabilities_of_parts(model, corrupted_tokens, clean_cache, metric):
    return both_maps(model, corrupted_tokens, clean_cache, lambda logits: metric(logits.log_softmax(-1)))


@misconception(
    "For attention and MLP you give the metric the logits of the last position alone. It is to get those of all "
    "positions, `[batch, pos, d_vocab]`: which of them count is the metric's business.",
    replaces="patch_component_sweep",
)
def metric_of_the_last_position_of_parts(model, corrupted_tokens, clean_cache, metric):
    return both_maps(model, corrupted_tokens, clean_cache, lambda logits: metric(logits[:, -1:]))


@misconception(
    "For attention and MLP you call the metric for each prompt alone and average. It is to get all prompts at "
    "once, `[batch, pos, d_vocab]`; a metric can belong to these very prompts, or be no mean.",
    replaces="patch_component_sweep",
)
def metric_prompt_by_prompt_of_parts(model, corrupted_tokens, clean_cache, metric):
    def mean(logits):
        return torch.stack([metric(one[None]) for one in logits]).mean()

    return both_maps(model, corrupted_tokens, clean_cache, mean)


@misconception(
    "When the metric fails in `patch_component_sweep`, your last hook stays on the model. Take it off in a "
    "`finally`, or use `run_with_hooks`, which takes its hooks off before the metric is called.",
    replaces="patch_component_sweep",
)
def hook_left_after_an_error_of_parts(model, corrupted_tokens, clean_cache, metric):
    maps = {}
    for part in ("attn_out", "mlp_out"):
        rows = []
        for layer in range(model.cfg.n_layers):
            name = f"blocks.{layer}.hook_{part}"
            row = []
            for position in range(corrupted_tokens.shape[1]):
                model.add_hook(name, partial(replace_of_parts, position=position, clean=clean_cache[name]))
                row.append(metric(model(corrupted_tokens)))
                model.reset_hooks()
            rows.append(torch.stack(row))
        maps[part] = torch.stack(rows)
    return maps


@misconception(
    "Your maps are right, but the last hook is still attached to the model. Whoever uses the model next gets patched runs. "
    "`run_with_hooks` takes its hooks off.",
    replaces="patch_component_sweep",
)
def last_hook_left_of_parts(model, corrupted_tokens, clean_cache, metric):
    maps = both_maps(model, corrupted_tokens, clean_cache, metric)
    name = f"blocks.{model.cfg.n_layers - 1}.hook_mlp_out"
    model.add_hook(name, partial(replace_of_parts, position=0, clean=clean_cache[name]))
    return maps


@misconception(
    "Your MLP map patches the attention layer's output too. Each map patches one part alone: give each run hooks of its "
    "own.",
    replaces="patch_component_sweep",
)
def both_in_the_second_map(model, corrupted_tokens, clean_cache, metric):
    attn, mlp = patched_at(clean_cache, "hook_attn_out"), patched_at(clean_cache, "hook_mlp_out")
    return {
        "attn_out": sweep_of_parts(model, corrupted_tokens, metric, attn),
        "mlp_out": sweep_of_parts(model, corrupted_tokens, metric, lambda layer, at: attn(layer, at) + mlp(layer, at)),
    }


@misconception(
    "Your maps are right, but the clean cache is changed: entries are missing or have other values afterwards. The next "
    "experiment needs it as it is.",
    replaces="patch_component_sweep",
)
def cache_emptied(model, corrupted_tokens, clean_cache, metric):
    maps = both_maps(model, corrupted_tokens, clean_cache, metric)
    for layer in range(model.cfg.n_layers):
        for part in ("hook_attn_out", "hook_mlp_out"):
            del clean_cache.cache_dict[f"blocks.{layer}.{part}"]
    return maps


@misconception(
    "Every prompt gets the *mean* of the clean outputs over the batch. Each prompt has its own clean twin: keep the batch "
    "axis when you read the cache.",
    replaces="patch_component_sweep",
)
def mean_prompt_for_all(model, corrupted_tokens, clean_cache, metric):
    def hook(output, hook, position, clean):
        return replace_of_parts(output, hook, position, clean.mean(0, keepdim=True))

    return both_maps(model, corrupted_tokens, clean_cache, metric, hook=hook)


@misconception(
    'The keys of your dict are `"attn"` and `"mlp"`. Name the two maps `"attn_out"` and `"mlp_out"`.',
    replaces="patch_component_sweep",
)
def keys_shortened(model, corrupted_tokens, clean_cache, metric):
    maps = both_maps(model, corrupted_tokens, clean_cache, metric)
    return {"attn": maps["attn_out"], "mlp": maps["mlp_out"]}


@misconception(
    "You return the two maps as a tuple. A dict is asked for, with the keys `attn_out` and `mlp_out`.",
    replaces="patch_component_sweep",
)
def maps_in_a_tuple(model, corrupted_tokens, clean_cache, metric):
    return tuple(both_maps(model, corrupted_tokens, clean_cache, metric).values())


@misconception(
    "Your last column repeats the one before it: the last position is never patched. Every position has a run of its own.",
    replaces="patch_component_sweep",
)
def last_position_missing(model, corrupted_tokens, clean_cache, metric):
    maps = both_maps(model, corrupted_tokens, clean_cache, metric)
    return {part: torch.cat([found[:, :-1], found[:, -2:-1]], dim=1) for part, found in maps.items()}


@misconception(
    "Your maps are divided by the metric of the corrupted run. The metric itself is asked for; to put it on a scale is "
    "another step.",
    replaces="patch_component_sweep",
)
def divided(model, corrupted_tokens, clean_cache, metric):
    base = metric(model(corrupted_tokens))
    return {part: found / base for part, found in both_maps(model, corrupted_tokens, clean_cache, metric).items()}


@misconception(
    "The last row of your MLP map has the corrupted run's metric everywhere: the last MLP is never patched. Every layer "
    "has its row.",
    replaces="patch_component_sweep",
)
def last_mlp_left_out(model, corrupted_tokens, clean_cache, metric):
    maps = both_maps(model, corrupted_tokens, clean_cache, metric)
    maps["mlp_out"][-1] = metric(model(corrupted_tokens))
    return maps


@misconception(
    "A cell of your maps patches all layers up to its own. Patch one layer at a time: begin each run with its own hook "
    "alone.",
    replaces="patch_component_sweep",
)
def layers_add_up(model, corrupted_tokens, clean_cache, metric):
    def hooks_of(part, layer, position):
        return [hook for other in range(layer + 1) for hook in patched_at(clean_cache, part)(other, position)]

    return {
        "attn_out": sweep_of_parts(model, corrupted_tokens, metric, partial(hooks_of, "hook_attn_out")),
        "mlp_out": sweep_of_parts(model, corrupted_tokens, metric, partial(hooks_of, "hook_mlp_out")),
    }


@misconception(
    "Your attention map patches `hook_resid_mid`, the stream *after* attention, not what attention writes. On a "
    "`TransformerBridge` this changes what the MLP reads, and nothing else.",
    replaces="patch_component_sweep",
)
def read_by_the_mlp(model, corrupted_tokens, clean_cache, metric):
    return both_maps(model, corrupted_tokens, clean_cache, metric, "hook_resid_mid", "hook_mlp_out")


@misconception(
    "Your maps are right, but tensors of the clean cache have other values afterwards: something is written into them in "
    "place. Write into a copy.",
    replaces="patch_component_sweep",
)
def cached_outputs_overwritten(model, corrupted_tokens, clean_cache, metric):
    maps = both_maps(model, corrupted_tokens, clean_cache, metric)
    for layer in range(model.cfg.n_layers):
        output = clean_cache[f"blocks.{layer}.hook_mlp_out"]
        output[:, -1] += 1
    return maps


@misconception(
    "Your hooks have names that only a `TransformerBridge` knows, such as `blocks.0.attn.hook_out`; a `HookedTransformer` "
    "fails on them. Both know `blocks.0.hook_attn_out` and `blocks.0.hook_mlp_out`.",
    replaces="patch_component_sweep",
)
def names_of_the_bridge(model, corrupted_tokens, clean_cache, metric):
    def hooks_of(part, layer, position):
        clean = clean_cache[f"blocks.{layer}.hook_{part}_out"]
        return [(f"blocks.{layer}.{part}.hook_out", partial(replace_of_parts, position=position, clean=clean))]

    return {
        f"{part}_out": sweep_of_parts(model, corrupted_tokens, metric, partial(hooks_of, part))
        for part in ("attn", "mlp")
    }


@misconception(
    "You patch `hook_resid_mid`, the stream between a layer's attention and its MLP. On a `TransformerBridge` this changes what "
    "the MLP reads, and nothing else. The map is of `hook_resid_pre`, the stream as it enters the layer."
)
def middle_of_the_layer(model, clean_tokens, corrupted_tokens, metric):
    return sweep(model, corrupted_tokens, cached(model, clean_tokens, "resid_mid"), metric, "resid_mid")


@misconception("Your map has one axis. Reshape it to `[layer, pos]`.")
def flat_map(model, clean_tokens, corrupted_tokens, metric):
    return right_map(model, clean_tokens, corrupted_tokens, metric).flatten()


@misconception("Your map is a list of lists. Return a tensor, `[layer, pos]`.")
def list_of_lists(model, clean_tokens, corrupted_tokens, metric):
    return right_map(model, clean_tokens, corrupted_tokens, metric).tolist()


@misconception(
    "Your numbers are distances from the clean run. The map is asked for as the metric gives it: to compare it is a step of its "
    "own."
)
def distance_from_clean(model, clean_tokens, corrupted_tokens, metric):
    return metric(model(clean_tokens)) - right_map(model, clean_tokens, corrupted_tokens, metric)


@misconception("You write zeros at the position. That is ablation; a patch puts the clean stream there.")
def zeroed(model, clean_tokens, corrupted_tokens, metric):
    def hook(resid, hook, position, clean):
        return replace(resid, hook, position, clean * 0)

    return sweep(model, corrupted_tokens, cached(model, clean_tokens), metric, hook=hook)


@misconception("You add the clean stream to the corrupted one. A patch replaces it.")
def stream_added(model, clean_tokens, corrupted_tokens, metric):
    def hook(resid, hook, position, clean):
        return replace(resid, hook, position, clean + resid)

    return sweep(model, corrupted_tokens, cached(model, clean_tokens), metric, hook=hook)


@misconception(
    "Every prompt gets the *mean* clean stream of the batch. Each prompt has its own clean twin: keep the batch axis."
)
def mean_prompt_for_all_of_stream(model, clean_tokens, corrupted_tokens, metric):
    def hook(resid, hook, position, clean):
        return replace(resid, hook, position, clean.mean(0, keepdim=True))

    return sweep(model, corrupted_tokens, cached(model, clean_tokens), metric, hook=hook)


@misconception("Your first row is the last layer. Row 0 belongs to layer 0.")
def last_layer_first(model, clean_tokens, corrupted_tokens, metric):
    return right_map(model, clean_tokens, corrupted_tokens, metric).flip(0)


@misconception(
    "Your maps patch the first prompt of the batch only. Patch all prompts.", replaces="patch_component_sweep"
)
def first_prompt_only_of_parts(model, corrupted_tokens, clean_cache, metric):
    def hook(output, hook, position, clean):
        output = output.clone()
        output[0, position] = clean[0, position]
        return output

    return both_maps(model, corrupted_tokens, clean_cache, metric, hook=hook)


@misconception(
    "Your maps patch all positions up to the given one. Each cell is one position alone.",
    replaces="patch_component_sweep",
)
def up_to_the_position_of_parts(model, corrupted_tokens, clean_cache, metric):
    def hook(output, hook, position, clean):
        return torch.cat([clean[:, : position + 1], output[:, position + 1 :]], dim=1)

    return both_maps(model, corrupted_tokens, clean_cache, metric, hook=hook)


@misconception(
    "Your maps patch the given position and all that follow. Each cell is one position alone.",
    replaces="patch_component_sweep",
)
def from_the_position_on_of_parts(model, corrupted_tokens, clean_cache, metric):
    def hook(output, hook, position, clean):
        return torch.cat([output[:, :position], clean[:, position:]], dim=1)

    return both_maps(model, corrupted_tokens, clean_cache, metric, hook=hook)


@misconception(
    "All cells of a map are the same: the hooks were made in a loop, and each sees the loop's last values when it is called. Fix "
    "the values when you make the hook.",
    replaces="patch_component_sweep",
)
def late_binding_of_parts(model, corrupted_tokens, clean_cache, metric):
    maps = both_maps(model, corrupted_tokens, clean_cache, metric)
    return {part: found[-1, -1].expand_as(found).clone() for part, found in maps.items()}


@misconception(
    "All cells of a row are the same: each hook sees the loop's last position when it is called. Fix the position when you make "
    "the hook.",
    replaces="patch_component_sweep",
)
def late_binding_in_a_row_of_parts(model, corrupted_tokens, clean_cache, metric):
    maps = both_maps(model, corrupted_tokens, clean_cache, metric)
    return {part: found[:, -1:].expand_as(found).clone() for part, found in maps.items()}


@misconception("Your maps have one axis. Reshape each to `[layer, pos]`.", replaces="patch_component_sweep")
def flat_maps_of_parts(model, corrupted_tokens, clean_cache, metric):
    return {part: found.flatten() for part, found in both_maps(model, corrupted_tokens, clean_cache, metric).items()}


@misconception("Your maps lack the column of BOS. Every position has one.", replaces="patch_component_sweep")
def bos_left_out_of_parts(model, corrupted_tokens, clean_cache, metric):
    return {part: found[:, 1:] for part, found in both_maps(model, corrupted_tokens, clean_cache, metric).items()}


def together_with(**others):
    """Put other functions of the program in their places too, for a mistake in a step that they share."""

    def mark(function):
        globals().update(others)
        return function

    return mark


def sweep_by_added_hooks(model, tokens, metric, names, clean):
    """A map by hooks that nobody takes off where the metric fails."""
    found = torch.empty(len(names), tokens.shape[1], device=tokens.device)
    for row, name in enumerate(names):
        for position in range(tokens.shape[1]):
            model.add_hook(name, partial(replace, position=position, clean=clean[name]))
            found[row, position] = metric(model(tokens)).item()
            model.reset_hooks()
    return found


def sweep_of_the_stream_by_added_hooks(model, clean_tokens, corrupted_tokens, metric):
    names = [stream(layer) for layer in range(model.cfg.n_layers)]
    return sweep_by_added_hooks(model, corrupted_tokens, metric, names, cached(model, clean_tokens))


@misconception(
    "When the metric fails, your last hook stays on the model, in both functions. Take it off in a `finally`, or use `run_with_hooks`, "
    "which takes its hooks off before the metric is called.",
    replaces="patch_component_sweep",
)
@together_with(patch_residual_sweep=sweep_of_the_stream_by_added_hooks)
def hook_left_after_an_error_in_both(model, corrupted_tokens, clean_cache, metric):
    maps = {}
    for part in ("attn_out", "mlp_out"):
        names = [f"blocks.{layer}.hook_{part}" for layer in range(model.cfg.n_layers)]
        maps[part] = sweep_by_added_hooks(model, corrupted_tokens, metric, names, clean_cache)
    return maps
