"""Right and wrong ways to ablate a head."""

import torch

from mechgrade.authoring.variants import accepted, misconception


def check(how):
    """Raise the error that the exercise asks for: a misconception is wrong in one thing only."""
    if how not in ("zero", "mean"):
        raise ValueError("zero or mean")


def rise(model, tokens, layer, hook_function, point="attn.hook_z"):
    """Rise of the loss under one hook."""
    with torch.no_grad():
        before = model(tokens, return_type="loss")
        hooks = [(f"blocks.{layer}.{point}", hook_function)]
        return (model.run_with_hooks(tokens, return_type="loss", fwd_hooks=hooks) - before).item()


def replaced(z, head, value):
    """A copy with one head's slice replaced."""
    z = z.clone()
    z[:, :, head] = value
    return z


@accepted
def by_cached_mean(model, tokens, layer, head, how):
    """The mean from a cache; a hook added and removed by hand; the loss from the logits."""
    check(how)
    name = f"blocks.{layer}.attn.hook_z"

    def loss():
        log_probs = model(tokens)[:, :-1].log_softmax(-1)
        return -log_probs.gather(-1, tokens[:, 1:, None]).mean()

    with torch.inference_mode():
        z = model.run_with_cache(tokens, names_filter=name)[1][name]
        before = loss()
        value = torch.zeros_like(z[:1, :, head]) if how == "zero" else z[:, :, head].mean(0, keepdim=True)
        try:
            model.add_hook(
                name,
                lambda z, hook: torch.cat(
                    [z[:, :, :head], value.expand(len(z), -1, -1)[:, :, None], z[:, :, head + 1 :]], dim=2
                ),
            )
            after = loss()
        finally:
            model.reset_hooks()
    return float(after - before)


@accepted
def in_place(model, tokens, layer, head, how):
    """The hook edits the activation of the run and returns nothing; per-token losses averaged by hand."""
    if how == "zero":

        def edit(z, hook):
            z[:, :, head, :] = 0.0
            return z
    elif how == "mean":

        def edit(z, hook):
            z[..., head, :] = torch.einsum("bpd->pd", z[..., head, :]) / len(z)
            return z
    else:
        raise ValueError(how)
    hooks = [(f"blocks.{layer}.attn.hook_z", edit)]
    losses = [
        model(tokens, return_type="loss", loss_per_token=True),
        model.run_with_hooks(tokens, return_type="loss", loss_per_token=True, fwd_hooks=hooks),
    ]
    return (losses[1].mean() - losses[0].mean()).item()


@accepted
def by_output(model, tokens, layer, head, how):
    """Subtract the head's part from the attention's output instead of touching z."""
    check(how)
    name = f"blocks.{layer}.attn.hook_z"
    z = model.run_with_cache(tokens, names_filter=name)[1][name][:, :, head]
    lost = z if how == "zero" else z - z.mean(0)
    return rise(model, tokens, layer, lambda out, hook: out - lost @ model.W_O[layer, head], "hook_attn_out")


@misconception(
    "You ablate all heads of the layer, so every head of a layer gets the same number. Replace the slice of one head "
    "only."
)
def whole_layer(model, tokens, layer, head, how):
    check(how)
    value = (
        (lambda z: torch.zeros_like(z)) if how == "zero" else (lambda z: z.mean(0, keepdim=True).expand_as(z).clone())
    )
    return rise(model, tokens, layer, lambda z, hook: value(z))


@misconception(
    "Your head index is on the wrong axis: you replace *position* number `head`, for all heads. `z` is `[batch, pos, "
    "head, d_head]`."
)
def head_on_the_position_axis(model, tokens, layer, head, how):
    check(how)

    def edit(z, hook):
        z = z.clone()
        z[:, head] = 0 if how == "zero" else z[:, head].mean(0)
        return z

    return rise(model, tokens, layer, edit)


@misconception(
    "You take the mean over the *positions* of each sequence. That keeps what the head says about this very sequence, "
    "and lets later tokens leak into earlier ones. The mean is over the batch, at each position its own."
)
def mean_over_positions(model, tokens, layer, head, how):
    check(how)
    mean = (lambda z: 0) if how == "zero" else (lambda z: z[:, :, head].mean(1, keepdim=True))
    return rise(model, tokens, layer, lambda z, hook: replaced(z, head, mean(z)))


@misconception(
    "You take one mean over batch *and* positions. What a head gives at the first position can be quite unlike what it "
    "gives later (think of BOS): average over the batch only, and keep the positions apart."
)
def one_mean_for_all_positions(model, tokens, layer, head, how):
    check(how)
    mean = (lambda z: 0) if how == "zero" else (lambda z: z[:, :, head].mean((0, 1)))
    return rise(model, tokens, layer, lambda z, hook: replaced(z, head, mean(z)))


@misconception(
    "Your mean is over the head's own dimensions: each vector is replaced by one number, repeated. The mean is over "
    "the batch."
)
def mean_over_dimensions(model, tokens, layer, head, how):
    check(how)
    mean = (lambda z: 0) if how == "zero" else (lambda z: z[:, :, head].mean(-1, keepdim=True))
    return rise(model, tokens, layer, lambda z, hook: replaced(z, head, mean(z)))


@misconception(
    "For mean ablation you replace the head by the mean of all *heads*. The mean is over the batch, of this head alone."
)
def mean_over_heads(model, tokens, layer, head, how):
    check(how)
    mean = (lambda z: 0) if how == "zero" else (lambda z: z.mean(2))
    return rise(model, tokens, layer, lambda z, hook: replaced(z, head, mean(z)))


@misconception("You always ablate with zero, also when `how` is `mean`.")
def always_zero(model, tokens, layer, head, how):
    check(how)
    return rise(model, tokens, layer, lambda z, hook: replaced(z, head, 0))


@misconception(
    "The loss stays the same whatever head you ablate. Does your hook *return* the new activation? That is what takes "
    "the activation's place. And does it change all positions? The last one alone counts in no loss."
)
def not_returned(model, tokens, layer, head, how):
    check(how)

    def edit(z, hook):
        replaced(z, head, 0)

    return rise(model, tokens, layer, edit)


@misconception(
    "For mean ablation you replace the head's attention *pattern* by its mean: the head still reads this input's own "
    "values, only from the average places. What is to be replaced is its output `z`."
)
def mean_pattern(model, tokens, layer, head, how):
    check(how)

    def edit(pattern, hook):
        pattern = pattern.clone()
        pattern[:, head] = 0 if how == "zero" else pattern[:, head].mean(0)
        return pattern

    return rise(model, tokens, layer, edit, "attn.hook_pattern")


@misconception(
    "Your hook is still on the model afterwards, so every later run is ablated too, and the next head that you measure "
    "is measured on a damaged model. Use `run_with_hooks`, or `reset_hooks()` when you are done."
)
def hook_left_behind(model, tokens, layer, head, how):
    check(how)
    with torch.no_grad():
        before = model(tokens, return_type="loss")
        value = (lambda z: 0) if how == "zero" else (lambda z: z[:, :, head].mean(0))
        model.add_hook(f"blocks.{layer}.attn.hook_z", lambda z, hook: replaced(z, head, value(z)))
        return (model(tokens, return_type="loss") - before).item()


@misconception(
    "You return the loss of the ablated model. The exercise asks for the *rise*: how much it is above the loss of the "
    "model as it was."
)
def loss_for_rise(model, tokens, layer, head, how):
    check(how)
    value = (lambda z: 0) if how == "zero" else (lambda z: z[:, :, head].mean(0))
    hooks = [(f"blocks.{layer}.attn.hook_z", lambda z, hook: replaced(z, head, value(z)))]
    return model.run_with_hooks(tokens, return_type="loss", fwd_hooks=hooks).item()


@misconception(
    "Your sign is turned around: a head that the model needs comes out negative. It is the loss *with* the head "
    "ablated, minus the loss without."
)
def sign_turned(model, tokens, layer, head, how):
    check(how)
    value = (lambda z: 0) if how == "zero" else (lambda z: z[:, :, head].mean(0))
    return -rise(model, tokens, layer, lambda z, hook: replaced(z, head, value(z)))


@misconception(
    "Your numbers are right, but a word other than `zero` or `mean` goes through as if it were one of them. The "
    "docstring asks for a `ValueError` there."
)
def nothing_refused(model, tokens, layer, head, how):
    value = (lambda z: 0) if how == "zero" else (lambda z: z[:, :, head].mean(0))
    return rise(model, tokens, layer, lambda z, hook: replaced(z, head, value(z)))


def value_of(z, head, how):
    """What takes the place of a head's z."""
    return 0 if how == "zero" else z[:, :, head].mean(0)


def hooks(layer, head, how):
    """The hook of a right ablation."""
    return [(f"blocks.{layer}.attn.hook_z", lambda z, hook: replaced(z, head, value_of(z, head, how)))]


@misconception("You return a tensor. Finish with `.item()`, so that it is a Python float.")
def tensor_returned(model, tokens, layer, head, how):
    check(how)
    after = model.run_with_hooks(tokens, return_type="loss", fwd_hooks=hooks(layer, head, how))
    return after - model(tokens, return_type="loss")


@misconception(
    "Your numbers are never negative. A head can hurt: then the loss is lower without it, and the rise is negative. Take "
    "no absolute value."
)
def absolute_difference(model, tokens, layer, head, how):
    check(how)
    return abs(rise(model, tokens, layer, hooks(layer, head, how)[0][1]))


@misconception("You leave the first prediction out of the loss. The model's own loss has all of them.")
def first_prediction_dropped(model, tokens, layer, head, how):
    check(how)
    before = model(tokens, return_type="loss", loss_per_token=True)
    after = model.run_with_hooks(tokens, return_type="loss", loss_per_token=True, fwd_hooks=hooks(layer, head, how))
    return (after - before)[:, 1:].mean().item()


@misconception(
    "For a batch of one you take the mean over the positions. The mean is over the batch there too: a batch of one is "
    "its own mean, and nothing changes."
)
def batch_of_one_over_positions(model, tokens, layer, head, how):
    check(how)
    axis = 1 if len(tokens) == 1 else 0
    mean = (lambda z: 0) if how == "zero" else (lambda z: z[:, :, head].mean(axis, keepdim=True))
    return rise(model, tokens, layer, lambda z, hook: replaced(z, head, mean(z)))


@misconception(
    "Your mean leaves out the text whose own turn it is. The mean over the batch has all its texts, this one too."
)
def mean_of_the_others(model, tokens, layer, head, how):
    check(how)

    def edit(z, hook):
        own = z[:, :, head]
        return replaced(z, head, 0 if how == "zero" else (own.sum(0) - own) / max(len(own) - 1, 1))

    return rise(model, tokens, layer, edit)


@misconception(
    "Your hook for layer 1 also fires in layer 10: you compare only the beginning of the name. Use the full "
    "name, with the point behind the number."
)
def beginning_of_the_name(model, tokens, layer, head, how):
    check(how)
    before = model(tokens, return_type="loss")
    target = [
        (lambda name: name.startswith(f"blocks.{layer}") and name.endswith("hook_z"), hooks(layer, head, how)[0][1])
    ]
    return (model.run_with_hooks(tokens, return_type="loss", fwd_hooks=target) - before).item()


@misconception(
    "You accept `zero` and `mean` in capital letters or with spaces. Only the two words exactly are right: raise a "
    "`ValueError` for others."
)
def how_in_any_case(model, tokens, layer, head, how):
    how = how.strip().lower()
    check(how)
    return rise(model, tokens, layer, hooks(layer, head, how)[0][1])


@misconception(
    "You accept parts of the two words, also an empty text: `in` looks for a part of a string. Compare with a tuple, "
    '`how in ("zero", "mean")`.'
)
def part_of_the_words(model, tokens, layer, head, how):
    if how not in "zero, mean":
        raise ValueError(how)
    return rise(model, tokens, layer, hooks(layer, head, how)[0][1])


@misconception(
    "After a `ValueError` a hook is still on the model. Look at `how` before you attach it, or use `run_with_hooks`, "
    "which removes hooks after an error too."
)
def hook_left_after_an_error(model, tokens, layer, head, how):
    before = model(tokens, return_type="loss")

    def edit(z, hook):
        check(how)
        return replaced(z, head, value_of(z, head, how))

    model.add_hook(f"blocks.{layer}.attn.hook_z", edit)
    after = model(tokens, return_type="loss")
    model.reset_hooks()
    return (after - before).item()


@misconception(
    "When the run ends in an error, your hook stays on the model: a head that the layer does not have is an error too. "
    "Remove the hook in a `finally`, or use `run_with_hooks`, which does it for you."
)
def hook_left_after_an_error_in_the_run(model, tokens, layer, head, how):
    check(how)
    before = model(tokens, return_type="loss")
    name, edit = hooks(layer, head, how)[0]
    model.add_hook(name, edit)
    after = model(tokens, return_type="loss")
    model.reset_hooks()
    return (after - before).item()


@misconception("You ablate the head before the one that is asked for. Heads are counted from 0: take `head` as it is.")
def heads_from_one(model, tokens, layer, head, how):
    check(how)
    return rise(model, tokens, layer, hooks(layer, head - 1, how)[0][1])


@misconception(
    "You ablate a head of the layer before the one that is asked for. Layers are counted from 0: take `layer` as it is."
)
def layers_from_one(model, tokens, layer, head, how):
    check(how)
    return rise(model, tokens, (layer - 1) % model.cfg.n_layers, hooks(layer, head, how)[0][1])


@misconception("Your layer and head are swapped: you ablate head `layer` of layer `head`.")
def layer_and_head_swapped(model, tokens, layer, head, how):
    check(how)
    return rise(model, tokens, head, hooks(head, layer, how)[0][1])


@misconception("Your rise is in bits. The model's loss is in nats already: do not divide by ln 2.")
def in_bits(model, tokens, layer, head, how):
    check(how)
    return rise(model, tokens, layer, hooks(layer, head, how)[0][1]) / 0.6931471805599453


@misconception("Your rise is the sum over all tokens. The docstring asks for the mean: nats *per token*.")
def sum_over_tokens(model, tokens, layer, head, how):
    check(how)
    return rise(model, tokens, layer, hooks(layer, head, how)[0][1]) * tokens[:, 1:].numel()


@misconception("Your loss is that of the last prediction. The model's own loss is the mean over all of them.")
def last_prediction_only(model, tokens, layer, head, how):
    check(how)
    before = model(tokens, return_type="loss", loss_per_token=True)
    after = model.run_with_hooks(tokens, return_type="loss", loss_per_token=True, fwd_hooks=hooks(layer, head, how))
    return (after - before)[:, -1].mean().item()


@misconception("Your loss is that of the first text of the batch. The loss is the mean over all texts.")
def loss_of_the_first_text(model, tokens, layer, head, how):
    check(how)
    before = model(tokens, return_type="loss", loss_per_token=True)
    after = model.run_with_hooks(tokens, return_type="loss", loss_per_token=True, fwd_hooks=hooks(layer, head, how))
    return (after - before)[0].mean().item()


@misconception("You keep the head's output at the first position. Replace its `z` at every position.")
def first_position_kept(model, tokens, layer, head, how):
    check(how)

    def edit(z, hook):
        new = replaced(z, head, value_of(z, head, how))
        new[:, 0] = z[:, 0]
        return new

    return rise(model, tokens, layer, edit)


@misconception("You always ablate with the mean, also when `how` is `zero`.")
def always_mean(model, tokens, layer, head, how):
    check(how)
    return rise(model, tokens, layer, hooks(layer, head, "mean")[0][1])


@misconception(
    "You replace the output of the whole attention layer, all heads together. Replace the `z` of the one head, before the "
    "heads are added up."
)
def output_of_the_layer(model, tokens, layer, head, how):
    check(how)
    value = torch.zeros_like if how == "zero" else (lambda out: out.mean(0, keepdim=True).expand_as(out).clone())
    return rise(model, tokens, layer, lambda out, hook: value(out), "hook_attn_out")


@misconception(
    "For mean ablation you replace the head's *values* by their mean, and each text keeps its own pattern. What is to be "
    "replaced is the head's output `z`."
)
def mean_of_the_values(model, tokens, layer, head, how):
    check(how)
    return rise(model, tokens, layer, lambda v, hook: replaced(v, head, value_of(v, head, how)), "attn.hook_v")


@misconception(
    "For mean ablation every text gets what the head gives on the *first* text. Take the mean over the batch."
)
def output_of_the_first_text(model, tokens, layer, head, how):
    check(how)
    value = (lambda z: 0) if how == "zero" else (lambda z: z[0, :, head])
    return rise(model, tokens, layer, lambda z, hook: replaced(z, head, value(z)))


@misconception(
    "For mean ablation every text gets what the head gives on the *next* text of the batch. That is resampling; take the "
    "mean over the batch."
)
def output_of_the_next_text(model, tokens, layer, head, how):
    check(how)
    value = (lambda z: 0) if how == "zero" else (lambda z: z[:, :, head].roll(1, 0))
    return rise(model, tokens, layer, lambda z, hook: replaced(z, head, value(z)))


@misconception("For mean ablation you put the *sum* over the batch there. Divide by the number of texts.")
def sum_for_mean(model, tokens, layer, head, how):
    check(how)
    value = (lambda z: 0) if how == "zero" else (lambda z: z[:, :, head].sum(0))
    return rise(model, tokens, layer, lambda z, hook: replaced(z, head, value(z)))


@misconception(
    "For mean ablation you subtract the mean from the head's output. Put the mean in its place: what the head always gives "
    "stays, and what is special to this text goes."
)
def mean_subtracted(model, tokens, layer, head, how):
    check(how)
    value = (lambda z: 0) if how == "zero" else (lambda z: z[:, :, head] - z[:, :, head].mean(0))
    return rise(model, tokens, layer, lambda z, hook: replaced(z, head, value(z)))


@misconception("For mean ablation you take the median over the batch. The mean is asked for.")
def median_for_mean(model, tokens, layer, head, how):
    check(how)
    value = (lambda z: 0) if how == "zero" else (lambda z: z[:, :, head].median(0).values)
    return rise(model, tokens, layer, lambda z, hook: replaced(z, head, value(z)))


@misconception("You ablate the other heads of the layer, and keep the one that is asked for. Replace this one head.")
def other_heads_ablated(model, tokens, layer, head, how):
    check(how)

    def edit(z, hook):
        new = torch.zeros_like(z) if how == "zero" else z.mean(0, keepdim=True).expand_as(z).clone()
        new[:, :, head] = z[:, :, head]
        return new

    return rise(model, tokens, layer, edit)


@misconception("You divide the loss with the head ablated by the loss without. The rise is the *difference*.")
def ratio_for_rise(model, tokens, layer, head, how):
    check(how)
    before = model(tokens, return_type="loss")
    return 1 + rise(model, tokens, layer, hooks(layer, head, how)[0][1]) / before.item()


@misconception("You divide the rise by the loss without the ablation. The docstring asks for nats per token.")
def relative_rise(model, tokens, layer, head, how):
    check(how)
    before = model(tokens, return_type="loss")
    return rise(model, tokens, layer, hooks(layer, head, how)[0][1]) / before.item()


@misconception(
    "Your loss without the ablation is that of an earlier call on other tokens of the same shape. Run the model anew in each "
    "call."
)
def first_loss_remembered(model, tokens, layer, head, how):
    check(how)
    memory = model.__dict__.setdefault("_losses", {})
    now = model(tokens, return_type="loss").item()
    return rise(model, tokens, layer, hooks(layer, head, how)[0][1]) + now - memory.setdefault(tuple(tokens.shape), now)


@misconception(
    "You accept `zero` and `mean` in capital letters. Only the two words exactly are right: raise a `ValueError` for others."
)
def how_in_capitals(model, tokens, layer, head, how):
    how = how.lower()
    check(how)
    return rise(model, tokens, layer, hooks(layer, head, how)[0][1])


@misconception(
    "You accept `zero` and `mean` with spaces around them. Only the two words exactly are right: raise a `ValueError` for "
    "others."
)
def how_with_spaces(model, tokens, layer, head, how):
    how = how.strip()
    check(how)
    return rise(model, tokens, layer, hooks(layer, head, how)[0][1])


@misconception(
    "A word other than `zero` or `mean` ends in a `KeyError`, as a dict raises it. The docstring asks for a `ValueError`: look "
    "at `how` first."
)
def key_error_for_how(model, tokens, layer, head, how):
    value = {"zero": lambda z: 0, "mean": lambda z: z[:, :, head].mean(0)}[how]
    return rise(model, tokens, layer, lambda z, hook: replaced(z, head, value(z)))


@misconception(
    "A word other than `zero` or `mean` ends in an `AssertionError`. The docstring asks for a `ValueError`: use `if` and "
    "`raise`."
)
def asserted(model, tokens, layer, head, how):
    assert how in ("zero", "mean")
    return rise(model, tokens, layer, hooks(layer, head, how)[0][1])


@misconception(
    "Your hook stays on the model after a call: you take hooks off at the *beginning* of the next one. Everybody else who uses the "
    "model before that gets an ablated run."
)
def hook_left_until_the_next_call(model, tokens, layer, head, how):
    check(how)
    model.reset_hooks()
    before = model(tokens, return_type="loss")
    model.add_hook(*hooks(layer, head, how)[0])
    return (model(tokens, return_type="loss") - before).item()
