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


def right_share(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    """The right answer."""
    refuse_strangers(templates, reference_templates)
    means = means_of(z_of(model, reference_tokens), templates, reference_templates)
    return metric_with(model, tokens, metric, circuit, means) / whole(model, tokens, metric)


def kept_where(model, tokens, metric, means, keep):
    """The metric when z is replaced everywhere but where `keep(z, layer)` is true."""
    hooks = [
        (f"blocks.{layer}.attn.hook_z", lambda z, hook, at=layer: torch.where(keep(z, at), z, means[at]))
        for layer in range(model.cfg.n_layers)
    ]
    with torch.no_grad():
        return metric(model.run_with_hooks(tokens, fwd_hooks=hooks)).item()


def heads_of(model, circuit, z, layer):
    """Which heads of a layer are in the circuit, to be broadcast with z."""
    kept = [(layer, head) in [tuple(each) for each in circuit] for head in range(model.cfg.n_heads)]
    return torch.tensor(kept, device=z.device)[:, None]


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
    "You add a small number to the metric that you divide by. With a small metric the share comes out wrong. The metric of the whole "
    "model is not 0: divide by it alone."
)
def something_added_to_the_whole(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    refuse_strangers(templates, reference_templates)
    means = means_of(z_of(model, reference_tokens), templates, reference_templates)
    return metric_with(model, tokens, metric, circuit, means) / (whole(model, tokens, metric) + 1e-8)


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


@misconception(
    "Your share is never negative: its sign is lost. Where the circuit alone turns the metric round, the share is below 0."
)
def never_negative(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    return abs(right_share(model, tokens, templates, circuit, metric, reference_tokens, reference_templates))


@misconception(
    "Your share is cut off at 1. A circuit can do better than the whole model, and then its faithfulness is larger than 1."
)
def capped_at_one(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    return min(right_share(model, tokens, templates, circuit, metric, reference_tokens, reference_templates), 1.0)


@misconception(
    "When the metric fails, your hooks stay on the model. Take them off in a `finally`, or use `run_with_hooks`, which "
    "takes its hooks off before the metric is called."
)
def hooks_left_after_an_error(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    refuse_strangers(templates, reference_templates)
    means = means_of(z_of(model, reference_tokens), templates, reference_templates)
    for layer in range(model.cfg.n_layers):

        def replace(z, hook, layer=layer):
            return torch.where(heads_of(model, circuit, z, layer), z, means[layer])

        model.add_hook(f"blocks.{layer}.attn.hook_z", replace)
    alone = whole(model, tokens, metric)
    model.reset_hooks()
    return alone / whole(model, tokens, metric)


@misconception(
    "When the metric fails on the run with ablated heads, your hooks stay on the model. Take them off in a `finally`, or "
    "use `run_with_hooks`, which takes its hooks off before the metric is called."
)
def hooks_left_after_the_second_call(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    refuse_strangers(templates, reference_templates)
    means = means_of(z_of(model, reference_tokens), templates, reference_templates)
    before = whole(model, tokens, metric)
    for layer in range(model.cfg.n_layers):

        def replace(z, hook, layer=layer):
            return torch.where(heads_of(model, circuit, z, layer), z, means[layer])

        model.add_hook(f"blocks.{layer}.attn.hook_z", replace)
    alone = whole(model, tokens, metric)
    model.reset_hooks()
    return alone / before


@misconception("Position 0 is left as it is. Heads outside of the circuit are ablated at *every* position.")
def first_position_kept(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    refuse_strangers(templates, reference_templates)
    means = means_of(z_of(model, reference_tokens), templates, reference_templates)

    def keep(z, layer):
        first = torch.arange(z.shape[1], device=z.device)[:, None, None] == 0
        return heads_of(model, circuit, z, layer) | first

    return kept_where(model, tokens, metric, means, keep) / whole(model, tokens, metric)


@misconception(
    "Only the last position is ablated. Heads outside of the circuit are ablated at *every* position: what they write "
    "earlier can be read by later heads."
)
def last_position_only(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    refuse_strangers(templates, reference_templates)
    means = means_of(z_of(model, reference_tokens), templates, reference_templates)

    def keep(z, layer):
        early = torch.arange(z.shape[1], device=z.device)[:, None, None] < z.shape[1] - 1
        return heads_of(model, circuit, z, layer) | early

    return kept_where(model, tokens, metric, means, keep) / whole(model, tokens, metric)


@misconception(
    "You give the metric the logits grouped by template, not in the order of the prompts. The metric knows which name "
    "belongs to which row: keep the order of `tokens`."
)
def grouped_by_template(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    order = torch.argsort(templates, stable=True)

    def reordered(logits):
        return metric(logits[order])

    refuse_strangers(templates, reference_templates)
    means = means_of(z_of(model, reference_tokens), templates, reference_templates)
    return metric_with(model, tokens, reordered, circuit, means) / whole(model, tokens, metric)


@misconception(
    "The prompts of the task are averaged along with the reference prompts. They carry the information that ablation "
    "should remove: the mean is over the reference prompts alone."
)
def mean_with_the_task(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    refuse_strangers(templates, reference_templates)
    z = z_of(model, torch.cat([reference_tokens, tokens]))
    means = means_of(z, templates, torch.cat([reference_templates, templates]))
    return metric_with(model, tokens, metric, circuit, means) / whole(model, tokens, metric)


@misconception("You take the median over the reference prompts. The *mean* is asked for.")
def median(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    refuse_strangers(templates, reference_templates)
    z = z_of(model, reference_tokens)
    rows = [z[:, reference_templates == template].median(1).values for template in templates]
    means = torch.stack(rows, dim=1)
    return metric_with(model, tokens, metric, circuit, means) / whole(model, tokens, metric)


@misconception(
    "You take a share for each template, with the other templates' prompts left as they are, and average. There is one "
    "run in which all prompts are ablated, and one share."
)
def share_of_each_template(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    refuse_strangers(templates, reference_templates)
    means = means_of(z_of(model, reference_tokens), templates, reference_templates)
    before = whole(model, tokens, metric)
    shares = []
    for template in templates.unique():
        others = (templates != template)[:, None, None, None]

        def keep(z, layer, others=others):
            return heads_of(model, circuit, z, layer) | others

        shares.append(kept_where(model, tokens, metric, means, keep) / before)
    return sum(shares) / len(shares)


@misconception(
    "The MLPs keep what they gave in the whole model. Only heads outside of the circuit are replaced; everything else is "
    "computed as usual."
)
def mlps_frozen(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    refuse_strangers(templates, reference_templates)
    means = means_of(z_of(model, reference_tokens), templates, reference_templates)
    names = [f"blocks.{layer}.hook_mlp_out" for layer in range(model.cfg.n_layers)]
    with torch.no_grad():
        logits, old = model.run_with_cache(tokens, names_filter=names)
        before = metric(logits).item()
        hooks = [(name, lambda out, hook, name=name: old[name].clone()) for name in names]
        for layer in range(model.cfg.n_layers):

            def replace(z, hook, layer=layer):
                return torch.where(heads_of(model, circuit, z, layer), z, means[layer])

            hooks.append((f"blocks.{layer}.attn.hook_z", replace))
        return metric(model.run_with_hooks(tokens, fwd_hooks=hooks)).item() / before


@misconception("Of several heads of the circuit in one layer only the last is kept. All of them are to be kept.")
def one_head_for_each_layer(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    kept = list(dict(tuple(head) for head in circuit).items())
    return right_share(model, tokens, templates, kept, metric, reference_tokens, reference_templates)


@misconception("All prompts get the mean of the *first* prompt's template. Each prompt has its own template's mean.")
def template_of_the_first_prompt(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    refuse_strangers(templates, reference_templates)
    first = templates[:1].expand(len(templates))
    means = means_of(z_of(model, reference_tokens), first, reference_templates)
    return metric_with(model, tokens, metric, circuit, means) / whole(model, tokens, metric)


@misconception(
    "A template's number is used as a place in the list of templates. The numbers may have gaps, such as 4 and 7: look up "
    "the template that has this number."
)
def number_as_a_place(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    refuse_strangers(templates, reference_templates)
    numbers = reference_templates.unique()
    own = numbers[templates % len(numbers)]
    means = means_of(z_of(model, reference_tokens), own, reference_templates)
    return metric_with(model, tokens, metric, circuit, means) / whole(model, tokens, metric)


@misconception("You return a tensor. A Python number is asked for: `.item()` gives one.")
def tensor_returned(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    share = right_share(model, tokens, templates, circuit, metric, reference_tokens, reference_templates)
    with torch.no_grad():
        return model(tokens[:1])[0, 0, 0] * 0 + share


@misconception(
    "You subtract what the metric is with all heads at zero, above and below the line. Here the metric is not shifted: "
    "divide one value by the other."
)
def zero_heads_subtracted(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    refuse_strangers(templates, reference_templates)
    z = z_of(model, reference_tokens)
    means = means_of(z, templates, reference_templates)
    bottom = metric_with(model, tokens, metric, [], torch.zeros_like(means))
    alone = metric_with(model, tokens, metric, circuit, means)
    return (alone - bottom) / (whole(model, tokens, metric) - bottom)


@misconception(
    "You give the metric log-probabilities. Hand the logits on as the model gives them: not every metric is a difference "
    "of two logits."
)
def metric_of_log_probabilities(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    def of_logs(logits):
        return metric(logits.log_softmax(-1))

    return right_share(model, tokens, templates, circuit, of_logs, reference_tokens, reference_templates)


@misconception(
    "A template without any reference prompt ends in a `KeyError`. The docstring asks for a `ValueError`: check the "
    "templates first."
)
def key_error(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    known = {template: template for template in reference_templates.tolist()}
    for template in templates.tolist():
        known[template]
    return right_share(model, tokens, templates, circuit, metric, reference_tokens, reference_templates)


@misconception(
    "You refuse only if *no* prompt has a reference. The docstring asks for a `ValueError` as soon as one prompt's "
    "template has none."
)
def one_known_template_is_enough(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    if not torch.isin(templates, reference_templates).any():
        raise ValueError("no template with a reference")
    means = means_of(z_of(model, reference_tokens), templates, reference_templates)
    return metric_with(model, tokens, metric, circuit, means) / whole(model, tokens, metric)


@misconception(
    "You divide by the *magnitude* of the whole model's metric. A metric can be negative on the whole model; then your "
    "share has the wrong sign. Divide by the metric as it is."
)
def magnitude_of_the_whole(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    share = right_share(model, tokens, templates, circuit, metric, reference_tokens, reference_templates)
    return share if whole(model, tokens, metric) > 0 else -share


@misconception(
    "From layer 10 on the heads of another layer are ablated: the number of a layer is read from a single character. "
    "Build the hook's name from the number."
)
def one_digit(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    refuse_strangers(templates, reference_templates)
    means = means_of(z_of(model, reference_tokens), templates, reference_templates)
    hooks = []
    for layer in range(model.cfg.n_layers):

        def replace(z, hook, layer=layer):
            return torch.where(heads_of(model, circuit, z, layer), z, means[layer])

        hooks.append((f"blocks.{str(layer)[0]}.attn.hook_z", replace))
    with torch.no_grad():
        alone = metric(model.run_with_hooks(tokens, fwd_hooks=hooks)).item()
    return alone / whole(model, tokens, metric)


@misconception(
    "You call the metric for each prompt alone and average. It is to get the logits of all prompts at once: a metric can "
    "belong to these very prompts, or be no mean."
)
def metric_prompt_by_prompt(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    def mean(logits):
        return torch.stack([metric(one[None]) for one in logits]).mean()

    return right_share(model, tokens, templates, circuit, mean, reference_tokens, reference_templates)


@misconception(
    "You give the metric the logits of the last position alone. It is to get those of all positions: which of them count "
    "is the metric's business."
)
def metric_of_the_last_position(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    def of_the_last(logits):
        return metric(logits[:, -1:])

    return right_share(model, tokens, templates, circuit, of_the_last, reference_tokens, reference_templates)


@misconception(
    "Your share is right, but your hooks stay on the model. Whoever uses the model next gets ablated runs. "
    "`run_with_hooks` takes its hooks off; after `add_hook` you have to do it."
)
def hooks_left(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    refuse_strangers(templates, reference_templates)
    means = means_of(z_of(model, reference_tokens), templates, reference_templates)
    before = whole(model, tokens, metric)
    for layer in range(model.cfg.n_layers):

        def replace(z, hook, layer=layer):
            return torch.where(heads_of(model, circuit, z, layer), z, means[layer])

        model.add_hook(f"blocks.{layer}.attn.hook_z", replace)
    return whole(model, tokens, metric) / before


@misconception(
    "Your numbers are right, but a reference prompt whose template no prompt has raises an error. The docstring says that "
    "such a reference prompt does no harm: pass over it."
)
def unused_template_refused(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    refuse_strangers(reference_templates, templates)
    return right_share(model, tokens, templates, circuit, metric, reference_tokens, reference_templates)


@misconception(
    "Your hooks have names that only a `TransformerBridge` knows, such as `blocks.0.attn.o.hook_in`; a "
    "`HookedTransformer` fails on them. Both know `blocks.0.attn.hook_z`."
)
def names_of_the_bridge(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    refuse_strangers(templates, reference_templates)
    means = means_of(z_of(model, reference_tokens), templates, reference_templates)
    hooks = []
    for layer in range(model.cfg.n_layers):

        def replace(z, hook, layer=layer):
            return torch.where(heads_of(model, circuit, z, layer), z, means[layer])

        hooks.append((f"blocks.{layer}.attn.o.hook_in", replace))
    with torch.no_grad():
        alone = metric(model.run_with_hooks(tokens, fwd_hooks=hooks)).item()
    return alone / whole(model, tokens, metric)


@misconception(
    "A prompt's template is looked up by its place among the *prompts'* templates, and the means stand in the order of the "
    "*reference* prompts' templates. Where these have one more, the places are shifted: look up the template's number."
)
def row_among_own_templates(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    refuse_strangers(templates, reference_templates)
    numbers = reference_templates.unique()
    _, places = torch.unique(templates, return_inverse=True)
    means = means_of(z_of(model, reference_tokens), numbers[places], reference_templates)
    return metric_with(model, tokens, metric, circuit, means) / whole(model, tokens, metric)


@misconception("Each prompt gets the mean over all templates' means. It gets the mean of its own template alone.")
def mean_of_the_templates_means(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    refuse_strangers(templates, reference_templates)
    means = means_of(z_of(model, reference_tokens), reference_templates.unique(), reference_templates)
    means = means.mean(1, keepdim=True).expand(-1, len(tokens), -1, -1, -1)
    return metric_with(model, tokens, metric, circuit, means) / whole(model, tokens, metric)


@misconception("You give what is *lost*: 1 minus the share. The share that is left is asked for.")
def what_is_lost(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    return 1 - right_share(model, tokens, templates, circuit, metric, reference_tokens, reference_templates)


@misconception(
    "You give the magnitude of what is lost, as a share of the model's metric. The share that is *left* is asked for."
)
def magnitude_of_what_is_lost(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    return abs(1 - right_share(model, tokens, templates, circuit, metric, reference_tokens, reference_templates))


@misconception("Your share is in per cent. The whole model has faithfulness 1.")
def percent(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    return 100 * right_share(model, tokens, templates, circuit, metric, reference_tokens, reference_templates)


@misconception("You give the metric of the circuit alone. Divide it by the metric of the whole model.")
def metric_of_the_circuit(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    share = right_share(model, tokens, templates, circuit, metric, reference_tokens, reference_templates)
    return share * whole(model, tokens, metric)


@misconception(
    "The circuit's heads keep what they gave in the whole model. They compute on what they get in the ablated run, like the MLPs."
)
def circuit_frozen(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    refuse_strangers(templates, reference_templates)
    means = means_of(z_of(model, reference_tokens), templates, reference_templates).clone()
    own = z_of(model, tokens)
    for layer, head in circuit:
        means[layer, :, :, head] = own[layer, :, :, head]
    return metric_with(model, tokens, metric, [], means) / whole(model, tokens, metric)


@misconception(
    "You ablate in the layers of the circuit only. Heads of all other layers are outside of the circuit too."
)
def layers_without_a_head_left_alone(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    layers = {layer for layer, _ in circuit}
    more = [head for head in everyone(model) if head[0] not in layers]
    kept = [*map(tuple, circuit), *more]
    return right_share(model, tokens, templates, kept, metric, reference_tokens, reference_templates)


@misconception("Your pairs are (head, layer). A circuit's heads are given as (layer, head).")
def layer_and_head_swapped(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    swapped = [(head, layer) for layer, head in circuit]
    return right_share(model, tokens, templates, swapped, metric, reference_tokens, reference_templates)


@misconception("You replace the heads by the *sum* over the reference prompts. Divide by their number.")
def sum_for_mean(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    refuse_strangers(templates, reference_templates)
    z = z_of(model, reference_tokens)
    sums = torch.stack([z[:, reference_templates == template].sum(1) for template in templates], dim=1)
    return metric_with(model, tokens, metric, circuit, sums) / whole(model, tokens, metric)


@misconception(
    "A template without any reference prompt ends in an `AssertionError`. The docstring asks for a `ValueError`: use `if` and "
    "`raise`."
)
def asserted(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    assert torch.isin(templates, reference_templates).all()
    return right_share(model, tokens, templates, circuit, metric, reference_tokens, reference_templates)


@misconception(
    "Only the first prompt's template is looked up. Each prompt's template needs a reference prompt; the docstring asks for a "
    "`ValueError`."
)
def first_template_checked(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    refuse_strangers(templates[:1], reference_templates)
    means = means_of(z_of(model, reference_tokens), templates, reference_templates)
    return metric_with(model, tokens, metric, circuit, means) / whole(model, tokens, metric)


@misconception(
    "The heads of the last layer are never ablated in yours, whether they are in the circuit or not. Ablate the heads outside of the "
    "circuit in every layer."
)
def last_layer_kept(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    last = model.cfg.n_layers - 1
    circuit = [*circuit, *((last, head) for head in range(model.cfg.n_heads))]
    return right_share(model, tokens, templates, circuit, metric, reference_tokens, reference_templates)
