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
