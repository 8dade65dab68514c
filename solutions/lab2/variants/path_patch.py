"""Right and wrong ways to patch a path."""

import torch

from mechgrade.authoring.variants import accepted, misconception


def refuse_bad_paths(senders, receivers, component):
    """Raise the errors that the exercise asks for: a misconception is wrong in one thing only."""
    if component not in ("q", "k", "v"):
        raise ValueError("an unknown component")
    if any(sender[0] >= receiver[0] for sender in senders for receiver in receivers):
        raise ValueError("a sender that is not earlier")


def change_of(model, orig, new, senders):
    """What the senders' change adds to the residual stream."""
    parts = [(new["z", at] - orig["z", at])[:, :, head] @ model.W_O[at, head] for at, head in senders]
    return sum(parts) if parts else torch.zeros_like(orig["resid_pre", 0])


def freezing(model, orig, new, senders, mlps=True, heads=True):
    """Hooks that hold heads and MLPs at the original run, and put the senders at the new one."""
    hooks = []
    for layer in range(model.cfg.n_layers):

        def set_z(z, hook, layer=layer):
            z = orig["z", layer].clone() if heads else z.clone()
            for at, head in senders:
                if at == layer:
                    z[:, :, head] = new["z", layer][:, :, head]
            return z

        hooks.append((f"blocks.{layer}.attn.hook_z", set_z))
        if mlps:
            hooks.append(
                (f"blocks.{layer}.hook_mlp_out", lambda out, hook, layer=layer: orig["mlp_out", layer].clone())
            )
    return hooks


def replacing(name, values):
    """A hook that sets some heads of an activation: `values` maps a head to its tensor."""

    def replace(value, hook):
        value = value.clone()
        for head, new in values.items():
            value[:, :, head] = new
        return value

    return name, replace


def run(model, tokens, hooks):
    """A run with hooks, without gradients."""
    with torch.no_grad():
        return model.run_with_hooks(tokens, fwd_hooks=hooks)


def inputs_of(model, receivers, component, stream):
    """Hooks for the receivers' inputs computed from `stream(layer)`, the residual stream before their layer."""
    weights, biases = getattr(model, f"W_{component.upper()}"), getattr(model, f"b_{component.upper()}")
    hooks = []
    for layer, head in receivers:
        value = model.blocks[layer].ln1(stream(layer)) @ weights[layer, head] + biases[layer, head]
        hooks.append(replacing(f"blocks.{layer}.attn.hook_{component}", {head: value}))
    return hooks


def heard(model, tokens, receivers, component, hooks):
    """Run with hooks, note the receivers' inputs, and give the hooks that put them in."""
    seen = {}

    def note(value, hook):
        seen[hook.name] = value.clone()

    names = {layer: f"blocks.{layer}.attn.hook_{component}" for layer, _ in receivers}
    run(model, tokens, [*hooks, *((name, note) for name in names.values())])
    return [replacing(names[layer], {head: seen[names[layer]][:, :, head]}) for layer, head in receivers]


def right_heads(model, tokens, orig, new, senders, receivers, component):
    """The right answer, without its refusals."""
    change = change_of(model, orig, new, senders)
    return run(model, tokens, inputs_of(model, receivers, component, lambda layer: orig["resid_pre", layer] + change))


def right_logits(model, orig, new, senders):
    """The right answer."""
    residual = orig["resid_post", model.cfg.n_layers - 1] + change_of(model, orig, new, senders)
    with torch.no_grad():
        return model.unembed(model.ln_final(residual))


@accepted(replaces="path_patch_to_logits")
def frozen_run(model, tokens, orig_cache, new_cache, senders):
    """A run of the whole model with frozen values put back by hooks."""
    return run(model, tokens, freezing(model, orig_cache, new_cache, senders))


@accepted(replaces="path_patch_to_logits")
def by_matrices(model, tokens, orig_cache, new_cache, senders):
    """LayerNorm and unembedding written out, in one contraction over all heads."""
    z = torch.stack([new_cache["z", at] - orig_cache["z", at] for at in range(model.cfg.n_layers)])
    chosen = torch.zeros(z.shape[0], z.shape[3], dtype=z.dtype, device=z.device)
    for at, head in senders:
        chosen[at, head] = 1
    residual = orig_cache["resid_post", model.cfg.n_layers - 1] + torch.einsum(
        "lbphd,lh,lhdm->bpm", z, chosen, model.W_O
    )
    residual = residual - residual.mean(-1, keepdim=True)
    scale = (residual.pow(2).mean(-1, keepdim=True) + model.cfg.eps).sqrt()
    return residual / scale @ model.W_U + model.b_U


@accepted(replaces="path_patch_to_heads")
def three_runs(model, tokens, orig_cache, new_cache, senders, receivers, component):
    """As in the paper: a run with everything frozen, which notes the receivers' inputs; then a run with these."""
    refuse_bad_paths(senders, receivers, component)
    hooks = heard(model, tokens, receivers, component, freezing(model, orig_cache, new_cache, senders))
    return run(model, tokens, hooks)


@accepted(replaces="path_patch_to_heads")
def from_the_receiver_on(model, tokens, orig_cache, new_cache, senders, receivers, component):
    """The receivers' inputs by einsum for all heads of a layer at once; hooks added and reset by hand."""
    refuse_bad_paths(senders, receivers, component)
    weights, biases = getattr(model, f"W_{component.upper()}"), getattr(model, f"b_{component.upper()}")
    change = change_of(model, orig_cache, new_cache, senders)
    for layer in {layer for layer, _ in receivers}:
        stream = model.blocks[layer].ln1(orig_cache[f"blocks.{layer}.hook_resid_pre"] + change)
        every = torch.einsum("bpm,hmd->bphd", stream, weights[layer]) + biases[layer]
        chosen = torch.tensor([(layer, head) in list(map(tuple, receivers)) for head in range(model.cfg.n_heads)])
        chosen = chosen.to(every.device)[:, None]
        model.add_hook(
            f"blocks.{layer}.attn.hook_{component}",
            lambda value, hook, chosen=chosen, every=every: torch.where(chosen, every, value),
        )
    try:
        with torch.no_grad():
            return model(tokens)
    finally:
        model.reset_hooks()


@misconception(
    "Nothing is frozen: you patch the senders and let everything after them be computed from the changed stream. That "
    "is ordinary patching, the effect over *all* paths. Here only the senders' own addition to the stream may change.",
    replaces="path_patch_to_logits",
)
def nothing_frozen(model, tokens, orig_cache, new_cache, senders):
    return run(model, tokens, freezing(model, orig_cache, new_cache, senders, mlps=False, heads=False))


@misconception(
    "You freeze the other heads, but the MLPs are computed afresh, so the senders also act through them. Wang et al. "
    "do so; in this exercise MLPs are frozen too, and the direct path is the residual stream alone.",
    replaces="path_patch_to_logits",
)
def mlps_recomputed(model, tokens, orig_cache, new_cache, senders):
    return run(model, tokens, freezing(model, orig_cache, new_cache, senders, mlps=False))


@misconception(
    "You add what the senders write in the new run without taking away what they wrote in the original run: both are "
    "in the stream now. The stream changes by the *difference*.",
    replaces="path_patch_to_logits",
)
def old_output_kept(model, tokens, orig_cache, new_cache, senders):
    residual = orig_cache["resid_post", model.cfg.n_layers - 1]
    for at, head in senders:
        residual = residual + new_cache["z", at][:, :, head] @ model.W_O[at, head]
    with torch.no_grad():
        return model.unembed(model.ln_final(residual))


@misconception(
    "The two runs are exchanged: you freeze the new run and patch from the original one. Start from `orig_cache`, and "
    "take from `new_cache` only what the senders put out.",
    replaces="path_patch_to_logits",
)
def runs_exchanged(model, tokens, orig_cache, new_cache, senders):
    residual = new_cache["resid_post", model.cfg.n_layers - 1] + change_of(model, new_cache, orig_cache, senders)
    with torch.no_grad():
        return model.unembed(model.ln_final(residual))


@misconception(
    "The final norm is missing: the residual stream goes straight into the unembedding.",
    replaces="path_patch_to_logits",
)
def no_final_layernorm(model, tokens, orig_cache, new_cache, senders):
    residual = orig_cache["resid_post", model.cfg.n_layers - 1] + change_of(model, orig_cache, new_cache, senders)
    with torch.no_grad():
        return model.unembed(residual)


@misconception(
    "You divide the change by the final norm's scale of the original run. That is what direct logit attribution does to "
    "stay linear; here the final norm is to be computed afresh, from the changed stream.",
    replaces="path_patch_to_logits",
)
def layernorm_frozen(model, tokens, orig_cache, new_cache, senders):
    residual = orig_cache["resid_post", model.cfg.n_layers - 1]
    centred = residual - residual.mean(-1, keepdim=True)
    scale = (centred.pow(2).mean(-1, keepdim=True) + model.cfg.eps).sqrt()
    change = change_of(model, orig_cache, new_cache, senders)
    with torch.no_grad():
        return model.unembed((centred + change - change.mean(-1, keepdim=True)) / scale)


@misconception(
    "You patch the whole attention layer of each sender, with all of its heads. Write the new values of the one head "
    "only.",
    replaces="path_patch_to_logits",
)
def whole_layers(model, tokens, orig_cache, new_cache, senders):
    layers = sorted({at for at, _ in senders})
    everyone = [(at, head) for at in layers for head in range(model.cfg.n_heads)]
    residual = orig_cache["resid_post", model.cfg.n_layers - 1] + change_of(model, orig_cache, new_cache, everyone)
    with torch.no_grad():
        return model.unembed(model.ln_final(residual))


@misconception(
    "Heads and MLPs between sender and receiver are computed afresh, so the receivers hear the senders over detours "
    "too. What a receiver hears should be the original stream plus the senders' own change.",
    replaces="path_patch_to_heads",
)
def detours_heard(model, tokens, orig_cache, new_cache, senders, receivers, component):
    refuse_bad_paths(senders, receivers, component)
    hooks = freezing(model, orig_cache, new_cache, senders, mlps=False, heads=False)
    return run(model, tokens, heard(model, tokens, receivers, component, hooks))


@misconception(
    "You freeze the heads between sender and receiver, but not the MLPs, so the receivers hear the senders through "
    "these too. In this exercise MLPs are frozen.",
    replaces="path_patch_to_heads",
)
def mlps_heard(model, tokens, orig_cache, new_cache, senders, receivers, component):
    refuse_bad_paths(senders, receivers, component)
    hooks = freezing(model, orig_cache, new_cache, senders, mlps=False)
    return run(model, tokens, heard(model, tokens, receivers, component, hooks))


@misconception(
    "The senders stay patched in the last run, so their change also flows past the receivers. There, only the "
    "receivers' input is replaced; the senders themselves give what they gave in the original run.",
    replaces="path_patch_to_heads",
)
def senders_stay_patched(model, tokens, orig_cache, new_cache, senders, receivers, component):
    refuse_bad_paths(senders, receivers, component)
    change = change_of(model, orig_cache, new_cache, senders)
    hooks = inputs_of(model, receivers, component, lambda layer: orig_cache["resid_pre", layer] + change)
    return run(model, tokens, freezing(model, orig_cache, new_cache, senders, mlps=False, heads=False) + hooks)


@misconception(
    "You use the query's weights whatever the component is. Keys and values have weights and biases of their own.",
    replaces="path_patch_to_heads",
)
def always_w_q(model, tokens, orig_cache, new_cache, senders, receivers, component):
    refuse_bad_paths(senders, receivers, component)
    change = change_of(model, orig_cache, new_cache, senders)
    hooks = inputs_of(model, receivers, "q", lambda layer: orig_cache["resid_pre", layer] + change)
    return run(model, tokens, [(name.replace("hook_q", f"hook_{component}"), hook) for name, hook in hooks])


@misconception(
    "The bias is missing: a query is LN(r) W_Q *plus* b_Q, and the same holds for keys.",
    replaces="path_patch_to_heads",
)
def bias_forgotten(model, tokens, orig_cache, new_cache, senders, receivers, component):
    refuse_bad_paths(senders, receivers, component)
    change = change_of(model, orig_cache, new_cache, senders)
    weights = getattr(model, f"W_{component.upper()}")
    hooks = []
    for layer, head in receivers:
        stream = model.blocks[layer].ln1(orig_cache["resid_pre", layer] + change)
        hooks.append(replacing(f"blocks.{layer}.attn.hook_{component}", {head: stream @ weights[layer, head]}))
    return run(model, tokens, hooks)


@misconception(
    "The receivers read the residual stream without their layer's norm. Heads read LN(r), not r.",
    replaces="path_patch_to_heads",
)
def no_layernorm(model, tokens, orig_cache, new_cache, senders, receivers, component):
    refuse_bad_paths(senders, receivers, component)
    change = change_of(model, orig_cache, new_cache, senders)
    weights, biases = getattr(model, f"W_{component.upper()}"), getattr(model, f"b_{component.upper()}")
    hooks = []
    for layer, head in receivers:
        value = (orig_cache["resid_pre", layer] + change) @ weights[layer, head] + biases[layer, head]
        hooks.append(replacing(f"blocks.{layer}.attn.hook_{component}", {head: value}))
    return run(model, tokens, hooks)


@misconception(
    "All heads of the receivers' layers hear the senders. Replace the input of the receivers, and leave the other "
    "heads theirs.",
    replaces="path_patch_to_heads",
)
def whole_layer_hears(model, tokens, orig_cache, new_cache, senders, receivers, component):
    refuse_bad_paths(senders, receivers, component)
    change = change_of(model, orig_cache, new_cache, senders)
    everyone = [(layer, head) for layer in {layer for layer, _ in receivers} for head in range(model.cfg.n_heads)]
    return run(model, tokens, inputs_of(model, everyone, component, lambda at: orig_cache["resid_pre", at] + change))


@misconception(
    "You give the receivers the whole input of the new run. That patches all paths that lead to them; wanted is the "
    "original stream with the senders' change alone.",
    replaces="path_patch_to_heads",
)
def input_of_the_new_run(model, tokens, orig_cache, new_cache, senders, receivers, component):
    refuse_bad_paths(senders, receivers, component)
    return run(model, tokens, inputs_of(model, receivers, component, lambda layer: new_cache["resid_pre", layer]))


@misconception(
    "In the last run you keep the MLPs frozen. Once the receivers have their new input, everything after them is "
    "computed as usual: we want to see what the change does.",
    replaces="path_patch_to_heads",
)
def frozen_to_the_end(model, tokens, orig_cache, new_cache, senders, receivers, component):
    refuse_bad_paths(senders, receivers, component)
    change = change_of(model, orig_cache, new_cache, senders)
    hooks = inputs_of(model, receivers, component, lambda layer: orig_cache["resid_pre", layer] + change)
    frozen = freezing(model, orig_cache, new_cache, [])
    return run(model, tokens, [hook for hook in frozen if "mlp_out" in hook[0]] + hooks)


@misconception(
    "Your logits are right, but paths that cannot be, from a head to one in the same or an earlier layer, go through. "
    "The docstring's section *Raises* asks for a `ValueError` there, and for a component that is none of the three.",
    replaces="path_patch_to_heads",
)
def nothing_refused(model, tokens, orig_cache, new_cache, senders, receivers, component):
    component = component if component in ("q", "k", "v") else "v"
    change = change_of(model, orig_cache, new_cache, senders)
    return run(
        model, tokens, inputs_of(model, receivers, component, lambda layer: orig_cache["resid_pre", layer] + change)
    )


@misconception(
    "Your logits are right, but the new run's cache is changed: `-=` on a slice of a cached tensor works in place. "
    "Subtract into a new tensor.",
    replaces="path_patch_to_logits",
)
def new_cache_changed(model, tokens, orig_cache, new_cache, senders):
    logits = right_logits(model, orig_cache, new_cache, senders)
    for at, head in senders:
        new_cache["z", at][:, :, head] -= orig_cache["z", at][:, :, head]
    return logits


@misconception(
    "Your logits are right, but the original run's cache is changed: the senders' change is added to the cached stream "
    "in place. Add into a new tensor.",
    replaces="path_patch_to_logits",
)
def orig_cache_changed(model, tokens, orig_cache, new_cache, senders):
    logits = right_logits(model, orig_cache, new_cache, senders)
    orig_cache["resid_post", model.cfg.n_layers - 1].add_(change_of(model, orig_cache, new_cache, senders))
    return logits


@misconception(
    "You return the logits of the last position alone. Those of every position are asked for, `[batch, pos, d_vocab]`.",
    replaces="path_patch_to_logits",
)
def last_position_logits(model, tokens, orig_cache, new_cache, senders):
    return right_logits(model, orig_cache, new_cache, senders)[:, -1:]


@misconception(
    "The senders' outputs are changed at the last position only. Their z are those of the new run at *all* positions.",
    replaces="path_patch_to_logits",
)
def sent_at_the_last_position(model, tokens, orig_cache, new_cache, senders):
    change = change_of(model, orig_cache, new_cache, senders)
    change[:, :-1] = 0
    residual = orig_cache["resid_post", model.cfg.n_layers - 1] + change
    with torch.no_grad():
        return model.unembed(model.ln_final(residual))


@misconception(
    "Your logits are right, but the original run's cache is changed: the senders' change is added to the stream before "
    "the receiver's layer in place. Add into a new tensor.",
    replaces="path_patch_to_heads",
)
def stream_before_the_receiver_changed(model, tokens, orig_cache, new_cache, senders, receivers, component):
    refuse_bad_paths(senders, receivers, component)
    logits = right_heads(model, tokens, orig_cache, new_cache, senders, receivers, component)
    change = change_of(model, orig_cache, new_cache, senders)
    for layer in {layer for layer, _ in receivers}:
        orig_cache["resid_pre", layer].add_(change)
    return logits


@misconception(
    "Your logits are right, but hooks stay on the model. `run_with_hooks` takes its hooks off; after `add_hook` you have "
    "to do it.",
    replaces="path_patch_to_heads",
)
def hooks_left(model, tokens, orig_cache, new_cache, senders, receivers, component):
    refuse_bad_paths(senders, receivers, component)
    change = change_of(model, orig_cache, new_cache, senders)
    for hook in inputs_of(model, receivers, component, lambda layer: orig_cache["resid_pre", layer] + change):
        model.add_hook(*hook)
    with torch.no_grad():
        return model(tokens)


@misconception(
    "With keys, the receivers' *values* are replaced too. Replace the one input that `component` names.",
    replaces="path_patch_to_heads",
)
def values_follow_keys(model, tokens, orig_cache, new_cache, senders, receivers, component):
    refuse_bad_paths(senders, receivers, component)
    change = change_of(model, orig_cache, new_cache, senders)
    parts = ("k", "v") if component == "k" else (component,)
    hooks = [inputs_of(model, receivers, part, lambda at: orig_cache["resid_pre", at] + change) for part in parts]
    return run(model, tokens, [hook for some in hooks for hook in some])


@misconception(
    "Of several receivers in one layer only the last is patched. Every receiver hears the senders.",
    replaces="path_patch_to_heads",
)
def one_receiver_for_each_layer(model, tokens, orig_cache, new_cache, senders, receivers, component):
    refuse_bad_paths(senders, receivers, component)
    return right_heads(model, tokens, orig_cache, new_cache, senders, list(dict(receivers).items()), component)


@misconception(
    "The receivers' input is replaced at the last position only. It is to be replaced at all positions: keys and values "
    "count wherever they stand.",
    replaces="path_patch_to_heads",
)
def heard_at_the_last_position(model, tokens, orig_cache, new_cache, senders, receivers, component):
    refuse_bad_paths(senders, receivers, component)
    change = change_of(model, orig_cache, new_cache, senders).clone()
    change[:, :-1] = 0
    return run(
        model, tokens, inputs_of(model, receivers, component, lambda layer: orig_cache["resid_pre", layer] + change)
    )


@misconception(
    "The receivers' norm keeps the scale of the original run. It is to be computed afresh, from the changed stream.",
    replaces="path_patch_to_heads",
)
def receiver_norm_frozen(model, tokens, orig_cache, new_cache, senders, receivers, component):
    refuse_bad_paths(senders, receivers, component)
    change = change_of(model, orig_cache, new_cache, senders)
    weights, biases = getattr(model, f"W_{component.upper()}"), getattr(model, f"b_{component.upper()}")
    hooks = []
    for layer, head in receivers:
        old = orig_cache["resid_pre", layer]
        scale = ((old - old.mean(-1, keepdim=True)).pow(2).mean(-1, keepdim=True) + model.cfg.eps).sqrt()
        stream = old + change
        stream = (stream - stream.mean(-1, keepdim=True)) / scale
        value = stream @ weights[layer, head] + biases[layer, head]
        hooks.append(replacing(f"blocks.{layer}.attn.hook_{component}", {head: value}))
    return run(model, tokens, hooks)


@misconception(
    "A receiver in a later layer also hears what an earlier receiver changed. Each input is what it would be if only the "
    "senders' direct paths had changed.",
    replaces="path_patch_to_heads",
)
def receivers_hear_each_other(model, tokens, orig_cache, new_cache, senders, receivers, component):
    refuse_bad_paths(senders, receivers, component)
    change = change_of(model, orig_cache, new_cache, senders)
    weights, biases = getattr(model, f"W_{component.upper()}"), getattr(model, f"b_{component.upper()}")
    hooks = []
    for layer in sorted({layer for layer, _ in receivers}):
        seen = {}

        def note(value, hook, seen=seen):
            seen["stream"] = value.clone()

        run(model, tokens, [*hooks, (f"blocks.{layer}.hook_resid_pre", note)])
        stream = model.blocks[layer].ln1(seen["stream"] + change)
        values = {head: stream @ weights[layer, head] + biases[layer, head] for at, head in receivers if at == layer}
        hooks.append(replacing(f"blocks.{layer}.attn.hook_{component}", values))
    return run(model, tokens, hooks)


@misconception(
    "Your logits are right, but a sender is refused only if *all* receivers are too early for it. The docstring asks for "
    "a `ValueError` as soon as one receiver is.",
    replaces="path_patch_to_heads",
)
def latest_receiver_counts(model, tokens, orig_cache, new_cache, senders, receivers, component):
    refuse_bad_paths(senders, [max(receivers)] if receivers else [], component)
    return right_heads(model, tokens, orig_cache, new_cache, senders, receivers, component)


@misconception(
    "Your logits are right, but only the first sender is checked. Every sender has to be in an earlier layer than every "
    "receiver; the docstring asks for a `ValueError`.",
    replaces="path_patch_to_heads",
)
def first_sender_checked(model, tokens, orig_cache, new_cache, senders, receivers, component):
    refuse_bad_paths(senders[:1], receivers, component)
    return right_heads(model, tokens, orig_cache, new_cache, senders, receivers, component)


@misconception(
    "Your logits are right, but a sender in the receiver's *own* layer goes through. The heads of one layer do not hear "
    "each other; the docstring asks for a `ValueError`.",
    replaces="path_patch_to_heads",
)
def same_layer_allowed(model, tokens, orig_cache, new_cache, senders, receivers, component):
    refuse_bad_paths([(layer - 1, head) for layer, head in senders], receivers, component)
    return right_heads(model, tokens, orig_cache, new_cache, senders, receivers, component)


@misconception(
    "Your logits are right, but a component that is none of the three goes through: whatever is not q or k is taken for "
    "v. The docstring asks for a `ValueError`.",
    replaces="path_patch_to_heads",
)
def anything_else_is_v(model, tokens, orig_cache, new_cache, senders, receivers, component):
    component = component if component in ("q", "k") else "v"
    refuse_bad_paths(senders, receivers, component)
    return right_heads(model, tokens, orig_cache, new_cache, senders, receivers, component)


@misconception(
    'Your logits are right, but an empty component and "qk" are not refused with a `ValueError`: `in "qkv"` looks for a '
    "part of the text. Compare with a tuple of the three names.",
    replaces="path_patch_to_heads",
)
def part_of_a_text(model, tokens, orig_cache, new_cache, senders, receivers, component):
    refuse_bad_paths(senders, receivers, "q" if component in "qkv" else component)
    {"q": 0, "k": 1, "v": 2}[component]
    return right_heads(model, tokens, orig_cache, new_cache, senders, receivers, component)


@misconception(
    "Your logits are right, but without receivers a component that is none of the three goes through. The docstring asks "
    "for a `ValueError` there too: check `component` first.",
    replaces="path_patch_to_heads",
)
def unchecked_without_receivers(model, tokens, orig_cache, new_cache, senders, receivers, component):
    if not len(receivers):
        return run(model, tokens, [])
    refuse_bad_paths(senders, receivers, component)
    return right_heads(model, tokens, orig_cache, new_cache, senders, receivers, component)


@misconception(
    "Without receivers your function fails on `min` of nothing. Then nothing is replaced, and the logits are those of the "
    "original run.",
    replaces="path_patch_to_heads",
)
def needs_a_receiver(model, tokens, orig_cache, new_cache, senders, receivers, component):
    refuse_bad_paths([], [], component)
    if senders and max(layer for layer, _ in senders) >= min(layer for layer, _ in receivers):
        raise ValueError("every sender must be in an earlier layer than every receiver")
    return right_heads(model, tokens, orig_cache, new_cache, senders, receivers, component)


@misconception(
    "Your function fails for senders in a tuple: `.sort()` is a method of lists, and changes the caller's list. Any "
    "sequence of heads is allowed: use `sorted`, or leave the order as it is.",
    replaces="path_patch_to_heads",
)
def lists_only(model, tokens, orig_cache, new_cache, senders, receivers, component):
    refuse_bad_paths(senders, receivers, component)
    senders.sort()
    return right_heads(model, tokens, orig_cache, new_cache, senders, receivers, component)


@misconception(
    "Without senders your function fails: there is nothing to stack. Then nothing changes, and the logits are those of the "
    "original run. Begin with a change of zeros.",
    replaces="path_patch_to_logits",
)
def needs_a_sender(model, tokens, orig_cache, new_cache, senders):
    parts = [(new_cache["z", at] - orig_cache["z", at])[:, :, head] @ model.W_O[at, head] for at, head in senders]
    residual = orig_cache["resid_post", model.cfg.n_layers - 1] + torch.stack(parts).sum(0)
    with torch.no_grad():
        return model.unembed(model.ln_final(residual))


@misconception(
    "The MLPs are frozen, but the other heads are computed afresh, so the senders also act through later heads. Every "
    "other head gives what it gave in the original run.",
    replaces="path_patch_to_logits",
)
def heads_recomputed(model, tokens, orig_cache, new_cache, senders):
    return run(model, tokens, freezing(model, orig_cache, new_cache, senders, heads=False))


@misconception(
    "The unembedding's bias is missing: the logits are LN(r) W_U *plus* b_U. `model.unembed` adds it.",
    replaces="path_patch_to_logits",
)
def unembedding_bias_forgotten(model, tokens, orig_cache, new_cache, senders):
    return right_logits(model, orig_cache, new_cache, senders) - model.b_U


@misconception(
    "Your function fails for senders in a tuple: `.copy()` is a method of lists. Lists and tuples of heads both work in "
    "a `for` loop.",
    replaces="path_patch_to_logits",
)
def lists_only_to_logits(model, tokens, orig_cache, new_cache, senders):
    return right_logits(model, orig_cache, new_cache, senders.copy())


@misconception(
    "Your logits are right, but the hooks that freeze heads and MLPs stay on the model. `run_with_hooks` takes its hooks "
    "off; after `add_hook` you have to do it.",
    replaces="path_patch_to_logits",
)
def freezing_hooks_left(model, tokens, orig_cache, new_cache, senders):
    for hook in freezing(model, orig_cache, new_cache, senders):
        model.add_hook(*hook)
    with torch.no_grad():
        return model(tokens)


@misconception(
    "`path_patch_to_heads` returns the logits of the last position alone. Those of every position are asked for, "
    "`[batch, pos, d_vocab]`.",
    replaces="path_patch_to_heads",
)
def last_position_after_heads(model, tokens, orig_cache, new_cache, senders, receivers, component):
    refuse_bad_paths(senders, receivers, component)
    return right_heads(model, tokens, orig_cache, new_cache, senders, receivers, component)[:, -1:]


@misconception(
    "Your function fails where receivers have no sender: there is nothing to stack. Then each receiver's input is that of "
    "the original run. Begin with a change of zeros.",
    replaces="path_patch_to_heads",
)
def receivers_need_a_sender(model, tokens, orig_cache, new_cache, senders, receivers, component):
    refuse_bad_paths(senders, receivers, component)

    def stream(layer):
        parts = [(new_cache["z", at] - orig_cache["z", at])[:, :, head] @ model.W_O[at, head] for at, head in senders]
        return orig_cache["resid_pre", layer] + torch.stack(parts).sum(0)

    return run(model, tokens, inputs_of(model, receivers, component, stream))


@misconception(
    "Your hooks have names that only a `TransformerBridge` knows, such as `blocks.1.attn.q.hook_out`; a "
    "`HookedTransformer` fails on them. Both know `blocks.1.attn.hook_q`.",
    replaces="path_patch_to_heads",
)
def names_of_the_bridge(model, tokens, orig_cache, new_cache, senders, receivers, component):
    refuse_bad_paths(senders, receivers, component)
    change = change_of(model, orig_cache, new_cache, senders)
    hooks = inputs_of(model, receivers, component, lambda layer: orig_cache["resid_pre", layer] + change)
    return run(
        model, tokens, [(name.replace(f"hook_{component}", f"{component}.hook_out"), hook) for name, hook in hooks]
    )


@misconception(
    "Your change has the wrong sign: you take away what the senders write in the new run. It is the new output minus the "
    "original one.",
    replaces="path_patch_to_logits",
)
def sign_turned(model, tokens, orig_cache, new_cache, senders):
    residual = orig_cache["resid_post", model.cfg.n_layers - 1] - change_of(model, orig_cache, new_cache, senders)
    with torch.no_grad():
        return model.unembed(model.ln_final(residual))


@misconception(
    "You add the senders' change to the stream that *enters* the last layer. The logits are read from the stream that leaves it.",
    replaces="path_patch_to_logits",
)
def stream_before_the_last_layer(model, tokens, orig_cache, new_cache, senders):
    residual = orig_cache["resid_pre", model.cfg.n_layers - 1] + change_of(model, orig_cache, new_cache, senders)
    with torch.no_grad():
        return model.unembed(model.ln_final(residual))


@misconception(
    "You give the logits of the senders' change alone. It is added to the final stream of the original run.",
    replaces="path_patch_to_logits",
)
def logits_of_the_change(model, tokens, orig_cache, new_cache, senders):
    with torch.no_grad():
        return model.unembed(model.ln_final(change_of(model, orig_cache, new_cache, senders)))


@misconception(
    "Of several senders only the last one counts: each starts from the original stream anew. Add up what all of them change.",
    replaces="path_patch_to_logits",
)
def last_sender_counts(model, tokens, orig_cache, new_cache, senders):
    return right_logits(model, orig_cache, new_cache, list(senders)[-1:])


@misconception(
    "You add what the senders wrote in the *original* run once more. The change is the new output minus the original one.",
    replaces="path_patch_to_logits",
)
def original_output_added(model, tokens, orig_cache, new_cache, senders):
    residual = orig_cache["resid_post", model.cfg.n_layers - 1]
    for at, head in senders:
        residual = residual + orig_cache["z", at][:, :, head] @ model.W_O[at, head]
    with torch.no_grad():
        return model.unembed(model.ln_final(residual))


@misconception(
    "In `path_patch_to_heads` your change has the wrong sign. It is the new output minus the original one.",
    replaces="path_patch_to_heads",
)
def sign_turned_to_heads(model, tokens, orig_cache, new_cache, senders, receivers, component):
    refuse_bad_paths(senders, receivers, component)
    change = change_of(model, orig_cache, new_cache, senders)
    hooks = inputs_of(model, receivers, component, lambda layer: orig_cache["resid_pre", layer] - change)
    return run(model, tokens, hooks)


@misconception(
    "In `path_patch_to_heads` you add what the senders write in the new run without taking away what they wrote in the original "
    "run. The stream changes by the *difference*.",
    replaces="path_patch_to_heads",
)
def old_output_kept_to_heads(model, tokens, orig_cache, new_cache, senders, receivers, component):
    refuse_bad_paths(senders, receivers, component)

    def stream(layer):
        found = orig_cache["resid_pre", layer]
        for at, head in senders:
            found = found + new_cache["z", at][:, :, head] @ model.W_O[at, head]
        return found

    return run(model, tokens, inputs_of(model, receivers, component, stream))


@misconception(
    "The receivers read the stream in the middle of their layer, behind its attention. They read it before their layer.",
    replaces="path_patch_to_heads",
)
def stream_behind_the_attention(model, tokens, orig_cache, new_cache, senders, receivers, component):
    refuse_bad_paths(senders, receivers, component)
    change = change_of(model, orig_cache, new_cache, senders)
    hooks = inputs_of(model, receivers, component, lambda layer: orig_cache["resid_mid", layer] + change)
    return run(model, tokens, hooks)


@misconception(
    "Of several senders the receivers hear only the last one. Add up what all of them change.",
    replaces="path_patch_to_heads",
)
def last_sender_heard(model, tokens, orig_cache, new_cache, senders, receivers, component):
    refuse_bad_paths(senders, receivers, component)
    return right_heads(model, tokens, orig_cache, new_cache, list(senders)[-1:], receivers, component)


@misconception(
    "Only the first receiver hears the senders. Replace this input of each receiver.", replaces="path_patch_to_heads"
)
def first_receiver_alone(model, tokens, orig_cache, new_cache, senders, receivers, component):
    refuse_bad_paths(senders, receivers, component)
    return right_heads(model, tokens, orig_cache, new_cache, senders, list(receivers)[:1], component)


@misconception(
    "The receivers hear whole attention layers: all heads of a sender's layer. A sender is one head.",
    replaces="path_patch_to_heads",
)
def whole_layers_heard(model, tokens, orig_cache, new_cache, senders, receivers, component):
    refuse_bad_paths(senders, receivers, component)
    everyone = [(at, head) for at in sorted({at for at, _ in senders}) for head in range(model.cfg.n_heads)]
    return right_heads(model, tokens, orig_cache, new_cache, everyone, receivers, component)


@misconception(
    "What the docstring refuses ends in an `AssertionError`. It asks for a `ValueError`: use `if` and `raise`.",
    replaces="path_patch_to_heads",
)
def asserted(model, tokens, orig_cache, new_cache, senders, receivers, component):
    assert component in ("q", "k", "v")
    assert all(sender[0] < receiver[0] for sender in senders for receiver in receivers)
    return right_heads(model, tokens, orig_cache, new_cache, senders, receivers, component)


@misconception(
    "A component that is none of the three ends in a `KeyError`. The docstring asks for a `ValueError`.",
    replaces="path_patch_to_heads",
)
def key_error_for_the_component(model, tokens, orig_cache, new_cache, senders, receivers, component):
    {"q": 0, "k": 1, "v": 2}[component]
    refuse_bad_paths(senders, receivers, component)
    return right_heads(model, tokens, orig_cache, new_cache, senders, receivers, component)


@misconception(
    "A component that is none of the three ends in an `AttributeError`, because the model has no such weights. The docstring asks "
    "for a `ValueError`: check `component` first.",
    replaces="path_patch_to_heads",
)
def attribute_error_for_the_component(model, tokens, orig_cache, new_cache, senders, receivers, component):
    getattr(model, f"W_{component.upper()}"), getattr(model, f"b_{component.upper()}")
    refuse_bad_paths(senders, receivers, component.lower() if component == "Q" else component)
    return right_heads(model, tokens, orig_cache, new_cache, senders, receivers, component.lower())


def together_with(**others):
    """Put other functions of the program in their places too, for a mistake in a step that they share."""

    def mark(function):
        globals().update(others)
        return function

    return mark


def logits_with_mlps_recomputed(model, tokens, orig_cache, new_cache, senders):
    return run(model, tokens, freezing(model, orig_cache, new_cache, senders, mlps=False))


@misconception(
    "In both functions you freeze the other heads, but the MLPs are computed afresh, so the senders also act through them. Wang et al. "
    "do so. In this exercise the MLPs are frozen too, and a direct path is the residual stream alone.",
    replaces="path_patch_to_heads",
)
@together_with(path_patch_to_logits=logits_with_mlps_recomputed)
def mlps_recomputed_in_both(model, tokens, orig_cache, new_cache, senders, receivers, component):
    refuse_bad_paths(senders, receivers, component)
    freeze = freezing(model, orig_cache, new_cache, senders, mlps=False)
    return run(model, tokens, heard(model, tokens, receivers, component, freeze))


def change_at_the_last_position(model, orig, new, senders):
    """What the senders' change adds to the residual stream, at the last position alone."""
    change = change_of(model, orig, new, senders)
    return torch.cat([torch.zeros_like(change[:, :-1]), change[:, -1:]], dim=1)


def logits_of_a_change_at_the_last_position(model, tokens, orig_cache, new_cache, senders):
    residual = orig_cache["resid_post", model.cfg.n_layers - 1]
    with torch.no_grad():
        return model.unembed(
            model.ln_final(residual + change_at_the_last_position(model, orig_cache, new_cache, senders))
        )


@misconception(
    "In both functions the senders' outputs are changed at the last position only. Their z are those of the new run at *all* positions.",
    replaces="path_patch_to_heads",
)
@together_with(path_patch_to_logits=logits_of_a_change_at_the_last_position)
def sent_at_the_last_position_in_both(model, tokens, orig_cache, new_cache, senders, receivers, component):
    refuse_bad_paths(senders, receivers, component)
    change = change_at_the_last_position(model, orig_cache, new_cache, senders)
    return run(
        model, tokens, inputs_of(model, receivers, component, lambda layer: orig_cache["resid_pre", layer] + change)
    )
