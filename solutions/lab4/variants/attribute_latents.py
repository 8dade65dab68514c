"""Right and wrong ways to attribute a metric to latents."""

import torch

from mechgrade.authoring.variants import accepted, misconception


def value_and_gradient(model, sae, tokens, metric, instead=None):
    """The activation at the SAE's hook point and the metric's gradient there: a misconception is wrong in one thing only."""
    kept = []

    def keep(value, hook):
        kept.append((value if instead is None else instead(value)).detach().requires_grad_())
        return kept[0]

    with torch.enable_grad():
        logits = model.run_with_hooks(tokens, fwd_hooks=[(sae.cfg.metadata.hook_name, keep)])
        (gradient,) = torch.autograd.grad(metric(logits).sum(), kept)
    return kept[0].detach(), gradient


def metric_without(model, sae, tokens, metric, change):
    """The metric when the activation at the SAE's hook point is changed."""
    with torch.no_grad():
        hooks = [(sae.cfg.metadata.hook_name, lambda value, hook: change(value))]
        return metric(model.run_with_hooks(tokens, fwd_hooks=hooks))


def written(sae, value, latent):
    """What a latent writes into an activation."""
    return sae.encode(value)[..., latent, None] * sae.W_dec[latent]


@accepted
def through_spliced_latents(model, sae, tokens, metric):
    """The SAE spliced in with its error term, and autograd asked for the latents' own gradient."""
    kept = []

    def splice(value, hook):
        latents = sae.encode(value.detach())
        error = value.detach() - (latents @ sae.W_dec + sae.b_dec)
        kept.append(latents.requires_grad_())
        return latents @ sae.W_dec + sae.b_dec + error

    with torch.enable_grad():
        metric(model.run_with_hooks(tokens, fwd_hooks=[(sae.cfg.metadata.hook_name, splice)])).sum().backward()
    return (kept[0] * kept[0].grad).detach()


@accepted
def prompt_by_prompt(model, sae, tokens, metric):
    """A backward pass for each prompt's own number, and one contraction for each position."""
    kept = []

    def keep(value, hook):
        kept.append(value.detach().clone().requires_grad_(True))
        return kept[0]

    with torch.enable_grad():
        numbers = metric(model.run_with_hooks(tokens, fwd_hooks=[(sae.cfg.metadata.hook_name, keep)]))
        for number in numbers:
            number.backward(retain_graph=True)
    value, gradient = kept[0].detach(), kept[0].grad
    with torch.no_grad():
        rows = [
            sae.encode(value[:, p]) * torch.einsum("bd,sd->bs", gradient[:, p], sae.W_dec)
            for p in range(value.shape[1])
        ]
    return torch.stack(rows, dim=1)


@accepted(replaces="ablation_effects")
def by_edited_latents(model, sae, tokens, metric, latents):
    """Latents edited and decoded, with the error term added back; hooks added and reset by hand."""
    with torch.no_grad():
        clean = metric(model(tokens)).clone()
        effects = torch.zeros(len(latents), len(tokens), dtype=clean.dtype, device=clean.device)
        for place, latent in enumerate(latents):

            def edit(value, hook, latent=latent):
                found = sae.encode(value)
                edited = found.clone()
                edited[..., latent] = 0
                return value + edited @ sae.W_dec - found @ sae.W_dec

            model.add_hook(sae.cfg.metadata.hook_name, edit)
            try:
                effects[place] = clean - metric(model(tokens))
            finally:
                model.reset_hooks()
    return effects


@misconception(
    "You return the gradient alone. What a latent adds is its activation *times* the gradient; a silent latent adds nothing."
)
def gradient_alone(model, sae, tokens, metric):
    _, gradient = value_and_gradient(model, sae, tokens, metric)
    return gradient @ sae.W_dec.T


@misconception(
    "You return the activations alone. How active a latent is does not tell whether the metric depends on it."
)
def activation_alone(model, sae, tokens, metric):
    value, _ = value_and_gradient(model, sae, tokens, metric)
    return sae.encode(value)


@misconception(
    "You carry the gradient through the encoder's directions. A latent reaches the model through its row of the decoder."
)
def through_the_encoder(model, sae, tokens, metric):
    value, gradient = value_and_gradient(model, sae, tokens, metric)
    return sae.encode(value) * (gradient @ sae.W_enc)


@misconception(
    "Your gradient is taken in a model that runs on reconstructions, without the error term. Take it in the untouched model."
)
def without_error_term(model, sae, tokens, metric):
    _, gradient = value_and_gradient(model, sae, tokens, metric, lambda value: sae.decode(sae.encode(value)))
    value, _ = value_and_gradient(model, sae, tokens, metric)
    return sae.encode(value) * (gradient @ sae.W_dec.T)


@misconception("Your attributions have the wrong sign. A latent that helps the metric gets a positive number.")
def attribution_sign(model, sae, tokens, metric):
    value, gradient = value_and_gradient(model, sae, tokens, metric)
    return -sae.encode(value) * (gradient @ sae.W_dec.T)


@misconception(
    "You take the gradient of the *mean* over the prompts, so that your numbers shrink as the batch grows. Each prompt has a "
    "metric of its own: differentiate the sum."
)
def of_the_mean(model, sae, tokens, metric):
    value, gradient = value_and_gradient(model, sae, tokens, lambda logits: metric(logits).mean())
    return sae.encode(value) * (gradient @ sae.W_dec.T)


@misconception("You return magnitudes. Whether a latent helps or hinders is in the sign.")
def magnitudes(model, sae, tokens, metric):
    value, gradient = value_and_gradient(model, sae, tokens, metric)
    return (sae.encode(value) * (gradient @ sae.W_dec.T)).abs()


@misconception(
    "You look at the last position only. Latents at earlier positions reach the answer through attention; keep every position."
)
def last_position_only(model, sae, tokens, metric):
    value, gradient = value_and_gradient(model, sae, tokens, metric)
    found = sae.encode(value) * (gradient @ sae.W_dec.T)
    found[:, :-1] = 0
    return found


@misconception(
    "Your effects have the wrong sign. A latent that helps has a positive effect: the untouched metric minus the one without it.",
    replaces="ablation_effects",
)
def effect_sign(model, sae, tokens, metric, latents):
    clean = metric_without(model, sae, tokens, metric, lambda value: value)
    return torch.stack(
        [
            metric_without(model, sae, tokens, metric, lambda value, j=j: value - written(sae, value, j)) - clean
            for j in latents.tolist()
        ]
    )


@misconception(
    "You replace the activation by its reconstruction without the latent. That takes the SAE's error away too, which may be "
    "more than the latent; subtract the latent's contribution from the activation.",
    replaces="ablation_effects",
)
def error_lost(model, sae, tokens, metric, latents):
    def without(value, latent):
        found = sae.encode(value)
        found[..., latent] = 0
        return sae.decode(found)

    clean = metric_without(model, sae, tokens, metric, lambda value: value)
    return torch.stack(
        [
            clean - metric_without(model, sae, tokens, metric, lambda value, j=j: without(value, j))
            for j in latents.tolist()
        ]
    )


@misconception(
    "You ablate at the last position only. The latent is to go from all positions.",
    replaces="ablation_effects",
)
def ablates_the_last_position(model, sae, tokens, metric, latents):
    def without(value, latent):
        value = value.clone()
        value[:, -1:] -= written(sae, value[:, -1:], latent)
        return value

    clean = metric_without(model, sae, tokens, metric, lambda value: value)
    return torch.stack(
        [
            clean - metric_without(model, sae, tokens, metric, lambda value, j=j: without(value, j))
            for j in latents.tolist()
        ]
    )


@misconception(
    "Your ablations pile up: with the second latent the first one is still away. Each latent is ablated alone, in the "
    "otherwise untouched model.",
    replaces="ablation_effects",
)
def ablations_pile_up(model, sae, tokens, metric, latents):
    def without(value, gone):
        return value - sum(written(sae, value, latent) for latent in gone)

    chosen = latents.tolist()
    clean = metric_without(model, sae, tokens, metric, lambda value: value)
    return torch.stack(
        [
            clean - metric_without(model, sae, tokens, metric, lambda value, n=n: without(value, chosen[: n + 1]))
            for n in range(len(chosen))
        ]
    )


@misconception(
    "You return the gradient wherever the latent is active, whatever its activation. Multiply the gradient by the "
    "activation.",
)
def gradient_where_active(model, sae, tokens, metric):
    value, gradient = value_and_gradient(model, sae, tokens, metric)
    return (sae.encode(value) > 0) * (gradient @ sae.W_dec.T)


@misconception(
    "You multiply by the pre-activation, so that silent latents get an attribution. Take the activation from "
    "`sae.encode`.",
)
def pre_activation_times_gradient(model, sae, tokens, metric):
    value, gradient = value_and_gradient(model, sae, tokens, metric)
    return ((value - sae.b_dec) @ sae.W_enc + sae.b_enc) * (gradient @ sae.W_dec.T)


@misconception(
    "You make the directions unit length first. The gradient by a latent is the dot product with its direction as "
    "it is.",
)
def unit_directions(model, sae, tokens, metric):
    value, gradient = value_and_gradient(model, sae, tokens, metric)
    unit = torch.nn.functional.normalize(sae.W_dec, dim=-1)
    return sae.encode(value) * (gradient @ unit.T)


@misconception(
    "Only the first prompt has attributions. Differentiate the sum of the metrics of all prompts.",
)
def first_prompt_only(model, sae, tokens, metric):
    value, gradient = value_and_gradient(model, sae, tokens, lambda logits: metric(logits)[:1])
    return sae.encode(value) * (gradient @ sae.W_dec.T)


@misconception(
    "Every position has the sum over all positions. Each position has an attribution of its own.",
)
def summed_over_positions(model, sae, tokens, metric):
    value, gradient = value_and_gradient(model, sae, tokens, metric)
    found = sae.encode(value) * (gradient @ sae.W_dec.T)
    return found.sum(dim=1, keepdim=True).expand_as(found).clone()


@misconception(
    "When `metric` raises an error, your hook stays on the model. Use `run_with_hooks`, or call `reset_hooks()` "
    "in a `finally`.",
)
def hook_stays_after_an_error(model, sae, tokens, metric):
    kept = []

    def keep(value, hook):
        kept.append(value.detach().requires_grad_())
        return kept[0]

    model.add_hook(sae.cfg.metadata.hook_name, keep)
    with torch.enable_grad():
        (gradient,) = torch.autograd.grad(metric(model(tokens)).sum(), kept)
    model.reset_hooks()
    return sae.encode(kept[0].detach()) * (gradient @ sae.W_dec.T)


@misconception(
    "Your hook stays on the model after you are done. Use `run_with_hooks`, or call `reset_hooks()` in a `finally`.",
)
def hook_stays(model, sae, tokens, metric):
    kept = []

    def keep(value, hook):
        kept.append(value.detach().requires_grad_())
        return kept[-1]

    model.add_hook(sae.cfg.metadata.hook_name, keep)
    with torch.enable_grad():
        (gradient,) = torch.autograd.grad(metric(model(tokens)).sum(), kept[-1:])
    return sae.encode(kept[-1].detach()) * (gradient @ sae.W_dec.T)


_LEAVES = {}


@misconception(
    "A second call with other tokens goes wrong: it has the gradient of the first call in it. Start each call "
    "with a new tensor, or use `torch.autograd.grad`.",
)
def gradients_add_up(model, sae, tokens, metric):
    used = []

    def keep(value, hook):
        leaf = _LEAVES.setdefault(tuple(value.shape), value.detach().clone().requires_grad_())
        leaf.data = value.detach().clone()
        used.append(leaf)
        return leaf

    with torch.enable_grad():
        metric(model.run_with_hooks(tokens, fwd_hooks=[(sae.cfg.metadata.hook_name, keep)])).sum().backward()
    with torch.no_grad():
        return sae.encode(used[0]) * (used[0].grad @ sae.W_dec.T)


@misconception(
    "You take out all that the activation has along the direction. Take away what the latent writes, its "
    "activation times its direction.",
    replaces="ablation_effects",
)
def projects_out(model, sae, tokens, metric, latents):
    def without(value, latent):
        unit = sae.W_dec[latent] / sae.W_dec[latent].norm()
        return value - (value @ unit)[..., None] * unit

    clean = metric_without(model, sae, tokens, metric, lambda value: value)
    effects = [
        clean - metric_without(model, sae, tokens, metric, lambda value, j=j: without(value, j))
        for j in latents.tolist()
    ]
    return torch.stack(effects)


@misconception(
    "You leave the first position alone. The latent is to go from all positions.",
    replaces="ablation_effects",
)
def not_at_the_first_position(model, sae, tokens, metric, latents):
    def without(value, latent):
        value = value.clone()
        value[:, 1:] -= written(sae, value[:, 1:], latent)
        return value

    clean = metric_without(model, sae, tokens, metric, lambda value: value)
    effects = [
        clean - metric_without(model, sae, tokens, metric, lambda value, j=j: without(value, j))
        for j in latents.tolist()
    ]
    return torch.stack(effects)


@misconception(
    "Every row has the effect of the last latent. A function that is made in a loop sees the loop's last value: "
    "bind it, as in `latent=latent`.",
    replaces="ablation_effects",
)
def last_latent_for_all(model, sae, tokens, metric, latents):
    clean = metric_without(model, sae, tokens, metric, lambda value: value)
    effects = [
        clean - metric_without(model, sae, tokens, metric, lambda value, j=j: value - written(sae, value, j))
        for j in [int(latents[-1])] * len(latents)
    ]
    return torch.stack(effects)


@misconception(
    "Your rows come in the order of the latents' numbers. They should follow `latents`, with its order and "
    "repetitions.",
    replaces="ablation_effects",
)
def in_order_of_number(model, sae, tokens, metric, latents):
    clean = metric_without(model, sae, tokens, metric, lambda value: value)
    effects = [
        clean - metric_without(model, sae, tokens, metric, lambda value, j=j: value - written(sae, value, j))
        for j in sorted(set(latents.tolist()))
    ]
    return torch.stack(effects)


@misconception(
    "Every prompt has the mean effect over the batch. Each prompt has an effect of its own.",
    replaces="ablation_effects",
)
def mean_over_the_batch(model, sae, tokens, metric, latents):
    clean = metric_without(model, sae, tokens, metric, lambda value: value)
    effects = [
        clean - metric_without(model, sae, tokens, metric, lambda value, j=j: value - written(sae, value, j))
        for j in latents.tolist()
    ]
    return torch.stack(effects).mean(dim=1, keepdim=True).expand(-1, len(tokens)).clone()


@misconception(
    "You divide the difference by the untouched metric. The plain difference is asked for.",
    replaces="ablation_effects",
)
def relative_effect(model, sae, tokens, metric, latents):
    clean = metric_without(model, sae, tokens, metric, lambda value: value)
    effects = [
        clean - metric_without(model, sae, tokens, metric, lambda value, j=j: value - written(sae, value, j))
        for j in latents.tolist()
    ]
    return torch.stack(effects) / clean


@misconception(
    "Your effects are `[batch, latent]`. The latents come first: `[latent, batch]`.",
    replaces="ablation_effects",
)
def batch_first(model, sae, tokens, metric, latents):
    clean = metric_without(model, sae, tokens, metric, lambda value: value)
    effects = [
        clean - metric_without(model, sae, tokens, metric, lambda value, j=j: value - written(sae, value, j))
        for j in latents.tolist()
    ]
    return torch.stack(effects, dim=1)


@misconception(
    "Your untouched run has the reconstruction in the activation's place, and so has the other one. Take the "
    "untouched model, and keep the error.",
    replaces="ablation_effects",
)
def both_spliced(model, sae, tokens, metric, latents):
    def without(value, latent):
        found = sae.encode(value)
        found[..., latent] = 0
        return sae.decode(found)

    clean = metric_without(model, sae, tokens, metric, lambda value: sae.decode(sae.encode(value)))
    effects = [
        clean - metric_without(model, sae, tokens, metric, lambda value, j=j: without(value, j))
        for j in latents.tolist()
    ]
    return torch.stack(effects)


@misconception(
    "You compute the latents with a ReLU from the weights. Not every SAE is a plain ReLU: use `sae.encode`.",
)
def relu_by_hand(model, sae, tokens, metric):
    value, gradient = value_and_gradient(model, sae, tokens, metric)
    return ((value - sae.b_dec) @ sae.W_enc + sae.b_enc).relu() * (gradient @ sae.W_dec.T)


@misconception(
    "Your result still has a graph. Detach it, or compute it inside `torch.no_grad()`.",
)
def keeps_a_graph(model, sae, tokens, metric):
    value, gradient = value_and_gradient(model, sae, tokens, metric)
    with torch.enable_grad():
        return sae.encode(value.requires_grad_()) * (gradient @ sae.W_dec.T)


@misconception(
    "All your attributions are 0. The error term depends on the latents in yours, so that it undoes every change of them: detach the error term."
)
def error_not_detached(model, sae, tokens, metric):
    kept = []

    def splice(value, hook):
        latents = sae.encode(value.detach()).requires_grad_()
        kept.append(latents)
        reconstruction = latents @ sae.W_dec + sae.b_dec
        return reconstruction + (value.detach() - reconstruction)

    with torch.enable_grad():
        logits = model.run_with_hooks(tokens, fwd_hooks=[(sae.cfg.metadata.hook_name, splice)])
        (gradient,) = torch.autograd.grad(metric(logits).sum(), kept)
    return kept[0].detach() * gradient


@misconception(
    "You take the activations of a layer of your own choice. The SAE says where it belongs: `sae.cfg.metadata.hook_name`."
)
def fixed_hook_point(model, sae, tokens, metric):
    kept = []

    def keep(value, hook):
        kept.append(value.detach().requires_grad_())
        return kept[0]

    place = next(name for name in model.hook_dict if name.endswith(("hook_resid_pre", "hook_stream")))
    with torch.enable_grad():
        logits = model.run_with_hooks(tokens, fwd_hooks=[(place, keep)])
        (gradient,) = torch.autograd.grad(metric(logits).sum(), kept)
    return sae.encode(kept[0].detach()) * (gradient @ sae.W_dec.T)


@misconception("Your function stops with an error where gradients are switched off. Use `torch.enable_grad()`.")
def needs_gradients_on(model, sae, tokens, metric):
    kept = []

    def keep(value, hook):
        kept.append(value.detach().requires_grad_())
        return kept[0]

    logits = model.run_with_hooks(tokens, fwd_hooks=[(sae.cfg.metadata.hook_name, keep)])
    (gradient,) = torch.autograd.grad(metric(logits).sum(), kept)
    return sae.encode(kept[0].detach()) * (gradient @ sae.W_dec.T)


@misconception(
    "After `ablation_effects` a hook is left on the model. Use `run_with_hooks`, or call `reset_hooks()` in a `finally`.",
    replaces="ablation_effects",
)
def ablation_hook_stays(model, sae, tokens, metric, latents):
    effects = []
    with torch.no_grad():
        clean = metric(model(tokens))
        for latent in latents.tolist():
            model.reset_hooks()
            model.add_hook(
                sae.cfg.metadata.hook_name, lambda value, hook, latent=latent: value - written(sae, value, latent)
            )
            effects.append(clean - metric(model(tokens)))
    return torch.stack(effects)


@misconception(
    "When `metric` raises an error in `ablation_effects`, your hook stays on the model. Use `run_with_hooks`, or call `reset_hooks()` in a "
    "`finally`.",
    replaces="ablation_effects",
)
def ablation_hook_stays_after_an_error(model, sae, tokens, metric, latents):
    effects = []
    with torch.no_grad():
        clean = metric(model(tokens))
        for latent in latents.tolist():
            model.add_hook(
                sae.cfg.metadata.hook_name, lambda value, hook, latent=latent: value - written(sae, value, latent)
            )
            effects.append(clean - metric(model(tokens)))
            model.reset_hooks()
    return torch.stack(effects)


@misconception(
    "For a single latent your result has lost its first axis. It is `[latent, batch]` there too: call no `squeeze`.",
    replaces="ablation_effects",
)
def one_latent_squeezed(model, sae, tokens, metric, latents):
    clean = metric_without(model, sae, tokens, metric, lambda value: value)
    effects = [
        clean - metric_without(model, sae, tokens, metric, lambda value, j=j: value - written(sae, value, j))
        for j in latents.tolist()
    ]
    effects = torch.stack(effects)
    return effects[0] if len(effects) == 1 else effects


def attributed(model, sae, tokens, metric):
    """The attributions as they should be."""
    value, gradient = value_and_gradient(model, sae, tokens, metric)
    return sae.encode(value) * (gradient @ sae.W_dec.T)


def effects_of(model, sae, tokens, metric, latents, take_away):
    """The untouched metric minus the one with a latent taken away somehow, for one latent at a time."""
    clean = metric_without(model, sae, tokens, metric, lambda value: value)
    effects = [
        clean - metric_without(model, sae, tokens, metric, lambda value, j=j: take_away(value, j))
        for j in latents.tolist()
    ]
    return torch.stack(effects)


@misconception(
    "At the first position all your attributions are 0. Every position has its attributions, the first one too.",
)
def nothing_at_the_first_position(model, sae, tokens, metric):
    found = attributed(model, sae, tokens, metric)
    found[:, 0] = 0
    return found


@misconception(
    "Your attributions have lost their position axis: they are summed over the positions. Keep it: `[batch, pos, d_sae]`.",
)
def positions_summed_away(model, sae, tokens, metric):
    return attributed(model, sae, tokens, metric).sum(dim=1)


@misconception(
    "Every prompt has the mean of all prompts' attributions. Each prompt has attributions of its own.",
)
def mean_attribution_of_the_batch(model, sae, tokens, metric):
    found = attributed(model, sae, tokens, metric)
    return found.mean(dim=0, keepdim=True).expand_as(found).clone()


@misconception(
    "You multiply the gradient by what the latents become in the reconstruction, encoded once more. Take the activations of "
    "the untouched run.",
)
def latents_of_the_reconstruction(model, sae, tokens, metric):
    value, gradient = value_and_gradient(model, sae, tokens, metric)
    return sae.encode(sae.decode(sae.encode(value))) * (gradient @ sae.W_dec.T)


@misconception(
    "Every row has the effect of taking all the given latents away together. Each latent is taken away alone.",
    replaces="ablation_effects",
)
def all_ablated_together(model, sae, tokens, metric, latents):
    def without_all(value, _):
        return value - sum(written(sae, value, latent) for latent in latents.tolist())

    return effects_of(model, sae, tokens, metric, latents, without_all)


@misconception(
    "You put the latent's mean over the positions in its place. Take away all that it writes.",
    replaces="ablation_effects",
)
def mean_ablation(model, sae, tokens, metric, latents):
    def to_its_mean(value, latent):
        strength = sae.encode(value)[..., latent, None]
        return value - (strength - strength.mean(dim=1, keepdim=True)) * sae.W_dec[latent]

    return effects_of(model, sae, tokens, metric, latents, to_its_mean)


@misconception(
    "You take one unit of the direction away, however active the latent is. Take away its activation times its direction.",
    replaces="ablation_effects",
)
def one_unit_away(model, sae, tokens, metric, latents):
    return effects_of(model, sae, tokens, metric, latents, lambda value, latent: value - sae.W_dec[latent])


@misconception(
    "You take the pre-activation times the direction away, also where the latent is silent. Take the activation from "
    "`sae.encode`.",
    replaces="ablation_effects",
)
def ablates_the_pre_activation(model, sae, tokens, metric, latents):
    def without(value, latent):
        pre = (value - sae.b_dec) @ sae.W_enc[:, latent] + sae.b_enc[latent]
        return value - pre[..., None] * sae.W_dec[latent]

    return effects_of(model, sae, tokens, metric, latents, without)


@misconception(
    "For ablation you make the direction unit length first. What a latent writes is its activation times its direction as it is.",
    replaces="ablation_effects",
)
def ablates_a_unit_direction(model, sae, tokens, metric, latents):
    def without(value, latent):
        return value - written(sae, value, latent) / sae.W_dec[latent].norm()

    return effects_of(model, sae, tokens, metric, latents, without)


@misconception(
    "You ablate along the encoder's direction. What a latent writes goes along its row of the decoder, `sae.W_dec[latent]`.",
    replaces="ablation_effects",
)
def ablates_the_encoder_direction(model, sae, tokens, metric, latents):
    def without(value, latent):
        return value - sae.encode(value)[..., latent, None] * sae.W_enc[:, latent]

    return effects_of(model, sae, tokens, metric, latents, without)


@misconception(
    "You add the latent's contribution once more, where it should be taken away.",
    replaces="ablation_effects",
)
def adds_the_contribution(model, sae, tokens, metric, latents):
    return effects_of(model, sae, tokens, metric, latents, lambda value, latent: value + written(sae, value, latent))


@misconception(
    "You return one number for each latent, its mean effect over the prompts. Each prompt has an effect of its own: "
    "`[latent, batch]`.",
    replaces="ablation_effects",
)
def one_number_a_latent(model, sae, tokens, metric, latents):
    take_away = lambda value, latent: value - written(sae, value, latent)  # noqa: E731
    return effects_of(model, sae, tokens, metric, latents, take_away).mean(dim=1)


@misconception(
    "Your untouched run has the SAE's reconstruction in the activation's place. Take the metric of the model as it is.",
    replaces="ablation_effects",
)
def clean_run_is_spliced(model, sae, tokens, metric, latents):
    clean = metric_without(model, sae, tokens, metric, lambda value: sae.decode(sae.encode(value)))
    effects = [
        clean - metric_without(model, sae, tokens, metric, lambda value, j=j: value - written(sae, value, j))
        for j in latents.tolist()
    ]
    return torch.stack(effects)


@misconception(
    "You return the metric without the latent. Subtract it from the metric of the untouched model.",
    replaces="ablation_effects",
)
def not_held_against_the_untouched(model, sae, tokens, metric, latents):
    clean = metric_without(model, sae, tokens, metric, lambda value: value)
    take_away = lambda value, latent: value - written(sae, value, latent)  # noqa: E731
    return clean - effects_of(model, sae, tokens, metric, latents, take_away)


@misconception(
    "You ablate in a layer of your own choice. The SAE says where it belongs: `sae.cfg.metadata.hook_name`.",
    replaces="ablation_effects",
)
def ablates_at_a_fixed_place(model, sae, tokens, metric, latents):
    place = next(name for name in model.hook_dict if name.endswith(("hook_resid_pre", "hook_stream")))
    with torch.no_grad():
        clean = metric(model(tokens))
        effects = [
            clean
            - metric(
                model.run_with_hooks(
                    tokens, fwd_hooks=[(place, lambda value, hook, j=j: value - written(sae, value, j))]
                )
            )
            for j in latents.tolist()
        ]
    return torch.stack(effects)
