"""Right and wrong ways to measure the faithfulness of a circuit."""

import torch

from mechgrade.authoring.variants import accepted, misconception


def refuse_strangers(templates, reference_templates):
    """Raise the error that the exercise asks for: a misconception is wrong in one thing only."""
    if set(templates.tolist()) - set(reference_templates.tolist()):
        raise ValueError("a template without any reference prompt")


def z_of(model, tokens):
    """The heads' outputs: [layer, batch, pos, head, d_head]."""
    names = [f"blocks.{layer}.attn.hook_z" for layer in range(model.cfg.n_layers)]
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=names)
    return torch.stack([cache[name] for name in names])


def means_of(z, templates, reference_templates):
    """The mean of each prompt's own template: [layer, batch, pos, head, d_head]."""
    rows = [z[:, reference_templates == template].mean(1) for template in templates]
    return torch.stack(rows, dim=1)


def metric_with(model, tokens, metric, circuit, instead):
    """The metric when every head outside the circuit is replaced by `instead`."""
    hooks = []
    for layer in range(model.cfg.n_layers):

        def replace(z, hook, layer=layer):
            z = z.clone()
            for head in range(model.cfg.n_heads):
                if (layer, head) not in [tuple(kept) for kept in circuit]:
                    z[:, :, head] = instead[layer][:, :, head]
            return z

        hooks.append((f"blocks.{layer}.attn.hook_z", replace))
    with torch.no_grad():
        return metric(model.run_with_hooks(tokens, fwd_hooks=hooks)).item()


def whole(model, tokens, metric):
    """The metric of the untouched model."""
    with torch.no_grad():
        return metric(model(tokens)).item()


def everyone(model):
    """All heads."""
    return [(layer, head) for layer in range(model.cfg.n_layers) for head in range(model.cfg.n_heads)]


@accepted
def row_by_row(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    """The mean of one template after the other, in plain loops."""
    refuse_strangers(templates, reference_templates)
    means = means_of(z_of(model, reference_tokens), templates, reference_templates)
    return metric_with(model, tokens, metric, circuit, means) / whole(model, tokens, metric)


@accepted
def by_added_hooks(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    """Running sums for each template, a mask over heads, and hooks that are added and reset by hand."""
    refuse_strangers(templates, reference_templates)
    z = z_of(model, reference_tokens)
    names, inverse = torch.unique(reference_templates, return_inverse=True)
    sums = z.new_zeros(z.shape[0], len(names), *z.shape[2:]).index_add(1, inverse, z)
    means = sums / torch.bincount(inverse)[None, :, None, None, None]
    means = means[:, torch.searchsorted(names, templates)]
    kept = torch.zeros(model.cfg.n_layers, model.cfg.n_heads, dtype=torch.bool, device=z.device)
    for layer, head in circuit:
        kept[layer, head] = True
    before = whole(model, tokens, metric)
    for layer in range(model.cfg.n_layers):

        def replace(value, hook, layer=layer):
            return torch.where(kept[layer][:, None], value, means[layer])

        model.add_hook(f"blocks.{layer}.attn.hook_z", replace)
    try:
        return whole(model, tokens, metric) / before
    finally:
        model.reset_hooks()


@misconception(
    "You set the other heads to zero. Zero is no neutral value: later layers expect the head's usual contribution. "
    "Use its mean over the reference prompts."
)
def zero_ablation(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    refuse_strangers(templates, reference_templates)
    zeros = torch.zeros_like(z_of(model, tokens))
    return metric_with(model, tokens, metric, circuit, zeros) / whole(model, tokens, metric)


@misconception(
    "Your mean is over all reference prompts, whatever their template. The same position holds different things in "
    "different templates: average within the template of each prompt."
)
def templates_mixed(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    refuse_strangers(templates, reference_templates)
    mean = z_of(model, reference_tokens).mean(1, keepdim=True)
    means = mean.expand(-1, len(tokens), -1, -1, -1)
    return metric_with(model, tokens, metric, circuit, means) / whole(model, tokens, metric)


@misconception(
    "Your mean is over the prompts of the task themselves. They carry the information that ablation should remove; "
    "take the mean over the reference prompts."
)
def mean_of_the_task(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    refuse_strangers(templates, reference_templates)
    means = means_of(z_of(model, tokens), templates, templates)
    return metric_with(model, tokens, metric, circuit, means) / whole(model, tokens, metric)


@misconception(
    "You average over the positions too, so that every position gets the same output. A head does different things at "
    "different positions: keep the position axis."
)
def positions_mixed(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    refuse_strangers(templates, reference_templates)
    means = means_of(z_of(model, reference_tokens), templates, reference_templates)
    means = means.mean(2, keepdim=True).expand_as(means)
    return metric_with(model, tokens, metric, circuit, means) / whole(model, tokens, metric)


@misconception(
    "You ablate the circuit and keep the rest. That tests whether the circuit is *needed*. Faithfulness asks whether "
    "it is *enough*: ablate everything else."
)
def circuit_ablated(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    refuse_strangers(templates, reference_templates)
    means = means_of(z_of(model, reference_tokens), templates, reference_templates)
    rest = [head for head in everyone(model) if head not in [tuple(kept) for kept in circuit]]
    return metric_with(model, tokens, metric, rest, means) / whole(model, tokens, metric)


@misconception(
    "You keep all heads of every layer in which the circuit has one. Ablate the other heads of such a layer too."
)
def whole_layers_kept(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    refuse_strangers(templates, reference_templates)
    means = means_of(z_of(model, reference_tokens), templates, reference_templates)
    kept = [head for head in everyone(model) if head[0] in {layer for layer, _ in circuit}]
    return metric_with(model, tokens, metric, kept, means) / whole(model, tokens, metric)


@misconception(
    "You give the difference between the model's metric and the circuit's, which is how the paper states it. Here the "
    "share is asked for: the circuit's metric divided by the model's."
)
def difference_for_share(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    refuse_strangers(templates, reference_templates)
    means = means_of(z_of(model, reference_tokens), templates, reference_templates)
    return abs(whole(model, tokens, metric) - metric_with(model, tokens, metric, circuit, means))


@misconception("Your fraction is upside down: divide the circuit's metric by the whole model's.")
def upside_down(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    refuse_strangers(templates, reference_templates)
    means = means_of(z_of(model, reference_tokens), templates, reference_templates)
    return whole(model, tokens, metric) / metric_with(model, tokens, metric, circuit, means)


@misconception(
    "You subtract the empty circuit's metric above and below the line, so that the empty circuit gets exactly 0. A "
    "reasonable number, but another one: here the metric is not shifted, and how near the empty circuit comes to 0 is "
    "something to find out."
)
def empty_subtracted(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    refuse_strangers(templates, reference_templates)
    means = means_of(z_of(model, reference_tokens), templates, reference_templates)
    empty = metric_with(model, tokens, metric, [], means)
    full = whole(model, tokens, metric)
    return (metric_with(model, tokens, metric, circuit, means) - empty) / (full - empty)


@misconception(
    "You replace the other heads by what they do on a *single* reference prompt. That is another method (resampling); "
    "here it is the mean over all reference prompts of the template."
)
def one_reference_prompt(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    refuse_strangers(templates, reference_templates)
    z = z_of(model, reference_tokens)
    first = torch.stack([z[:, reference_templates == template][:, 0] for template in templates], dim=1)
    return metric_with(model, tokens, metric, circuit, first) / whole(model, tokens, metric)


@misconception(
    "Your numbers are right, but a template without any reference prompt has no mean, and you go on without a word. "
    "The docstring's section *Raises* asks for a `ValueError` there."
)
def nothing_refused(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    means = means_of(z_of(model, reference_tokens), templates, reference_templates)
    return metric_with(model, tokens, metric, circuit, means) / whole(model, tokens, metric)
