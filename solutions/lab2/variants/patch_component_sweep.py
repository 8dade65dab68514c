"""Right and wrong ways to patch the outputs of attention layers and MLPs."""

from functools import partial

import torch
from transformer_lens import patching

from mechgrade.authoring.variants import accepted, misconception


def replace(output, hook, position, clean):
    """The hook: one position from another run."""
    output = output.clone()
    output[:, position] = clean[:, position]
    return output


def sweep(model, tokens, metric, hooks_of):
    """One map: the metric with the hooks of every layer and position in turn."""
    rows = [
        [metric(model.run_with_hooks(tokens, fwd_hooks=hooks_of(layer, p))) for p in range(tokens.shape[1])]
        for layer in range(model.cfg.n_layers)
    ]
    return torch.stack([torch.stack(row) for row in rows])


def patched_at(cache, part, hook=replace):
    """The hooks that patch one part, `hook_attn_out` for instance, at a layer and position."""

    def hooks_of(layer, position):
        name = f"blocks.{layer}.{part}"
        return [(name, partial(hook, position=position, clean=cache[name]))]

    return hooks_of


def both_maps(model, tokens, cache, metric, attn="hook_attn_out", mlp="hook_mlp_out", hook=replace):
    """The two maps, patched at the named hook points."""
    return {
        "attn_out": sweep(model, tokens, metric, patched_at(cache, attn, hook)),
        "mlp_out": sweep(model, tokens, metric, patched_at(cache, mlp, hook)),
    }


@accepted
def by_the_library(model, corrupted_tokens, clean_cache, metric):
    """`transformer_lens.patching` makes the same maps."""
    return {
        "attn_out": patching.get_act_patch_attn_out(model, corrupted_tokens, clean_cache, metric),
        "mlp_out": patching.get_act_patch_mlp_out(model, corrupted_tokens, clean_cache, metric),
    }


@accepted
def before_the_last_matrix(model, corrupted_tokens, clean_cache, metric):
    """All heads' z, and the MLP's neurons: the outputs are fixed linear maps of them."""
    return both_maps(model, corrupted_tokens, clean_cache, metric, "attn.hook_z", "mlp.hook_post")


@accepted
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
        "mlp_out": sweep(model, corrupted_tokens, metric, partial(hooks_of, "hook_mlp_out", "hook_resid_post")),
        "attn_out": sweep(model, corrupted_tokens, metric, partial(hooks_of, "hook_attn_out", "hook_attn_out")),
    }


@misconception(
    "Your two maps are exchanged: under `attn_out` stands what patching the MLPs gives, and the other way round."
)
def exchanged(model, corrupted_tokens, clean_cache, metric):
    return both_maps(model, corrupted_tokens, clean_cache, metric, "hook_mlp_out", "hook_attn_out")


@misconception(
    "Your MLP map patches the residual stream *behind* the MLP (`hook_resid_post`), not what the MLP writes. The stream "
    "also carries everything that was there before. Check the name of the hook."
)
def stream_behind(model, corrupted_tokens, clean_cache, metric):
    return both_maps(model, corrupted_tokens, clean_cache, metric, "hook_attn_out", "hook_resid_post")


@misconception(
    "Your attention map patches the residual stream *before* the layer (`hook_resid_pre`), which also goes on beside the "
    "attention layer. Asked for is what attention writes. Check the name of the hook."
)
def stream_before(model, corrupted_tokens, clean_cache, metric):
    return both_maps(model, corrupted_tokens, clean_cache, metric, "hook_resid_pre", "hook_mlp_out")


@misconception(
    "Your attention map patches the whole residual stream *behind* the attention layer (`hook_resid_mid`), not what "
    "attention writes into it. Check the name of the hook."
)
def stream_between(model, corrupted_tokens, clean_cache, metric):
    def in_place(resid, hook, position, clean):
        resid[:, position] = clean[:, position]
        return resid

    maps = both_maps(model, corrupted_tokens, clean_cache, metric)
    wrong = sweep(model, corrupted_tokens, metric, patched_at(clean_cache, "hook_resid_mid", in_place))
    return {**maps, "attn_out": wrong}


@misconception(
    "Your maps are flat: every cell has the corrupted run's value, so no patch had an effect. Either the hook does not "
    "return what it changed, or its name is none that the model knows (a TransformerBridge does not complain)."
)
def no_effect(model, corrupted_tokens, clean_cache, metric):
    return both_maps(model, corrupted_tokens, clean_cache, metric, hook=lambda output, hook, position, clean: output)


@misconception(
    "Your two maps are the same: both parts are patched in one run. Then nobody can tell which of them it was. Give each "
    "part runs of its own."
)
def both_at_once(model, corrupted_tokens, clean_cache, metric):
    attn, mlp = patched_at(clean_cache, "hook_attn_out"), patched_at(clean_cache, "hook_mlp_out")
    found = sweep(model, corrupted_tokens, metric, lambda layer, p: attn(layer, p) + mlp(layer, p))
    return {"attn_out": found, "mlp_out": found.clone()}


@misconception(
    "All positions of a row have the same value: your hook replaces the whole output, at every position. Only the "
    "position of the cell should come from the clean run."
)
def all_positions(model, corrupted_tokens, clean_cache, metric):
    return both_maps(model, corrupted_tokens, clean_cache, metric, hook=lambda output, hook, position, clean: clean)


@misconception(
    "You add the clean output to the one of the present run. Then the part has written twice. Patching replaces."
)
def added(model, corrupted_tokens, clean_cache, metric):
    def hook(output, hook, position, clean):
        output = output.clone()
        output[:, position] += clean[:, position]
        return output

    return both_maps(model, corrupted_tokens, clean_cache, metric, hook=hook)


@misconception(
    "You set the output to zero instead of replacing it: that is ablation, and it asks what happens without the part. "
    "Here it should write what it wrote in the clean run."
)
def ablated(model, corrupted_tokens, clean_cache, metric):
    def hook(output, hook, position, clean):
        output = output.clone()
        output[:, position] = 0
        return output

    return both_maps(model, corrupted_tokens, clean_cache, metric, hook=hook)


@misconception(
    "Every prompt gets the clean output of the *first* prompt. Each has its own clean twin: keep the batch axis when you "
    "read the cache."
)
def first_prompt_for_all(model, corrupted_tokens, clean_cache, metric):
    def hook(output, hook, position, clean):
        output = output.clone()
        output[:, position] = clean[0, position]
        return output

    return both_maps(model, corrupted_tokens, clean_cache, metric, hook=hook)


@misconception(
    "Your patches pile up: earlier hooks are still attached when the next cell is computed. Take each hook off after its "
    "run, or let `run_with_hooks` do it."
)
def piled_up(model, corrupted_tokens, clean_cache, metric):
    maps = {}
    for part in ("attn_out", "mlp_out"):
        rows = []
        for layer in range(model.cfg.n_layers):
            name = f"blocks.{layer}.hook_{part}"
            row = []
            for position in range(corrupted_tokens.shape[1]):
                model.add_hook(name, partial(replace, position=position, clean=clean_cache[name]))
                row.append(metric(model(corrupted_tokens)))
            rows.append(torch.stack(row))
        maps[part] = torch.stack(rows)
    model.reset_hooks()
    return maps


@misconception(
    "Rows and columns are swapped: each map should be `[layer, pos]`, and yours are `[pos, layer]`. With as many layers "
    "as positions nobody would notice."
)
def positions_first(model, corrupted_tokens, clean_cache, metric):
    return {part: found.T for part, found in both_maps(model, corrupted_tokens, clean_cache, metric).items()}


@misconception(
    "You return the change against the corrupted run. The metric of the patched run itself is asked for; to put it on a "
    "scale is another step."
)
def change_returned(model, corrupted_tokens, clean_cache, metric):
    base = metric(model(corrupted_tokens))
    return {part: found - base for part, found in both_maps(model, corrupted_tokens, clean_cache, metric).items()}


@misconception(
    "Your rows are in the alphabetical order of the hook names, in which layer 10 comes before layer 2. Count the layers "
    "as numbers."
)
def sorted_as_text(model, corrupted_tokens, clean_cache, metric):
    maps = both_maps(model, corrupted_tokens, clean_cache, metric)
    return {part: found[sorted(range(len(found)), key=str)] for part, found in maps.items()}


@misconception(
    'Row 1 of your maps patches the layers from 10 on together with layer 1: all their names begin with "blocks.1". '
    "Compare whole names."
)
def layers_by_prefix(model, corrupted_tokens, clean_cache, metric):
    def hooks_of(part, layer, position):
        layers = [other for other in range(model.cfg.n_layers) if str(other).startswith(str(layer))]
        return [hook for other in layers for hook in patched_at(clean_cache, part)(other, position)]

    return {
        "attn_out": sweep(model, corrupted_tokens, metric, partial(hooks_of, "hook_attn_out")),
        "mlp_out": sweep(model, corrupted_tokens, metric, partial(hooks_of, "hook_mlp_out")),
    }


@misconception(
    "You give the metric log-probabilities. A difference of two logits does not show it, other metrics do: hand the "
    "logits on as the model gives them."
)
def metric_of_log_probabilities(model, corrupted_tokens, clean_cache, metric):
    return both_maps(model, corrupted_tokens, clean_cache, lambda logits: metric(logits.log_softmax(-1)))


@misconception(
    "You give the metric the logits of the last position alone. It is to get those of all positions, "
    "`[batch, pos, d_vocab]`: which of them count is the metric's business."
)
def metric_of_the_last_position(model, corrupted_tokens, clean_cache, metric):
    return both_maps(model, corrupted_tokens, clean_cache, lambda logits: metric(logits[:, -1:]))


@misconception(
    "You call the metric for each prompt alone and average. It is to get all prompts at once, `[batch, pos, d_vocab]`; "
    "a metric can belong to these very prompts, or be no mean."
)
def metric_prompt_by_prompt(model, corrupted_tokens, clean_cache, metric):
    def mean(logits):
        return torch.stack([metric(one[None]) for one in logits]).mean()

    return both_maps(model, corrupted_tokens, clean_cache, mean)


@misconception(
    "When the metric fails, your last hook stays on the model. Take it off in a `finally`, or use `run_with_hooks`, which "
    "takes its hooks off before the metric is called."
)
def hook_left_after_an_error(model, corrupted_tokens, clean_cache, metric):
    maps = {}
    for part in ("attn_out", "mlp_out"):
        rows = []
        for layer in range(model.cfg.n_layers):
            name = f"blocks.{layer}.hook_{part}"
            row = []
            for position in range(corrupted_tokens.shape[1]):
                model.add_hook(name, partial(replace, position=position, clean=clean_cache[name]))
                row.append(metric(model(corrupted_tokens)))
                model.reset_hooks()
            rows.append(torch.stack(row))
        maps[part] = torch.stack(rows)
    return maps


@misconception(
    "Your maps are right, but the last hook is still attached to the model. Whoever uses the model next gets patched runs. "
    "`run_with_hooks` takes its hooks off."
)
def last_hook_left(model, corrupted_tokens, clean_cache, metric):
    maps = both_maps(model, corrupted_tokens, clean_cache, metric)
    name = f"blocks.{model.cfg.n_layers - 1}.hook_mlp_out"
    model.add_hook(name, partial(replace, position=0, clean=clean_cache[name]))
    return maps


@misconception(
    "Your MLP map patches the attention layer's output too. Each map patches one part alone: give each run hooks of its "
    "own."
)
def both_in_the_second_map(model, corrupted_tokens, clean_cache, metric):
    attn, mlp = patched_at(clean_cache, "hook_attn_out"), patched_at(clean_cache, "hook_mlp_out")
    return {
        "attn_out": sweep(model, corrupted_tokens, metric, attn),
        "mlp_out": sweep(model, corrupted_tokens, metric, lambda layer, at: attn(layer, at) + mlp(layer, at)),
    }


@misconception(
    "Your maps are right, but the clean cache is changed: entries are missing or have other values afterwards. The next "
    "experiment needs it as it is."
)
def cache_emptied(model, corrupted_tokens, clean_cache, metric):
    maps = both_maps(model, corrupted_tokens, clean_cache, metric)
    for layer in range(model.cfg.n_layers):
        for part in ("hook_attn_out", "hook_mlp_out"):
            del clean_cache.cache_dict[f"blocks.{layer}.{part}"]
    return maps


@misconception(
    "Every prompt gets the *mean* of the clean outputs over the batch. Each prompt has its own clean twin: keep the batch "
    "axis when you read the cache."
)
def mean_prompt_for_all(model, corrupted_tokens, clean_cache, metric):
    def hook(output, hook, position, clean):
        return replace(output, hook, position, clean.mean(0, keepdim=True))

    return both_maps(model, corrupted_tokens, clean_cache, metric, hook=hook)


@misconception('The keys of your dict are `"attn"` and `"mlp"`. Name the two maps `"attn_out"` and `"mlp_out"`.')
def keys_shortened(model, corrupted_tokens, clean_cache, metric):
    maps = both_maps(model, corrupted_tokens, clean_cache, metric)
    return {"attn": maps["attn_out"], "mlp": maps["mlp_out"]}


@misconception("You return the two maps as a tuple. A dict is asked for, with the keys `attn_out` and `mlp_out`.")
def maps_in_a_tuple(model, corrupted_tokens, clean_cache, metric):
    return tuple(both_maps(model, corrupted_tokens, clean_cache, metric).values())


@misconception(
    "Your last column repeats the one before it: the last position is never patched. Every position has a run of its own."
)
def last_position_missing(model, corrupted_tokens, clean_cache, metric):
    maps = both_maps(model, corrupted_tokens, clean_cache, metric)
    return {part: torch.cat([found[:, :-1], found[:, -2:-1]], dim=1) for part, found in maps.items()}


@misconception(
    "Your maps are divided by the metric of the corrupted run. The metric itself is asked for; to put it on a scale is "
    "another step."
)
def divided(model, corrupted_tokens, clean_cache, metric):
    base = metric(model(corrupted_tokens))
    return {part: found / base for part, found in both_maps(model, corrupted_tokens, clean_cache, metric).items()}


@misconception(
    "The last row of your MLP map has the corrupted run's metric everywhere: the last MLP is never patched. Every layer "
    "has its row."
)
def last_mlp_left_out(model, corrupted_tokens, clean_cache, metric):
    maps = both_maps(model, corrupted_tokens, clean_cache, metric)
    maps["mlp_out"][-1] = metric(model(corrupted_tokens))
    return maps


@misconception(
    "A cell of your maps patches all layers up to its own. Patch one layer at a time: begin each run with its own hook "
    "alone."
)
def layers_add_up(model, corrupted_tokens, clean_cache, metric):
    def hooks_of(part, layer, position):
        return [hook for other in range(layer + 1) for hook in patched_at(clean_cache, part)(other, position)]

    return {
        "attn_out": sweep(model, corrupted_tokens, metric, partial(hooks_of, "hook_attn_out")),
        "mlp_out": sweep(model, corrupted_tokens, metric, partial(hooks_of, "hook_mlp_out")),
    }


@misconception(
    "Your attention map patches `hook_resid_mid`, the stream *after* attention, not what attention writes. On a "
    "`TransformerBridge` this changes what the MLP reads, and nothing else."
)
def read_by_the_mlp(model, corrupted_tokens, clean_cache, metric):
    return both_maps(model, corrupted_tokens, clean_cache, metric, "hook_resid_mid", "hook_mlp_out")


@misconception(
    "Your maps are right, but tensors of the clean cache have other values afterwards: something is written into them in "
    "place. Write into a copy."
)
def cached_outputs_overwritten(model, corrupted_tokens, clean_cache, metric):
    maps = both_maps(model, corrupted_tokens, clean_cache, metric)
    for layer in range(model.cfg.n_layers):
        output = clean_cache[f"blocks.{layer}.hook_mlp_out"]
        output[:, -1] += 1
    return maps


@misconception(
    "Your hooks have names that only a `TransformerBridge` knows, such as `blocks.0.attn.hook_out`; a `HookedTransformer` "
    "fails on them. Both know `blocks.0.hook_attn_out` and `blocks.0.hook_mlp_out`."
)
def names_of_the_bridge(model, corrupted_tokens, clean_cache, metric):
    def hooks_of(part, layer, position):
        clean = clean_cache[f"blocks.{layer}.hook_{part}_out"]
        return [(f"blocks.{layer}.{part}.hook_out", partial(replace, position=position, clean=clean))]

    return {f"{part}_out": sweep(model, corrupted_tokens, metric, partial(hooks_of, part)) for part in ("attn", "mlp")}
