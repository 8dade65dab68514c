"""Right and wrong ways to estimate a patching map from gradients."""

from functools import partial

import torch

from mechgrade.authoring.variants import accepted, misconception


def refuse_misfits(clean, corrupted):
    """Raise the error that the exercise asks for: a misconception is wrong in one thing only."""
    if clean.shape != corrupted.shape:
        raise ValueError("tokens of different shapes")


def z_names(model):
    """The hook names of all heads' outputs."""
    return [f"blocks.{layer}.attn.hook_z" for layer in range(model.cfg.n_layers)]


def z_of(model, tokens):
    """The heads' outputs: [layer, batch, pos, head, d_head]."""
    names = z_names(model)
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=names)
    return torch.stack([cache[name] for name in names])


def gradient_by_z(model, tokens, metric):
    """The metric's gradient by the heads' outputs, in the run on `tokens`: [layer, batch, pos, head, d_head]."""
    kept = []

    def start(value, hook):
        return value.detach().requires_grad_(True)

    def keep(z, hook):
        kept.append(z)
        return z

    with torch.enable_grad():
        hooks = [("blocks.0.hook_resid_pre", start)] + [(name, keep) for name in z_names(model)]
        return torch.stack(torch.autograd.grad(metric(model.run_with_hooks(tokens, fwd_hooks=hooks)), kept))


def all_of(model, clean_tokens, corrupted_tokens, metric):
    """Clean z, corrupted z, and the gradient in the corrupted run."""
    refuse_misfits(clean_tokens, corrupted_tokens)
    gradient = gradient_by_z(model, corrupted_tokens, metric)
    return z_of(model, clean_tokens), z_of(model, corrupted_tokens), gradient


def right_map(model, clean_tokens, corrupted_tokens, metric):
    """The right answer."""
    clean, corrupted, gradient = all_of(model, clean_tokens, corrupted_tokens, metric)
    return ((clean - corrupted) * gradient).sum((1, 2, 4))


@accepted
def by_probes(model, clean_tokens, corrupted_tokens, metric):
    """Zeros that require gradients are added to every z: their gradient is z's."""
    refuse_misfits(clean_tokens, corrupted_tokens)
    clean, corrupted = z_of(model, clean_tokens), z_of(model, corrupted_tokens)
    probes = torch.zeros_like(corrupted, requires_grad=True)
    hooks = [(name, lambda z, hook, layer=layer: z + probes[layer]) for layer, name in enumerate(z_names(model))]
    with torch.enable_grad():
        metric(model.run_with_hooks(corrupted_tokens, fwd_hooks=hooks)).backward()
    return torch.einsum("lbphd,lbphd->lh", clean - corrupted, probes.grad)


@accepted
def by_backward_hooks(model, clean_tokens, corrupted_tokens, metric):
    """TransformerLens's own backward hooks collect the gradients."""
    refuse_misfits(clean_tokens, corrupted_tokens)
    difference = z_of(model, clean_tokens) - z_of(model, corrupted_tokens)
    gradients = {}

    def collect(gradient, hook):
        gradient = gradient[0] if isinstance(gradient, tuple) else gradient
        gradients[hook.name] = gradient.detach().clone()

    start = ("hook_embed", lambda value, hook: value.detach().requires_grad_(True))
    names = z_names(model)
    with torch.enable_grad(), model.hooks(fwd_hooks=[start], bwd_hooks=[(name, collect) for name in names]):
        metric(model(corrupted_tokens)).backward()
    return torch.stack([(difference[at] * gradients[name]).sum((0, 1, 3)) for at, name in enumerate(names)])


@accepted
def by_retain_grad(model, clean_tokens, corrupted_tokens, metric):
    """`retain_grad` on every z, and its `.grad` after `backward`; summed position by position in float64."""
    refuse_misfits(clean_tokens, corrupted_tokens)
    clean, kept = z_of(model, clean_tokens), {}

    def keep(z, hook):
        z = z * 1
        z.retain_grad()
        kept[hook.name] = z
        return z

    start = ("hook_embed", lambda value, hook: value.detach().requires_grad_())
    with torch.enable_grad():
        hooks = [start] + [(name, keep) for name in z_names(model)]
        metric(model.run_with_hooks(corrupted_tokens, fwd_hooks=hooks)).backward()
    result = torch.zeros(model.cfg.n_layers, model.cfg.n_heads, dtype=torch.float64, device=clean.device)
    for layer, name in enumerate(z_names(model)):
        change = (clean[layer] - kept[name].detach()) * kept[name].grad
        for position in range(change.shape[1]):
            result[layer] += change[:, position].double().sum((0, 2))
    return result.to(clean.dtype)


@misconception(
    "Your signs are turned round: you multiply the gradient by corrupted minus clean. Patching moves the head *from* "
    "the corrupted *to* the clean value."
)
def wrong_sign(model, clean_tokens, corrupted_tokens, metric):
    clean, corrupted, gradient = all_of(model, clean_tokens, corrupted_tokens, metric)
    return ((corrupted - clean) * gradient).sum((1, 2, 4))


@misconception(
    "Your gradient is that of the clean run. The patch is made in the corrupted run, and the expansion starts there: "
    "take the gradient in the run that gets patched."
)
def gradient_of_the_clean_run(model, clean_tokens, corrupted_tokens, metric):
    refuse_misfits(clean_tokens, corrupted_tokens)
    gradient = gradient_by_z(model, clean_tokens, metric)
    return ((z_of(model, clean_tokens) - z_of(model, corrupted_tokens)) * gradient).sum((1, 2, 4))


@misconception(
    "Your last layer is right, but in the layers before it you only see the direct effect on the logits. You detach "
    "every z, so the backward pass stops at each of them and an early head does not hear what it does to later heads. "
    "Detach once, before the first layer."
)
def detached_at_every_head(model, clean_tokens, corrupted_tokens, metric):
    refuse_misfits(clean_tokens, corrupted_tokens)
    kept = []

    def keep(z, hook):
        kept.append(z.detach().requires_grad_(True))
        return kept[-1]

    with torch.enable_grad():
        logits = model.run_with_hooks(corrupted_tokens, fwd_hooks=[(name, keep) for name in z_names(model)])
        gradient = torch.stack(torch.autograd.grad(metric(logits), kept))
    return ((z_of(model, clean_tokens) - z_of(model, corrupted_tokens)) * gradient).sum((1, 2, 4))


@misconception(
    "You multiply the gradient by the clean output itself. What counts is by how much the output *changes*: clean "
    "minus corrupted. A head that does the same in both runs has no effect."
)
def clean_for_difference(model, clean_tokens, corrupted_tokens, metric):
    clean, _, gradient = all_of(model, clean_tokens, corrupted_tokens, metric)
    return (clean * gradient).sum((1, 2, 4))


@misconception(
    "You add up magnitudes, so contributions that cancel are counted as if they helped, and no head can have a "
    "negative effect. Sum the products as they are."
)
def magnitudes(model, clean_tokens, corrupted_tokens, metric):
    clean, corrupted, gradient = all_of(model, clean_tokens, corrupted_tokens, metric)
    return ((clean - corrupted) * gradient).abs().sum((1, 2, 4))


@misconception(
    "You use the last position only. A head is patched at all positions, and what it writes earlier can be read by "
    "later heads: sum over the positions."
)
def last_position_only(model, clean_tokens, corrupted_tokens, metric):
    clean, corrupted, gradient = all_of(model, clean_tokens, corrupted_tokens, metric)
    return ((clean - corrupted) * gradient)[:, :, -1].sum((1, 3))


@misconception(
    "Your numbers are too small by the size of the batch. The metric is a mean over the batch already, so its gradient "
    "has this division in it: sum over the batch, do not average again."
)
def batch_averaged_twice(model, clean_tokens, corrupted_tokens, metric):
    clean, corrupted, gradient = all_of(model, clean_tokens, corrupted_tokens, metric)
    return ((clean - corrupted) * gradient).sum((2, 4)).mean(1)


@misconception(
    "You average over the positions where the expansion takes the sum: every position at which the output changes adds "
    "its share."
)
def positions_averaged(model, clean_tokens, corrupted_tokens, metric):
    clean, corrupted, gradient = all_of(model, clean_tokens, corrupted_tokens, metric)
    return ((clean - corrupted) * gradient).sum((1, 4)).mean(1)


@misconception(
    "This is the true map, from one run for each head. The exercise asks for the estimate, from a single backward pass "
    "for all heads together."
)
def patched_for_real(model, clean_tokens, corrupted_tokens, metric):
    refuse_misfits(clean_tokens, corrupted_tokens)
    clean = z_of(model, clean_tokens)
    result = clean.new_zeros(model.cfg.n_layers, model.cfg.n_heads)
    with torch.no_grad():
        bottom = metric(model(corrupted_tokens))
        for layer, name in enumerate(z_names(model)):
            for head in range(model.cfg.n_heads):

                def patch(z, hook, layer=layer, head=head):
                    z = z.clone()
                    z[:, :, head] = clean[layer, :, :, head]
                    return z

                patched = model.run_with_hooks(corrupted_tokens, fwd_hooks=[(name, patch)])
                result[layer, head] = metric(patched) - bottom
    return result


@misconception(
    "Your numbers are right, but you run one backward pass for each layer. A single one gives the gradients of all "
    "layers: `torch.autograd.grad` takes a list of tensors."
)
def one_pass_for_each_layer(model, clean_tokens, corrupted_tokens, metric):
    refuse_misfits(clean_tokens, corrupted_tokens)
    gradient = torch.stack(
        [gradient_by_z(model, corrupted_tokens, metric)[layer] for layer in range(model.cfg.n_layers)]
    )
    return ((z_of(model, clean_tokens) - z_of(model, corrupted_tokens)) * gradient).sum((1, 2, 4))


@misconception("Rows and columns are swapped: the result should be `[layer, head]`, and yours is `[head, layer]`.")
def head_before_layer(model, clean_tokens, corrupted_tokens, metric):
    clean, corrupted, gradient = all_of(model, clean_tokens, corrupted_tokens, metric)
    return ((clean - corrupted) * gradient).sum((1, 2, 4)).T


@misconception(
    "Your numbers are right, but you switch the weights' gradients on and leave them so, with gradients in them: each "
    "later run pays for it. It is enough that the embeddings require gradients."
)
def weights_switched_on(model, clean_tokens, corrupted_tokens, metric):
    clean, corrupted, gradient = all_of(model, clean_tokens, corrupted_tokens, metric)
    for parameter in model.parameters():
        parameter.requires_grad_(True)
    return ((clean - corrupted) * gradient).sum((1, 2, 4))


@misconception(
    "Your estimates are right, but prompts of different lengths do not raise the `ValueError` that the docstring asks "
    "for: position by position they do not belong together."
)
def nothing_refused(model, clean_tokens, corrupted_tokens, metric):
    rows, pos = (min(sizes) for sizes in zip(clean_tokens.shape, corrupted_tokens.shape, strict=True))
    clean_tokens, corrupted_tokens = clean_tokens[:rows, :pos], corrupted_tokens[:rows, :pos]
    clean, corrupted, gradient = all_of(model, clean_tokens, corrupted_tokens, metric)
    return ((clean - corrupted) * gradient).sum((1, 2, 4))


@misconception(
    "Your rows are in the alphabetical order of the hook names, in which layer 10 comes before layer 2. Count the layers "
    "as numbers."
)
def sorted_as_text(model, clean_tokens, corrupted_tokens, metric):
    found = right_map(model, clean_tokens, corrupted_tokens, metric)
    return found[sorted(range(len(found)), key=str)]


@misconception(
    "You give the metric log-probabilities. A difference of two logits does not show it, other metrics do: hand the "
    "logits on as the model gives them."
)
def metric_of_log_probabilities(model, clean_tokens, corrupted_tokens, metric):
    return right_map(model, clean_tokens, corrupted_tokens, lambda logits: metric(logits.log_softmax(-1)))


@misconception(
    "You call the metric for each prompt alone and average. It is to get all prompts at once, `[batch, pos, d_vocab]`; "
    "a metric can belong to these very prompts, or be no mean."
)
def metric_prompt_by_prompt(model, clean_tokens, corrupted_tokens, metric):
    def mean(logits):
        return torch.stack([metric(one[None]) for one in logits]).mean()

    return right_map(model, clean_tokens, corrupted_tokens, mean)


@misconception(
    "When the metric fails, your hooks stay on the model. Take them off in a `finally`, or use `run_with_hooks`, which "
    "takes its hooks off before the metric is called."
)
def hook_left_after_an_error(model, clean_tokens, corrupted_tokens, metric):
    refuse_misfits(clean_tokens, corrupted_tokens)

    def failing(logits):
        try:
            return metric(logits)
        except Exception:
            model.add_hook("hook_embed", lambda value, hook: value)
            raise

    return right_map(model, clean_tokens, corrupted_tokens, failing)


@misconception(
    "When the metric fails, the weights stay switched on: they require gradients afterwards. Switch them off in a "
    "`finally`, or let the embeddings alone require gradients."
)
def weights_on_after_an_error(model, clean_tokens, corrupted_tokens, metric):
    refuse_misfits(clean_tokens, corrupted_tokens)

    def failing(logits):
        try:
            return metric(logits)
        except Exception:
            model.requires_grad_(True)
            raise

    return right_map(model, clean_tokens, corrupted_tokens, failing)


@misconception(
    "Your numbers are right, but your result requires gradients itself. Detach the corrupted run's z, and do not keep the "
    "graph."
)
def result_requires_gradients(model, clean_tokens, corrupted_tokens, metric):
    return right_map(model, clean_tokens, corrupted_tokens, metric).requires_grad_(True)


@misconception(
    "Only the first prompt counts in your sums. Sum over the whole batch: every prompt has its share of the metric."
)
def first_prompt_only(model, clean_tokens, corrupted_tokens, metric):
    clean, corrupted, gradient = all_of(model, clean_tokens, corrupted_tokens, metric)
    return ((clean - corrupted) * gradient)[:, 0].sum((1, 3))


@misconception(
    "You take the mean of the clean z over the prompts. Each prompt has its own clean twin: subtract row by row."
)
def mean_clean_prompt(model, clean_tokens, corrupted_tokens, metric):
    clean, corrupted, gradient = all_of(model, clean_tokens, corrupted_tokens, metric)
    return ((clean.mean(1, keepdim=True) - corrupted) * gradient).sum((1, 2, 4))


@misconception(
    "You take the batch's mean off the clean z before you subtract. The difference is clean minus corrupted, and nothing "
    "else."
)
def clean_centred(model, clean_tokens, corrupted_tokens, metric):
    clean, corrupted, gradient = all_of(model, clean_tokens, corrupted_tokens, metric)
    return ((clean - clean.mean(1, keepdim=True) - corrupted) * gradient).sum((1, 2, 4))


@misconception(
    "You return the magnitude of each head's sum. A head can also move the metric away from the clean value: keep the "
    "sign."
)
def magnitude_of_the_sum(model, clean_tokens, corrupted_tokens, metric):
    return right_map(model, clean_tokens, corrupted_tokens, metric).abs()


@misconception(
    "You add the corrupted run's metric. The estimated *change* is asked for, without the value that it starts from."
)
def metric_added(model, clean_tokens, corrupted_tokens, metric):
    found = right_map(model, clean_tokens, corrupted_tokens, metric)
    with torch.no_grad():
        return found + metric(model(corrupted_tokens))


@misconception(
    "You sum difference and gradient over the positions before you multiply. The products of different positions are then "
    "mixed up: multiply first, entry by entry, and sum after that."
)
def sums_multiplied(model, clean_tokens, corrupted_tokens, metric):
    clean, corrupted, gradient = all_of(model, clean_tokens, corrupted_tokens, metric)
    return ((clean - corrupted).sum(2) * gradient.sum(2)).sum((1, 3))


@misconception(
    "You take the gradient half way between the two runs. The expansion starts in the corrupted run: take the gradient "
    "there."
)
def gradient_half_way(model, clean_tokens, corrupted_tokens, metric):
    refuse_misfits(clean_tokens, corrupted_tokens)
    clean = z_of(model, clean_tokens)
    dials = clean.new_zeros(model.cfg.n_layers, model.cfg.n_heads).requires_grad_(True)

    def towards_clean(layer, z, hook):
        return z + (0.5 + dials[layer, :, None]) * (clean[layer] - z).detach()

    hooks = [(name, partial(towards_clean, layer)) for layer, name in enumerate(z_names(model))]
    with torch.enable_grad():
        value = metric(model.run_with_hooks(corrupted_tokens, fwd_hooks=hooks))
        return torch.autograd.grad(value, dials)[0]


@misconception(
    "Your estimates are right, but the numbers of prompts are not compared, so one clean prompt is used for many. The "
    "docstring asks for a `ValueError` where the shapes differ."
)
def batches_not_compared(model, clean_tokens, corrupted_tokens, metric):
    refuse_misfits(clean_tokens[:1], corrupted_tokens[:1])
    gradient = gradient_by_z(model, corrupted_tokens, metric)
    return ((z_of(model, clean_tokens) - z_of(model, corrupted_tokens)) * gradient).sum((1, 2, 4))


@misconception(
    "You average over `d_head` where the expansion takes the sum: every component of a head's output adds its share."
)
def d_head_averaged(model, clean_tokens, corrupted_tokens, metric):
    clean, corrupted, gradient = all_of(model, clean_tokens, corrupted_tokens, metric)
    return ((clean - corrupted) * gradient).sum((1, 2)).mean(-1)


@misconception(
    "You give the metric the logits of the last position alone. It is to get those of all positions, "
    "`[batch, pos, d_vocab]`: which of them count is the metric's business."
)
def metric_of_the_last_position(model, clean_tokens, corrupted_tokens, metric):
    return right_map(model, clean_tokens, corrupted_tokens, lambda logits: metric(logits[:, -1:]))


@misconception(
    "Your numbers are right, but a hook stays on the model. `run_with_hooks` takes its hooks off; after `add_hook` you "
    "have to do it."
)
def hook_left(model, clean_tokens, corrupted_tokens, metric):
    found = right_map(model, clean_tokens, corrupted_tokens, metric)
    model.add_hook("hook_embed", lambda value, hook: value)
    return found


@misconception(
    "Your numbers are right, and the weights are switched off again, but gradients of the weights are left in their "
    "`.grad`. They take as much memory as the model. It is enough that the embeddings require gradients."
)
def weight_gradients_left(model, clean_tokens, corrupted_tokens, metric):
    refuse_misfits(clean_tokens, corrupted_tokens)
    kept = []

    def keep(z, hook):
        kept.append(z * 1)
        kept[-1].retain_grad()
        return kept[-1]

    model.requires_grad_(True)
    with torch.enable_grad():
        metric(model.run_with_hooks(corrupted_tokens, fwd_hooks=[(name, keep) for name in z_names(model)])).backward()
    model.requires_grad_(False)
    changes = [(clean - z.detach()) * z.grad for clean, z in zip(z_of(model, clean_tokens), kept, strict=True)]
    return torch.stack([change.sum((0, 1, 3)) for change in changes])


@misconception(
    "Your function fails under the caller's `torch.no_grad()`: nothing is recorded there, so there is nothing to "
    "differentiate. Put the corrupted run into `with torch.enable_grad():`."
)
def gradients_of_the_caller(model, clean_tokens, corrupted_tokens, metric):
    refuse_misfits(clean_tokens, corrupted_tokens)
    kept = []

    def start(value, hook):
        return value.detach().requires_grad_(True)

    def keep(z, hook):
        kept.append(z)
        return z

    hooks = [("hook_embed", start)] + [(name, keep) for name in z_names(model)]
    gradient = torch.stack(torch.autograd.grad(metric(model.run_with_hooks(corrupted_tokens, fwd_hooks=hooks)), kept))
    difference = z_of(model, clean_tokens) - z_of(model, corrupted_tokens)
    return (difference * gradient).sum((1, 2, 4))


@misconception(
    "Your hook keeps z and does not return it. A `TransformerBridge` gives the hook a view and goes on with the original, "
    "so the logits do not depend on what you kept. Return what you keep."
)
def kept_and_not_returned(model, clean_tokens, corrupted_tokens, metric):
    refuse_misfits(clean_tokens, corrupted_tokens)
    kept = []

    def start(value, hook):
        return value.detach().requires_grad_(True)

    def keep(z, hook):
        kept.append(z)

    hooks = [("hook_embed", start)] + [(name, keep) for name in z_names(model)]
    with torch.enable_grad():
        value = metric(model.run_with_hooks(corrupted_tokens, fwd_hooks=hooks))
        gradient = torch.stack(torch.autograd.grad(value, kept))
    difference = z_of(model, clean_tokens) - z_of(model, corrupted_tokens)
    return (difference * gradient).sum((1, 2, 4))


@misconception(
    "Nothing requires gradients in your run, so there is nothing to differentiate: the weights have them switched off. Let the "
    "first activation ask for them, by a hook at `hook_embed`."
)
def nothing_requires_gradients(model, clean_tokens, corrupted_tokens, metric):
    refuse_misfits(clean_tokens, corrupted_tokens)
    kept = []

    def keep(z, hook):
        kept.append(z)
        return z

    with torch.enable_grad():
        value = metric(model.run_with_hooks(corrupted_tokens, fwd_hooks=[(name, keep) for name in z_names(model)]))
        gradient = torch.stack(torch.autograd.grad(value, kept))
    return ((z_of(model, clean_tokens) - z_of(model, corrupted_tokens)) * gradient).sum((1, 2, 4))


@misconception(
    "You multiply the gradient by the corrupted output. What counts is by how much the output *changes*: clean minus corrupted."
)
def corrupted_for_difference(model, clean_tokens, corrupted_tokens, metric):
    _, corrupted, gradient = all_of(model, clean_tokens, corrupted_tokens, metric)
    return (corrupted * gradient).sum((1, 2, 4))


@misconception(
    "You sum the gradient alone. It says how the metric changes per step; multiply it by the step, clean minus corrupted."
)
def gradient_alone(model, clean_tokens, corrupted_tokens, metric):
    _, _, gradient = all_of(model, clean_tokens, corrupted_tokens, metric)
    return gradient.sum((1, 2, 4))


@misconception(
    "You take the mean of the gradients of both runs. The expansion starts in the corrupted run: take its gradient."
)
def gradients_averaged(model, clean_tokens, corrupted_tokens, metric):
    clean, corrupted, gradient = all_of(model, clean_tokens, corrupted_tokens, metric)
    both = (gradient + gradient_by_z(model, clean_tokens, metric)) / 2
    return ((clean - corrupted) * both).sum((1, 2, 4))


@misconception("Your map has an axis for the positions. Sum over them: the map is `[layer, head]`.")
def positions_kept(model, clean_tokens, corrupted_tokens, metric):
    clean, corrupted, gradient = all_of(model, clean_tokens, corrupted_tokens, metric)
    return ((clean - corrupted) * gradient).sum((1, 4)).transpose(1, 2)


@misconception("Your map has an axis for the batch. Sum over it: the map is `[layer, head]`.")
def batch_kept(model, clean_tokens, corrupted_tokens, metric):
    clean, corrupted, gradient = all_of(model, clean_tokens, corrupted_tokens, metric)
    return ((clean - corrupted) * gradient).sum((2, 4)).transpose(0, 1)


@misconception(
    "You divide by what the metric changes from the corrupted to the clean run. The change itself is asked for."
)
def normalised(model, clean_tokens, corrupted_tokens, metric):
    found = right_map(model, clean_tokens, corrupted_tokens, metric)
    with torch.no_grad():
        return found / (metric(model(clean_tokens)) - metric(model(corrupted_tokens)))


@misconception(
    "Nothing is compared: batches of different lengths end in an error of PyTorch's, and one prompt is used for many. The "
    "docstring asks for a `ValueError`."
)
def shapes_never_compared(model, clean_tokens, corrupted_tokens, metric):
    gradient = gradient_by_z(model, corrupted_tokens, metric)
    return ((z_of(model, clean_tokens) - z_of(model, corrupted_tokens)) * gradient).sum((1, 2, 4))


@misconception(
    "Only the numbers of *prompts* are compared: batches of different lengths end in an error of PyTorch's. The docstring asks "
    "for a `ValueError`."
)
def lengths_not_compared(model, clean_tokens, corrupted_tokens, metric):
    refuse_misfits(clean_tokens[:, :1], corrupted_tokens[:, :1])
    gradient = gradient_by_z(model, corrupted_tokens, metric)
    return ((z_of(model, clean_tokens) - z_of(model, corrupted_tokens)) * gradient).sum((1, 2, 4))


@misconception(
    "Batches of different shapes end in an `AssertionError`. The docstring asks for a `ValueError`: use `if` and `raise`."
)
def asserted(model, clean_tokens, corrupted_tokens, metric):
    assert clean_tokens.shape == corrupted_tokens.shape
    return right_map(model, clean_tokens, corrupted_tokens, metric)


@misconception("Your first row is the last layer, as the backward pass meets them. Row 0 belongs to layer 0.")
def last_layer_first(model, clean_tokens, corrupted_tokens, metric):
    return right_map(model, clean_tokens, corrupted_tokens, metric).flip(0)
