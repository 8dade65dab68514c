"""Right and wrong ways to ablate heads and measure the harm."""

from functools import partial

import torch

from mechgrade.authoring.variants import accepted, misconception


def refuse_misfits(model, tokens, heads, controls):
    """Raise the errors that the exercise asks for: a misconception is wrong in one thing only."""
    if tokens.shape[1] < 3 or tokens.shape[1] % 2 == 0 or not controls:
        raise ValueError("the tokens are not two halves, or there are no controls")
    for layer, head in [pair for group in [heads, *controls] for pair in group]:
        if not (0 <= layer < model.cfg.n_layers and 0 <= head < model.cfg.n_heads):
            raise ValueError("no such head")


def zero_one(z, hook, head):
    """A hook that removes one head."""
    z[:, :, head] = 0
    return z


def losses_without(model, tokens, group):
    """Loss of every prediction without some heads, [batch, pos - 1]."""
    hooks = [(f"blocks.{layer}.attn.hook_z", partial(zero_one, head=head)) for layer, head in group]
    return model.run_with_hooks(tokens, fwd_hooks=hooks, return_type="loss", loss_per_token=True)


def second_half(model, tokens, group):
    """Mean loss on the second half without some heads."""
    return losses_without(model, tokens, group)[:, tokens.shape[1] // 2 :].mean()


def result(clean, ablated, control_losses):
    """The four numbers from three."""
    control_losses = torch.stack([torch.as_tensor(loss) for loss in control_losses])
    return {
        "clean": float(clean),
        "ablated": float(ablated),
        "controls": control_losses,
        "effect": float(ablated) - control_losses.mean().item(),
    }


def measured(measure, heads, controls):
    """The result, given a way to measure the loss without a set of heads."""
    return result(measure([]), measure(heads), [measure(group) for group in controls])


@accepted
def by_partial(model, tokens, heads, controls):
    """One hook for every head, in place on the activation, with its head fixed by partial."""
    refuse_misfits(model, tokens, heads, controls)
    return measured(lambda group: second_half(model, tokens, group), heads, controls)


@accepted
def by_context(model, tokens, heads, controls):
    """Hooks in a with-block, a mask over heads, and the loss from the logits by hand."""
    refuse_misfits(model, tokens, heads, controls)

    def measure(group):
        hooks = []
        for layer in {layer for layer, _ in group}:
            keep = torch.ones(model.cfg.n_heads, device=tokens.device)
            for where, head in group:
                if where == layer:
                    keep[head] = 0
            hooks.append((f"blocks.{layer}.attn.hook_z", lambda z, hook, keep=keep: z * keep.to(z.dtype)[:, None]))
        with model.hooks(fwd_hooks=hooks):
            log_probs = model(tokens).log_softmax(-1)
        half = tokens.shape[1] // 2
        targets = tokens[:, half + 1 :, None]
        return -log_probs[:, half:-1].gather(-1, targets).mean()

    return measured(measure, heads, controls)


@accepted
def by_pattern(model, tokens, heads, controls):
    """A head that attends to nothing says nothing: zero its attention pattern. Hooks added and reset by hand."""
    refuse_misfits(model, tokens, heads, controls)

    def attend_to_nothing(pattern, hook, head):
        pattern = pattern.clone()
        pattern[:, head] = 0
        return pattern

    def measure(group):
        try:
            for layer, head in group:
                model.add_hook(f"blocks.{layer}.attn.hook_pattern", partial(attend_to_nothing, head=head))
            loss = model(tokens, return_type="loss", loss_per_token=True)
        finally:
            model.reset_hooks()
        return loss[:, tokens.shape[1] // 2 :].mean()

    return measured(measure, heads, controls)


@misconception(
    "You remove whole layers: your hook zeroes every head of a layer in which one is to be ablated. Look at which axis "
    "of `z`, `[batch, pos, head, d_head]`, counts the heads, and touch the chosen ones alone."
)
def whole_layers(model, tokens, heads, controls):
    refuse_misfits(model, tokens, heads, controls)

    def measure(group):
        hooks = [(f"blocks.{layer}.attn.hook_z", lambda z, hook: torch.zeros_like(z)) for layer, _ in group]
        loss = model.run_with_hooks(tokens, fwd_hooks=hooks, return_type="loss", loss_per_token=True)
        return loss[:, tokens.shape[1] // 2 :].mean()

    return measured(measure, heads, controls)


@misconception(
    "All your hooks remove the same head, the last one of the set. A function made in a loop reads the loop's variable "
    "when it runs, and by then the loop is over. Fix the value when you make the hook."
)
def late_binding(model, tokens, heads, controls):
    refuse_misfits(model, tokens, heads, controls)

    def measure(group):
        hooks = []
        for layer, head in group:

            def silence(z, hook):
                z[:, :, head] = 0  # noqa: B023 - this is the mistake
                return z

            hooks.append((f"blocks.{layer}.attn.hook_z", silence))
        loss = model.run_with_hooks(tokens, fwd_hooks=hooks, return_type="loss", loss_per_token=True)
        return loss[:, tokens.shape[1] // 2 :].mean()

    return measured(measure, heads, controls)


@misconception(
    "You measure the first half, where nothing can be repeated yet. What the heads are for shows in the losses of the "
    "second half."
)
def first_half(model, tokens, heads, controls):
    refuse_misfits(model, tokens, heads, controls)
    half = tokens.shape[1] // 2
    return measured(lambda group: losses_without(model, tokens, group)[:, :half].mean(), heads, controls)


@misconception(
    "You average over all positions. On the first half nobody can predict anything, and its large losses drown what "
    "you are looking for. Average over the predictions of second-half tokens."
)
def all_positions(model, tokens, heads, controls):
    refuse_misfits(model, tokens, heads, controls)
    return measured(lambda group: losses_without(model, tokens, group).mean(), heads, controls)


@misconception(
    "Your second half starts one prediction too late. The loss with index `i` is about token `i + 1`: the first token "
    "of the second half stands at position `half + 1`, so its loss has another index."
)
def starts_too_late(model, tokens, heads, controls):
    refuse_misfits(model, tokens, heads, controls)
    half = tokens.shape[1] // 2
    return measured(lambda group: losses_without(model, tokens, group)[:, half + 1 :].mean(), heads, controls)


@misconception(
    "Your effect has the wrong sign: it should be positive when losing `heads` costs more than losing the controls."
)
def wrong_sign(model, tokens, heads, controls):
    refuse_misfits(model, tokens, heads, controls)
    found = measured(lambda group: second_half(model, tokens, group), heads, controls)
    return found | {"effect": -found["effect"]}


@misconception(
    "Your effect is measured from the clean model. That counts the harm that *any* ablation does as an effect of these "
    "heads. The comparison is with the mean of the control sets."
)
def against_clean(model, tokens, heads, controls):
    refuse_misfits(model, tokens, heads, controls)
    found = measured(lambda group: second_half(model, tokens, group), heads, controls)
    return found | {"effect": found["ablated"] - found["clean"]}


@misconception(
    "You ablate the heads one at a time and average. Heads that do the same work stand in for each other: all heads of "
    "a set have to go in the *same* run."
)
def one_at_a_time(model, tokens, heads, controls):
    refuse_misfits(model, tokens, heads, controls)

    def measure(group):
        return torch.stack([second_half(model, tokens, [pair]) for pair in group] or [second_half(model, tokens, [])])

    return measured(lambda group: measure(group).mean(), heads, controls)


@misconception(
    "You ablate `heads` one at a time and average, although your control sets are ablated together. All heads of a "
    "set have to go in the *same* run."
)
def only_heads_one_at_a_time(model, tokens, heads, controls):
    refuse_misfits(model, tokens, heads, controls)
    clean, *each = [second_half(model, tokens, group) for group in [[], *([pair] for pair in heads)]]
    ablated = torch.stack(each).mean() if each else clean
    return result(clean, ablated, [second_half(model, tokens, group) for group in controls])


@misconception(
    "Layer and head are swapped: each pair is `(layer, head)`. In a model with as many layers as heads this goes "
    "through without an error, and removes other heads than you meant."
)
def layer_and_head_swapped(model, tokens, heads, controls):
    refuse_misfits(model, tokens, heads, controls)
    layers, count = model.cfg.n_layers, model.cfg.n_heads
    return measured(
        lambda group: second_half(model, tokens, [(head % layers, layer % count) for layer, head in group]),
        heads,
        controls,
    )


@misconception(
    "The model still has your hooks when you are done. Every later run, of this function or any other, goes without "
    "these heads, and nothing says so. Take hooks off again, or use a way to run that does it for you."
)
def hooks_left_behind(model, tokens, heads, controls):
    refuse_misfits(model, tokens, heads, controls)

    def measure(group):
        model.reset_hooks()
        for layer, head in group:
            model.add_hook(f"blocks.{layer}.attn.hook_z", partial(zero_one, head=head))
        return model(tokens, return_type="loss", loss_per_token=True)[:, tokens.shape[1] // 2 :].mean()

    clean, control_losses = measure([]), [measure(group) for group in controls]
    return result(clean, measure(heads), control_losses)


@misconception(
    "Your ablations pile up: the heads of one set are still gone when the next set is measured. Each set is ablated in "
    "a run of its own, starting from the whole model."
)
def ablations_pile_up(model, tokens, heads, controls):
    refuse_misfits(model, tokens, heads, controls)
    gone = list(heads)
    control_losses = []
    for group in controls:
        gone += group
        control_losses.append(second_half(model, tokens, gone))
    return result(second_half(model, tokens, []), second_half(model, tokens, heads), control_losses)


@misconception(
    "Your ablation changes nothing: the losses without the heads are those of the whole model. Does your hook return "
    "the activation that it changed, and is the change made before the return, on what is returned?"
)
def nothing_ablated(model, tokens, heads, controls):
    refuse_misfits(model, tokens, heads, controls)
    return measured(lambda group: second_half(model, tokens, []), heads, controls)


@misconception(
    "You silence the heads at the last position only. They do their work at every position of the second half, so "
    "their output has to be zero at all positions."
)
def last_position_only(model, tokens, heads, controls):
    refuse_misfits(model, tokens, heads, controls)

    def zero_last(z, hook, head):
        z[:, -2:, head] = 0
        return z

    def measure(group):
        hooks = [(f"blocks.{layer}.attn.hook_z", partial(zero_last, head=head)) for layer, head in group]
        loss = model.run_with_hooks(tokens, fwd_hooks=hooks, return_type="loss", loss_per_token=True)
        return loss[:, tokens.shape[1] // 2 :].mean()

    return measured(measure, heads, controls)


@misconception(
    "Your numbers are right, but nothing gives a `ValueError`. The docstring's section *Raises* lists what should."
)
def nothing_refused(model, tokens, heads, controls):
    layers, count = model.cfg.n_layers, model.cfg.n_heads

    def measure(group):
        return second_half(model, tokens, [(layer % layers, head % count) for layer, head in group])

    return measured(measure, heads, controls or [heads])


def losses_of(model, tokens, group, hook_of):
    """Mean loss on the second half with a hook at z for each head."""
    hooks = [(f"blocks.{layer}.attn.hook_z", hook_of(head)) for layer, head in group]
    loss = model.run_with_hooks(tokens, fwd_hooks=hooks, return_type="loss", loss_per_token=True)
    return loss[:, tokens.shape[1] // 2 :].mean()


@misconception(
    "Your loss begins one prediction too early: it includes the last token of the first half. The loss with index `i` "
    "is about token `i + 1`, and the first token of the second half stands at position `half + 1`."
)
def starts_too_early(model, tokens, heads, controls):
    refuse_misfits(model, tokens, heads, controls)
    half = tokens.shape[1] // 2
    return measured(lambda group: losses_without(model, tokens, group)[:, half - 1 :].mean(), heads, controls)


@misconception(
    "You leave what the heads write at BOS as it is. Their output should be zero at *every* position: later heads "
    "attend to BOS, too."
)
def bos_left_alone(model, tokens, heads, controls):
    refuse_misfits(model, tokens, heads, controls)

    def hook_of(head):
        def zero(z, hook):
            z[:, 1:, head] = 0
            return z

        return zero

    return measured(lambda group: losses_of(model, tokens, group, hook_of), heads, controls)


@misconception(
    "You silence the heads in the second half only. Their output should be zero at every position: what they write in "
    "the first half is read later."
)
def second_half_only(model, tokens, heads, controls):
    refuse_misfits(model, tokens, heads, controls)

    def hook_of(head):
        def zero(z, hook):
            z[:, tokens.shape[1] // 2 + 1 :, head] = 0
            return z

        return zero

    return measured(lambda group: losses_of(model, tokens, group, hook_of), heads, controls)


@misconception(
    "Your heads write their mean in place of zero. This is mean ablation, a good method as well; asked for is zero "
    "ablation."
)
def mean_ablation(model, tokens, heads, controls):
    refuse_misfits(model, tokens, heads, controls)

    def hook_of(head):
        def mean(z, hook):
            z[:, :, head] = z[:, :, head].mean((0, 1))
            return z

        return mean

    return measured(lambda group: losses_of(model, tokens, group, hook_of), heads, controls)


@misconception(
    "Your attention patterns are those of the clean run. Here the patterns may change: a later head sees what is left "
    "of the stream."
)
def patterns_kept(model, tokens, heads, controls):
    refuse_misfits(model, tokens, heads, controls)
    names = [f"blocks.{layer}.attn.hook_pattern" for layer in range(model.cfg.n_layers)]
    _, cache = model.run_with_cache(tokens, names_filter=lambda name: name in names)

    def measure(group):
        hooks = [(name, lambda pattern, hook, kept=cache[name]: kept) for name in names]
        hooks += [(f"blocks.{layer}.attn.hook_z", partial(zero_one, head=head)) for layer, head in group]
        loss = model.run_with_hooks(tokens, fwd_hooks=hooks, return_type="loss", loss_per_token=True)
        return loss[:, tokens.shape[1] // 2 :].mean()

    return measured(measure, heads, controls)


@misconception(
    "Of several heads of one layer you ablate only the last. A dictionary with the layers as keys keeps one head for "
    "each: keep a list of heads for each layer."
)
def one_head_of_a_layer(model, tokens, heads, controls):
    refuse_misfits(model, tokens, heads, controls)
    return measured(lambda group: second_half(model, tokens, list(dict(group).items())), heads, controls)


@misconception(
    "In your control runs the chosen heads are gone, too. Each control set is ablated in a run of its own, on the "
    "whole model."
)
def heads_gone_in_the_controls(model, tokens, heads, controls):
    refuse_misfits(model, tokens, heads, controls)
    control_losses = [second_half(model, tokens, [*heads, *group]) for group in controls]
    return result(second_half(model, tokens, []), second_half(model, tokens, heads), control_losses)


@misconception(
    "Your control sets pile up: the heads of one set are still gone when the next set is measured. Each set has a run "
    "of its own."
)
def controls_pile_up(model, tokens, heads, controls):
    refuse_misfits(model, tokens, heads, controls)
    gone, control_losses = [], []
    for group in controls:
        gone += group
        control_losses.append(second_half(model, tokens, gone))
    return result(second_half(model, tokens, []), second_half(model, tokens, heads), control_losses)


@misconception(
    "Your effect is measured from the first control set alone. Take the mean of the losses of all control sets."
)
def against_the_first_control(model, tokens, heads, controls):
    refuse_misfits(model, tokens, heads, controls)
    found = measured(lambda group: second_half(model, tokens, group), heads, controls)
    return found | {"effect": found["ablated"] - found["controls"][0].item()}


@misconception("Your effect is measured from the median of the control sets. Their mean is asked for.")
def against_the_median(model, tokens, heads, controls):
    refuse_misfits(model, tokens, heads, controls)
    found = measured(lambda group: second_half(model, tokens, group), heads, controls)
    middle = found["controls"].median() if len(controls) > 2 else found["controls"].mean()
    return found | {"effect": found["ablated"] - middle.item()}


@misconception(
    "Your losses of the control sets are in a list. A tensor of shape `[control]` is asked for: `torch.stack`."
)
def controls_in_a_list(model, tokens, heads, controls):
    refuse_misfits(model, tokens, heads, controls)
    found = measured(lambda group: second_half(model, tokens, group), heads, controls)
    return found | {"controls": found["controls"].tolist()}


@misconception("Your single numbers are tensors. Make Python floats of them with `.item()`.")
def tensors_for_floats(model, tokens, heads, controls):
    refuse_misfits(model, tokens, heads, controls)
    clean, ablated = second_half(model, tokens, []), second_half(model, tokens, heads)
    others = torch.stack([second_half(model, tokens, group) for group in controls])
    return {"clean": clean, "ablated": ablated, "controls": others, "effect": (ablated - others.mean()).item()}


@misconception(
    "The hooks of the last run are still on the model when you are done. Take hooks off after each run, and not "
    "before the next, or use a way to run that does it for you."
)
def last_hooks_left(model, tokens, heads, controls):
    refuse_misfits(model, tokens, heads, controls)

    def measure(group):
        model.reset_hooks()
        for layer, head in group:
            model.add_hook(f"blocks.{layer}.attn.hook_z", partial(zero_one, head=head))
        return model(tokens, return_type="loss", loss_per_token=True)[:, tokens.shape[1] // 2 :].mean()

    return measured(measure, heads, controls)


@misconception(
    "When your function raises its `ValueError`, hooks are left on the model. Check all heads before you add the "
    "first hook, or take the hooks off in a `finally`."
)
def hooks_left_after_an_error(model, tokens, heads, controls):
    refuse_misfits(model, tokens, [], controls and [[]])

    def measure(group):
        for layer, head in group:
            if not (0 <= layer < model.cfg.n_layers and 0 <= head < model.cfg.n_heads):
                raise ValueError("no such head")
            model.add_hook(f"blocks.{layer}.attn.hook_z", partial(zero_one, head=head))
        loss = model(tokens, return_type="loss", loss_per_token=True)[:, tokens.shape[1] // 2 :].mean()
        model.reset_hooks()
        return loss

    return measured(measure, heads, controls)


@misconception("BOS alone, without any half, gives no `ValueError` in yours. A half has at least one token.")
def bos_alone(model, tokens, heads, controls):
    refuse_misfits(model, tokens if tokens.shape[1] != 1 else tokens.repeat(1, 3), heads, controls)
    return measured(lambda group: second_half(model, tokens, group), heads, controls)


@misconception(
    "An even number of positions gives no `ValueError` in yours. BOS and two equal halves are an odd number of tokens."
)
def even_positions(model, tokens, heads, controls):
    even = tokens.shape[1] % 2 == 0 and tokens.shape[1] > 2
    refuse_misfits(model, tokens[:, 1:] if even else tokens, heads, controls)
    return measured(lambda group: second_half(model, tokens, group), heads, controls)


@misconception(
    "Negative numbers of heads give no `ValueError` in yours. Python counts them from the end, and another head is "
    "ablated than asked."
)
def negative_heads(model, tokens, heads, controls):
    def counted(groups):
        return [[(layer, head + model.cfg.n_heads * (head < 0)) for layer, head in group] for group in groups]

    refuse_misfits(model, tokens, *counted([heads]), counted(controls))
    return measured(lambda group: second_half(model, tokens, group), heads, controls)


@misconception("Negative numbers of layers give no `ValueError` in yours. A layer is one of `0 … n_layers - 1`.")
def negative_layers(model, tokens, heads, controls):
    def counted(groups):
        return [[(layer + model.cfg.n_layers * (layer < 0), head) for layer, head in group] for group in groups]

    heads, *controls = counted([heads, *controls])
    refuse_misfits(model, tokens, heads, controls)
    return measured(lambda group: second_half(model, tokens, group), heads, controls)


@misconception(
    "Your check lets the number just beyond the last head through. With `n_heads` heads, the last one has the number "
    "`n_heads - 1`."
)
def one_head_too_many(model, tokens, heads, controls):
    def without_it(groups):
        return [[pair for pair in group if pair[1] != model.cfg.n_heads] for group in groups]

    refuse_misfits(model, tokens, *without_it([heads]), without_it(controls))
    return measured(lambda group: second_half(model, tokens, group), heads, controls)


@misconception(
    "Heads of control sets that the model does not have give no `ValueError` in yours. Check the control sets as you "
    "check `heads`."
)
def controls_not_checked(model, tokens, heads, controls):
    refuse_misfits(model, tokens, heads, controls and [[]])
    layers, count = model.cfg.n_layers, model.cfg.n_heads
    kept = [[pair for pair in group if 0 <= pair[0] < layers and 0 <= pair[1] < count] for group in controls]
    return measured(lambda group: second_half(model, tokens, group), heads, kept)


@misconception("A call without control sets gives no `ValueError` in yours, and the effect is not a number.")
def no_controls(model, tokens, heads, controls):
    refuse_misfits(model, tokens, heads, controls or [[]])
    found = measured(lambda group: second_half(model, tokens, group), heads, controls or [[]])
    return found if controls else found | {"controls": torch.zeros(0), "effect": float("nan")}


@misconception(
    "Your `clean` loss is the mean over all positions, as the model returns it with `return_type='loss'` alone. Like "
    "the other losses, it is that of the second half."
)
def clean_over_all_positions(model, tokens, heads, controls):
    refuse_misfits(model, tokens, heads, controls)
    found = measured(lambda group: second_half(model, tokens, group), heads, controls)
    return found | {"clean": losses_without(model, tokens, []).mean().item()}


@misconception(
    "Without heads to ablate your function ends with an error. `heads` may be empty: then `ablated` is the loss of "
    "the model as it is."
)
def no_heads_refused(model, tokens, heads, controls):
    refuse_misfits(model, tokens, heads, controls)
    if not heads:
        raise ValueError("there are no heads to ablate")
    return measured(lambda group: second_half(model, tokens, group), heads, controls)


@misconception(
    "When a run of the model fails, your hooks stay on it. Take the hooks off in a `finally`, or use a way to run "
    "that does it for you."
)
def hooks_left_after_a_failed_run(model, tokens, heads, controls):
    refuse_misfits(model, tokens, heads, controls)

    def measure(group):
        for layer, head in group:
            model.add_hook(f"blocks.{layer}.attn.hook_z", partial(zero_one, head=head))
        loss = model(tokens, return_type="loss", loss_per_token=True)[:, tokens.shape[1] // 2 :].mean()
        model.reset_hooks()
        return loss

    return measured(measure, heads, controls)


@misconception("Your losses are in bits. Take them in nats, as the model gives them.")
def in_bits(model, tokens, heads, controls):
    refuse_misfits(model, tokens, heads, controls)
    return measured(lambda group: second_half(model, tokens, group) / torch.tensor(2.0).log(), heads, controls)


@misconception("Your losses are those of the first sequence. Take the mean over the batch.")
def first_sequence_only(model, tokens, heads, controls):
    refuse_misfits(model, tokens, heads, controls)
    half = tokens.shape[1] // 2
    return measured(lambda group: losses_without(model, tokens, group)[0, half:].mean(), heads, controls)


@misconception(
    "You add the losses of the second half up over its positions. Take the mean: it does not grow with the length."
)
def summed_positions(model, tokens, heads, controls):
    refuse_misfits(model, tokens, heads, controls)
    half = tokens.shape[1] // 2
    return measured(lambda group: losses_without(model, tokens, group)[:, half:].sum(1).mean(), heads, controls)


@misconception(
    "Your `controls` is a single number, the mean of the losses of the control sets. Return the loss of each set, in "
    "a tensor of shape `[control]`."
)
def mean_of_the_controls(model, tokens, heads, controls):
    refuse_misfits(model, tokens, heads, controls)
    found = measured(lambda group: second_half(model, tokens, group), heads, controls)
    return found | {"controls": found["controls"].mean()}


@misconception(
    "Your check lets the number just beyond the last layer through. With `n_layers` layers, the last one has the "
    "number `n_layers - 1`."
)
def one_layer_too_many(model, tokens, heads, controls):
    def without_it(groups):
        return [[pair for pair in group if pair[0] != model.cfg.n_layers] for group in groups]

    heads, *controls = without_it([heads, *controls])
    refuse_misfits(model, tokens, heads, controls)
    return measured(lambda group: second_half(model, tokens, group), heads, controls)


@misconception(
    "You check the upper ends alone: negative numbers of layers and of heads give no `ValueError`. Python counts them from "
    "the end. A head is in the model where both numbers are at least 0 and below the sizes."
)
def negative_numbers(model, tokens, heads, controls):
    def counted(group):
        sizes = model.cfg.n_layers, model.cfg.n_heads
        return [tuple(n + size * (n < 0) for n, size in zip(pair, sizes, strict=True)) for pair in group]

    heads, *controls = [counted(group) for group in [heads, *controls]]
    refuse_misfits(model, tokens, heads, controls)
    return measured(lambda group: second_half(model, tokens, group), heads, controls)


@misconception(
    "A call without control sets ends with a `RuntimeError` of PyTorch in yours: there is nothing to stack. The docstring "
    "asks for a `ValueError`: check before you measure."
)
def no_controls_to_stack(model, tokens, heads, controls):
    refuse_misfits(model, tokens, heads, controls or [[]])
    return measured(lambda group: second_half(model, tokens, group), heads, controls)


@misconception(
    "No number of positions gives a `ValueError` in yours: neither an even one nor BOS alone. `pos` is `1 + 2 * half`, with "
    "`half` at least 1."
)
def length_not_checked(model, tokens, heads, controls):
    refuse_misfits(model, torch.zeros(1, 3), heads, controls)
    return measured(lambda group: second_half(model, tokens, group), heads, controls)


@misconception(
    "An even number of positions gives no `ValueError` in yours, from 2 on. BOS and two equal halves are an odd number of "
    "tokens."
)
def even_positions_from_two(model, tokens, heads, controls):
    if tokens.shape[1] < 2:
        raise ValueError("no halves")
    refuse_misfits(model, torch.zeros(1, 3), heads, controls)
    return measured(lambda group: second_half(model, tokens, group), heads, controls)


@misconception(
    "Numbers of layers and heads that the model does not have are not checked in yours, neither in `heads` nor in the control "
    "sets. The docstring asks for a `ValueError`."
)
def heads_not_checked(model, tokens, heads, controls):
    refuse_misfits(model, tokens, [], controls and [[]])

    def kept(group):
        return [pair for pair in group if pair[0] in range(model.cfg.n_layers) and pair[1] in range(model.cfg.n_heads)]

    return measured(lambda group: second_half(model, tokens, group), kept(heads), [kept(group) for group in controls])


@misconception(
    "Your `ablated` loss is that without `heads` and without the control heads, all in one run. The control sets have runs "
    "of their own."
)
def all_at_once(model, tokens, heads, controls):
    refuse_misfits(model, tokens, heads, controls)
    found = measured(lambda group: second_half(model, tokens, group), heads, controls)
    everything = second_half(model, tokens, [*heads, *(pair for group in controls for pair in group)])
    return result(found["clean"], everything, list(found["controls"]))


@misconception(
    "You divide the effect by the loss of the controls. It is a difference: `ablated` minus the mean of `controls`."
)
def relative_effect(model, tokens, heads, controls):
    refuse_misfits(model, tokens, heads, controls)
    found = measured(lambda group: second_half(model, tokens, group), heads, controls)
    return found | {"effect": found["effect"] / found["controls"].mean().item()}


@misconception(
    "Your losses without heads are differences from the clean loss. Give the losses themselves: `effect` alone is a "
    "difference."
)
def differences_for_losses(model, tokens, heads, controls):
    refuse_misfits(model, tokens, heads, controls)
    found = measured(lambda group: second_half(model, tokens, group), heads, controls)
    return found | {"ablated": found["ablated"] - found["clean"], "controls": found["controls"] - found["clean"]}


@misconception(
    "Your runs with hooks give the loss of the last position alone. The loss is the mean over all tokens of the second "
    "half."
)
def last_token_alone(model, tokens, heads, controls):
    refuse_misfits(model, tokens, heads, controls)
    return measured(lambda group: losses_without(model, tokens, group)[:, -1].mean(), heads, controls)


@misconception(
    "In each layer you remove the heads that the set has in the model's *last* layer. A function made in a loop reads the loop's variable "
    "when it runs, and by then the loop is over. Fix the layer when you make the hook."
)
def late_binding_of_the_layer(model, tokens, heads, controls):
    refuse_misfits(model, tokens, heads, controls)
    last = model.cfg.n_layers - 1

    def measure(group):
        found = [head for layer, head in group if layer == last]
        return second_half(model, tokens, [(layer, head) for layer, _ in group for head in found])

    return measured(measure, heads, controls)
