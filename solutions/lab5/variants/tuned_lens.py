"""Right and wrong ways to train a lens for every layer."""

import torch
from torch.nn import functional

from mechgrade.authoring.variants import accepted, misconception


def logits(unembed, streams, weights, biases):
    """The logits of translated streams."""
    return unembed(streams @ weights + biases[:, None])


def own(unembed, streams):
    """The logarithm of the model's own distribution."""
    return unembed(streams[-1]).log_softmax(-1)


def read(unembed, streams, weights, biases):
    """The logarithm of each lens's distribution."""
    return logits(unembed, streams, weights, biases).log_softmax(-1)


def divergence(unembed, streams, weights, biases):
    """KL(p || q) of every layer."""
    p, q = own(unembed, streams), read(unembed, streams, weights, biases)
    return (p.exp() * (p - q)).sum(-1).mean(-1)


def reversed_divergence(unembed, streams, weights, biases):
    """KL(q || p) of every layer."""
    p, q = own(unembed, streams), read(unembed, streams, weights, biases)
    return (q.exp() * (q - p)).sum(-1).mean(-1)


def surprise(unembed, streams, weights, biases):
    """Minus the logarithm of what each lens gives to the model's most likely token."""
    best = own(unembed, streams).argmax(-1)
    q = read(unembed, streams, weights, biases)
    return -q.gather(-1, best[None, :, None].expand(len(q), -1, 1)).mean((1, 2))


def at_identity(held_out):
    """The translators at the start."""
    layers, _, d = held_out.shape
    return [torch.eye(d).to(held_out).repeat(layers, 1, 1), held_out.new_zeros(layers, d)]


def start_of(unembed, held_out, lens):
    """The divergences at the start; where one is not a number, anything is lower."""
    found = divergence(unembed, held_out, *lens).detach()
    return torch.where(found.isnan(), torch.inf, found)


def train(unembed, batches, held_out, rate, *, start=None, loss=None, used=None, keep=None, optimiser=torch.optim.Adam):
    """The training as the text has it, with one part changed.

    Args:
        start: the translators at the start, the identity by default.
        loss: of a batch and translators, a number for each layer.
        used: makes the translators that are used of those that the optimiser moves.
        keep: which layers to take over, from the divergences after a step and the lowest so far.
        optimiser: a class of `torch.optim`.
    """
    loss = loss or (lambda batch, *lens: divergence(unembed, batch, *lens))
    used = used or (lambda lens: lens)
    keep = keep or (lambda new, lowest: new < lowest)
    moved = [each.clone().requires_grad_() for each in (start or at_identity(held_out))]
    best = [each.detach().clone() for each in used(moved)]
    steps = optimiser(moved, lr=rate)
    with torch.enable_grad():
        lowest = start_of(unembed, held_out, best)
        for batch in batches:
            steps.zero_grad()
            loss(batch, *used(moved))[:-1].sum().backward(inputs=moved)
            steps.step()
            lens = [each.detach() for each in used(moved)]
            new = divergence(unembed, held_out, *lens).detach()
            better = keep(new, lowest)
            better[-1] = False
            lowest = torch.where(better, new, lowest)
            for kept, each in zip(best, lens, strict=True):
                kept[better] = each[better]
    return best[0], best[1]


@accepted(replaces="lens_logits")
def by_einsum(unembed, streams, weights, biases):
    """The axes named, layer by layer through the last step."""
    translated = torch.einsum("ltd,lde->lte", streams, weights) + biases.unsqueeze(1)
    return torch.stack([unembed(each) for each in translated])


@accepted(replaces="lens_kl")
def by_the_library(unembed, streams, weights, biases):
    """PyTorch's own divergence, which takes the lens first and the model second."""
    p, q = own(unembed, streams), read(unembed, streams, weights, biases)
    return functional.kl_div(q, p.expand_as(q), log_target=True, reduction="none").sum(-1).mean(-1)


@accepted(replaces="lens_kl")
def by_cross_entropy(unembed, streams, weights, biases):
    """The cross-entropy minus the entropy."""
    p, q = own(unembed, streams), read(unembed, streams, weights, biases)
    entropy = torch.special.entr(p.exp()).sum(-1).mean()
    return torch.stack([functional.cross_entropy(each, p.exp()) - entropy for each in q])


@accepted
def layer_by_layer(unembed, batches, held_out, rate):
    """A module and an optimiser for each layer, with states kept and loaded again."""
    batches = list(batches)
    device, dtype, d = held_out.device, held_out.dtype, held_out.shape[-1]
    weights, biases = at_identity(held_out)
    with torch.enable_grad():
        for layer in range(len(held_out) - 1):
            linear = torch.nn.utils.skip_init(torch.nn.Linear, d, d, device=device, dtype=dtype)
            linear.weight.data, linear.bias.data = weights[layer].clone(), biases[layer].clone()
            optimiser = torch.optim.Adam(linear.parameters(), rate)

            def loss(streams, layer=layer, linear=linear):
                p, q = own(unembed, streams), unembed(linear(streams[layer])).log_softmax(-1)
                return functional.kl_div(q, p, log_target=True, reduction="batchmean")

            lowest = float("inf") if loss(held_out).isnan() else loss(held_out).item()
            for batch in batches:
                gradients = torch.autograd.grad(loss(batch), list(linear.parameters()))
                for parameter, gradient in zip(linear.parameters(), gradients, strict=True):
                    parameter.grad = gradient
                optimiser.step()
                if (new := loss(held_out).item()) < lowest:
                    lowest = new
                    weights[layer], biases[layer] = linear.weight.detach().T, linear.bias.detach()
    return weights, biases


@accepted
def by_the_change(unembed, batches, held_out, rate):
    """Trained is the change from the identity, which starts at zero; all states are kept and the best chosen at the end."""
    eye, zeros = at_identity(held_out)
    moved = [torch.zeros_like(eye).requires_grad_(), zeros.clone().requires_grad_()]
    optimiser = torch.optim.Adam(moved, lr=rate)
    states = [(eye, zeros)]
    with torch.enable_grad():
        for batch in batches:
            optimiser.zero_grad()
            divergence(unembed, batch[:], eye + moved[0], moved[1])[:-1].mean().backward(inputs=moved)
            optimiser.step()
            states.append((eye + moved[0].detach(), moved[1].detach().clone()))
    with torch.no_grad():
        scores = torch.stack([divergence(unembed, held_out, *state) for state in states])
    scores[1:, -1] = torch.inf
    scores = scores.nan_to_num(nan=torch.inf)  # argmin would take it for the smallest
    chosen = scores.argmin(dim=0).tolist()
    pairs = [(states[step][0][layer], states[step][1][layer]) for layer, step in enumerate(chosen)]
    return torch.stack([weights for weights, _ in pairs]), torch.stack([biases for _, biases in pairs])


# --- reading through a translator ---


@misconception(
    "You multiply with the transposed matrices. A stream is a row and stands to the left: `streams @ weights`.",
    replaces="lens_logits",
)
def transposed(unembed, streams, weights, biases):
    return unembed(streams @ weights.mT + biases[:, None])


@misconception("Your biases have no effect: the translated stream is `x A + b`.", replaces="lens_logits")
def without_bias(unembed, streams, weights, biases):
    return unembed(streams @ weights)


@misconception(
    "You add the bias before you multiply with the matrix. The translated stream is `x A + b`.",
    replaces="lens_logits",
)
def bias_first(unembed, streams, weights, biases):
    return unembed((streams + biases[:, None]) @ weights)


@misconception(
    "You add the translated stream to the stream itself. In this exercise the matrix starts at the identity, so the stream is in it "
    "already.",
    replaces="lens_logits",
)
def added_to_the_stream(unembed, streams, weights, biases):
    return unembed(streams + streams @ weights + biases[:, None])


@misconception("You read every layer through the first layer's translator.", replaces="lens_logits")
def first_for_all(unembed, streams, weights, biases):
    return unembed(streams @ weights[0] + biases[0])


@misconception(
    "Your numbers are probabilities, or their logarithms. `lens_logits` gives the logits as `unembed` gives them.",
    replaces="lens_logits",
)
def log_probabilities(unembed, streams, weights, biases):
    return read(unembed, streams, weights, biases)


# --- the divergence ---


@misconception(
    "You measure KL(q || p), with the lens first. The text asks for KL(p || q): weigh by the model's own probabilities.",
    replaces="lens_kl",
)
def lens_first(unembed, streams, weights, biases):
    return reversed_divergence(unembed, streams, weights, biases)


@misconception(
    "You give the cross-entropy. The divergence is the cross-entropy minus the entropy of the model's own distribution: it is 0 where "
    "both agree.",
    replaces="lens_kl",
)
def cross_entropy(unembed, streams, weights, biases):
    p, q = own(unembed, streams), read(unembed, streams, weights, biases)
    return -(p.exp() * q).sum(-1).mean(-1)


@misconception(
    "You compare with the model's most likely token alone. Compare with its whole distribution.", replaces="lens_kl"
)
def most_likely_token(unembed, streams, weights, biases):
    return surprise(unembed, streams, weights, biases)


@misconception("Your divergence is in bits. The natural logarithm gives nats.", replaces="lens_kl")
def in_bits(unembed, streams, weights, biases):
    return divergence(unembed, streams, weights, biases) / torch.log(torch.tensor(2.0))


@misconception("You sum over the tokens. The divergence is averaged over them.", replaces="lens_kl")
def summed_over_tokens(unembed, streams, weights, biases):
    return divergence(unembed, streams, weights, biases) * streams.shape[1]


@misconception(
    "You average over the vocabulary too. The divergence of one token is a sum over the vocabulary.",
    replaces="lens_kl",
)
def averaged_over_the_vocabulary(unembed, streams, weights, biases):
    p, q = own(unembed, streams), read(unembed, streams, weights, biases)
    return (p.exp() * (p - q)).mean(dim=(-2, -1))


@misconception(
    "You translate the final stream before you take the model's own distribution from it. The model's own answer has no translator.",
    replaces="lens_kl",
)
def translated_target(unembed, streams, weights, biases):
    q = read(unembed, streams, weights, biases)
    return (q[-1].exp() * (q[-1] - q)).sum(-1).mean(-1)


@misconception(
    "You compare each layer with the next layer. Compare all of them with the final stream's distribution.",
    replaces="lens_kl",
)
def with_the_next_layer(unembed, streams, weights, biases):
    p = unembed(torch.cat([streams[1:], streams[-1:]])).log_softmax(-1)
    return (p.exp() * (p - read(unembed, streams, weights, biases))).sum(-1).mean(-1)


@misconception(
    "Where the logits are large, your divergence is infinite or NaN: a probability is rounded to 0, and its logarithm is -inf. "
    "`log_softmax` never takes this way.",
    replaces="lens_kl",
)
def logarithm_of_softmax(unembed, streams, weights, biases):
    p = unembed(streams[-1]).softmax(-1)
    q = logits(unembed, streams, weights, biases).softmax(-1)
    return (p * (p.log() - q.log())).sum(-1).mean(-1)


@misconception("You average over the layers. Each layer has a divergence of its own.", replaces="lens_kl")
def averaged_over_layers(unembed, streams, weights, biases):
    found = divergence(unembed, streams, weights, biases)
    return found.mean().expand_as(found)


# --- training ---


@misconception(
    "Your translators start at random. Start at the identity: before the first step the tuned lens is the logit lens."
)
def starts_at_random(unembed, batches, held_out, rate):
    generator = torch.Generator().manual_seed(0)
    noise = [torch.randn(each.shape, generator=generator).to(each) / 10 for each in at_identity(held_out)]
    return train(unembed, batches, held_out, rate, start=noise)


@misconception(
    "Your matrices start at zero, as if the stream itself were added. In this exercise it is not: start at the identity."
)
def starts_at_zero(unembed, batches, held_out, rate):
    return train(unembed, batches, held_out, rate, start=[torch.zeros_like(each) for each in at_identity(held_out)])


@misconception(
    "You return the identity, whatever the batches are. Does the optimiser step on the very tensors that you use? And do you "
    "take over a translator that is better?"
)
def never_steps(unembed, batches, held_out, rate):
    return tuple(at_identity(held_out))


@misconception("You go over the batches twice. Take one step for each batch: a generator gives each of them only once.")
def goes_twice(unembed, batches, held_out, rate):
    batches = list(batches)
    return train(unembed, batches + batches, held_out, rate)


@misconception("You take the batches in another order. Take one step for each, in the order in which they come.")
def in_reverse(unembed, batches, held_out, rate):
    return train(unembed, list(batches)[::-1], held_out, rate)


@misconception(
    "Your training stops with an error where the batches come from a generator. Go over them with `for`, once."
)
def counts_batches(unembed, batches, held_out, rate):
    return train(unembed, [batches[step] for step in range(len(batches))], held_out, rate)


@misconception("You train on the held-out streams. Train on the batches; `held_out` only chooses among the steps.")
def trains_on_held_out(unembed, batches, held_out, rate):
    return train(unembed, [held_out for _ in batches], held_out, rate)


@misconception("You train with KL(q || p). The loss is KL(p || q), as `lens_kl` gives it.")
def trains_the_other_way(unembed, batches, held_out, rate):
    def loss(batch, *lens):
        return reversed_divergence(unembed, batch, *lens)

    return train(unembed, batches, held_out, rate, loss=loss)


@misconception("You train with the model's most likely token alone. The loss compares with its whole distribution.")
def trains_on_one_token(unembed, batches, held_out, rate):
    def loss(batch, *lens):
        return surprise(unembed, batch, *lens)

    return train(unembed, batches, held_out, rate, loss=loss)


@misconception(
    "You train the translated stream to be close to the final stream. Train what the lens *says*: the loss is KL(p || q)."
)
def trains_on_streams(unembed, batches, held_out, rate):
    def loss(batch, weights, biases):
        return (batch @ weights + biases[:, None] - batch[-1]).pow(2).mean(dim=(1, 2))

    return train(unembed, batches, held_out, rate, loss=loss)


@misconception("Your biases stay at zero. Train them together with the matrices.")
def matrices_alone(unembed, batches, held_out, rate):
    return train(unembed, batches, held_out, rate, used=lambda lens: [lens[0], lens[1] * 0])


@misconception("Your matrices stay at the identity. Train them together with the biases.")
def biases_alone(unembed, batches, held_out, rate):
    eye = at_identity(held_out)[0]
    return train(unembed, batches, held_out, rate, used=lambda lens: [lens[0] * 0 + eye, lens[1]])


@misconception("You train one translator for all layers. Each layer has its own.")
def one_for_all(unembed, batches, held_out, rate):
    eye, zeros = at_identity(held_out)

    def used(lens):
        # the last layer keeps the identity
        parts = [each[:1].expand(len(each) - 1, *each.shape[1:]) for each in lens]
        return [torch.cat([parts[0], eye[-1:]]), torch.cat([parts[1], zeros[-1:]])]

    return train(unembed, batches, held_out, rate, used=used)


@misconception("You step by plain gradient descent. The text asks for Adam, with the rate that is given.")
def plain_descent(unembed, batches, held_out, rate):
    return train(unembed, batches, held_out, rate, optimiser=torch.optim.SGD)


@misconception("You use a learning rate of your own. Give `rate` to the optimiser.")
def rate_of_its_own(unembed, batches, held_out, rate):
    return train(unembed, batches, held_out, 1e-3)


# --- choosing ---


@misconception(
    "You return the translators after the last step. Training can make a layer worse: keep each layer's best on `held_out`."
)
def the_last_step(unembed, batches, held_out, rate):
    return train(unembed, batches, held_out, rate, keep=lambda new, lowest: torch.ones_like(new, dtype=torch.bool))


@misconception(
    "You keep the best step for all layers together. One step is best for one layer, and another for another: choose for each "
    "layer by itself."
)
def one_step_for_all(unembed, batches, held_out, rate):
    return train(
        unembed, batches, held_out, rate, keep=lambda new, lowest: (new.sum() < lowest.sum()).expand_as(new).clone()
    )


@misconception(
    "You choose among the steps alone. The start counts too: where no step is better than the identity, the layer keeps it."
)
def start_does_not_count(unembed, batches, held_out, rate):
    first = []

    def keep(new, lowest):
        first.append(True)
        return torch.ones_like(new, dtype=torch.bool) if len(first) == 1 else new < lowest

    return train(unembed, batches, held_out, rate, keep=keep)


@misconception(
    "You look at `held_out` only at the end: a layer gets its last translator or the identity. Look after each step, and keep the "
    "best."
)
def last_or_identity(unembed, batches, held_out, rate):
    always = torch.ones(len(held_out), dtype=torch.bool)
    last = train(unembed, batches, held_out, rate, keep=lambda new, lowest: always.clone())
    start = at_identity(held_out)
    with torch.no_grad():
        better = divergence(unembed, held_out, *last) < start_of(unembed, held_out, start)
    return tuple(torch.where(better.view(-1, *[1] * (a.dim() - 1)), a, b) for a, b in zip(last, start, strict=True))


@misconception(
    "You keep a translator only if its divergence is lower by some margin. One that is lower by next to nothing is lower: ask `new < lowest`."
)
def only_by_a_margin(unembed, batches, held_out, rate):
    return train(unembed, batches, held_out, rate, keep=lambda new, lowest: new < lowest - 1e-3)


@misconception(
    "You keep a translator whose divergence is not a number. It is not below the lowest: ask `new < lowest`, not "
    "`~(new >= lowest)`."
)
def not_a_number_kept(unembed, batches, held_out, rate):
    return train(unembed, batches, held_out, rate, keep=lambda new, lowest: ~(new >= lowest))


@misconception(
    "Where the divergence at the identity is not a number, you keep the identity for ever: no number is below NaN. Begin with "
    "infinity there."
)
def not_a_number_at_the_start(unembed, batches, held_out, rate):
    with torch.no_grad():
        none = divergence(unembed, held_out, *at_identity(held_out)).isnan()
    return train(unembed, batches, held_out, rate, keep=lambda new, lowest: (new < lowest) & ~none)


@misconception(
    "After a step whose divergence is not a number you take over no later step: your lowest divergence is NaN from then on, and no "
    "number is below it. Keep the lowest *number*."
)
def not_a_number_remembered(unembed, batches, held_out, rate):
    spoilt = torch.zeros(len(held_out), dtype=torch.bool, device=held_out.device)

    def keep(new, lowest):
        better = (new < lowest) & ~spoilt
        spoilt.logical_or_(new.isnan() & lowest.isfinite())
        return better

    return train(unembed, batches, held_out, rate, keep=keep)


@misconception(
    "After each step you set the translators back to the best so far. Adam should go on from where its last step ended, also where "
    "it was worse: keep the best in a copy."
)
def back_to_the_best(unembed, batches, held_out, rate):
    moved = [each.requires_grad_() for each in at_identity(held_out)]
    best, steps = [each.detach().clone() for each in moved], torch.optim.Adam(moved, lr=rate)
    lowest = start_of(unembed, held_out, best)
    for batch in batches:
        with torch.enable_grad():
            steps.zero_grad()
            divergence(unembed, batch, *moved)[:-1].sum().backward(inputs=moved)
            steps.step()
        with torch.no_grad():
            new = divergence(unembed, held_out, *moved)
            better = new < lowest
            better[-1] = False
            lowest = torch.where(better, new, lowest)
            for kept, each in zip(best, moved, strict=True):
                kept[better] = each[better]
                each.copy_(kept)
    return best[0], best[1]


@misconception(
    "You take over no step of a layer after the first that made it worse. Training may get worse and then better: look after each "
    "step."
)
def ends_where_it_gets_worse(unembed, batches, held_out, rate):
    ended = torch.zeros(len(held_out), dtype=torch.bool, device=held_out.device)

    def keep(new, lowest):
        ended.logical_or_(new > lowest)
        return (new < lowest) & ~ended

    return train(unembed, batches, held_out, rate, keep=keep)


@misconception(
    "You choose the best step by the batch that it was taken on. A translator can learn its batch by heart: measure on `held_out`."
)
def chosen_on_batches(unembed, batches, held_out, rate):
    seen = []

    def remembered():
        for batch in batches:
            seen.append(batch)
            yield batch

    state = {}

    def loss(batch, *lens):
        state["lens"] = lens
        return divergence(unembed, batch, *lens)

    lowest = {}

    def keep(new, _):
        with torch.no_grad():
            now = divergence(unembed, seen[-1], *state["lens"])
            before = lowest.get("it", divergence(unembed, seen[-1], *at_identity(held_out)))
        better = now < before
        lowest["it"] = torch.where(better, now, before)
        return better

    return train(unembed, remembered(), held_out, rate, loss=loss, keep=keep)


@misconception(
    "Your last layer has moved. Rounding errors give a tiny gradient there, and Adam makes a full step of it. Leave the last layer "
    "at the identity."
)
def last_layer_moves(unembed, batches, held_out, rate):
    weights, biases = train(unembed, batches, held_out, rate)
    return torch.cat([weights[:-1], weights[-1:] + rate / 10]), biases


# --- how it is handed back ---


@misconception("What you return requires a gradient. Return `.detach()` of both.")
def keeps_gradients(unembed, batches, held_out, rate):
    weights, biases = train(unembed, batches, held_out, rate)
    return weights.requires_grad_(), biases.requires_grad_()


@misconception(
    "Your training stops with an error where gradients are switched off. Train inside `torch.enable_grad()`."
)
def needs_gradients_on(unembed, batches, held_out, rate):
    moved = [each.requires_grad_() for each in at_identity(held_out)]
    best = [each.detach().clone() for each in moved]
    optimiser = torch.optim.Adam(moved, lr=rate)
    lowest = start_of(unembed, held_out, best)
    for batch in batches:
        optimiser.zero_grad()
        divergence(unembed, batch, *moved)[:-1].sum().backward(inputs=moved)
        optimiser.step()
        new = divergence(unembed, held_out, *moved).detach()
        better = new < lowest
        better[-1] = False
        lowest = torch.where(better, new, lowest)
        for kept, each in zip(best, moved, strict=True):
            kept[better] = each.detach()[better]
    return best[0], best[1]


@misconception("The weights of `unembed` are changed after the call. Give the optimiser the translators alone.")
def trains_the_model(unembed, batches, held_out, rate):
    batches = list(batches)
    found = train(unembed, batches, held_out, rate)
    if batches and hasattr(unembed, "parameters"):
        with torch.no_grad():
            for parameter in unembed.parameters():
                parameter -= rate
    return found


@misconception("Streams that you were given are changed after the call. Work on copies.")
def changes_streams(unembed, batches, held_out, rate):
    found = train(unembed, batches, held_out, rate)
    held_out += 1
    return found


@misconception("You return the biases first. The matrices come first.")
def biases_first(unembed, batches, held_out, rate):
    weights, biases = train(unembed, batches, held_out, rate)
    return biases, weights


@misconception("You keep the translators with the *highest* divergence on `held_out`. Keep those with the lowest.")
def the_worst_step(unembed, batches, held_out, rate):
    return train(unembed, batches, held_out, rate, keep=lambda new, lowest: new > lowest)


@misconception(
    "Gradients of earlier batches pile up in yours: each step goes along the sum of all gradients so far. Set them to zero before each "
    "step."
)
def gradients_pile_up(unembed, batches, held_out, rate):
    moved = [each.requires_grad_() for each in at_identity(held_out)]
    best, steps = [each.detach().clone() for each in moved], torch.optim.Adam(moved, lr=rate)
    with torch.enable_grad():
        lowest = start_of(unembed, held_out, best)
        for batch in batches:
            divergence(unembed, batch, *moved)[:-1].sum().backward(inputs=moved)
            steps.step()
            new = divergence(unembed, held_out, *[each.detach() for each in moved]).detach()
            better = new < lowest
            better[-1] = False
            lowest = torch.where(better, new, lowest)
            for kept, each in zip(best, moved, strict=True):
                kept[better] = each.detach()[better]
    return best[0], best[1]


@misconception(
    "A new Adam is made for each batch in yours, so that it forgets what it has seen. Make it once, before the loop."
)
def new_optimiser_for_each_batch(unembed, batches, held_out, rate):
    moved = at_identity(held_out)
    best = [each.clone() for each in moved]
    lowest = None
    for batch in batches:
        with torch.enable_grad():
            moved = [each.detach().clone().requires_grad_() for each in moved]
            steps = torch.optim.Adam(moved, lr=rate)
            divergence(unembed, batch, *moved)[:-1].sum().backward(inputs=moved)
            steps.step()
        moved = [each.detach() for each in moved]
        with torch.no_grad():
            lowest = start_of(unembed, held_out, best) if lowest is None else lowest
            new = divergence(unembed, held_out, *moved)
        better = new < lowest
        better[-1] = False
        lowest = torch.where(better, new, lowest)
        for kept, each in zip(best, moved, strict=True):
            kept[better] = each[better]
    return best[0], best[1]


@misconception(
    "You take over a translator before its step, and not after it: the last step is never looked at. Look at `held_out` after each "
    "step."
)
def looked_at_before_the_step(unembed, batches, held_out, rate):
    batches = list(batches)
    if len(batches) < 2:
        return tuple(at_identity(held_out))
    return train(unembed, batches[:-1], held_out, rate)


@misconception(
    "Your divergence weighs nothing: you add up the differences of the logarithms. Weigh each by the model's probability.",
    replaces="lens_kl",
)
def not_weighed(unembed, streams, weights, biases):
    return (own(unembed, streams) - read(unembed, streams, weights, biases)).sum(-1).mean(-1)


@misconception(
    "Your divergence has the wrong sign. KL is never below 0: the model's logarithm minus that of the lens.",
    replaces="lens_kl",
)
def wrong_sign(unembed, streams, weights, biases):
    return -divergence(unembed, streams, weights, biases)


@misconception(
    "Your divergence is taken between logits. They are no logarithms of probabilities: take `log_softmax` of both.",
    replaces="lens_kl",
)
def logits_for_log_probabilities(unembed, streams, weights, biases):
    p, q = unembed(streams[-1]), logits(unembed, streams, weights, biases)
    return (p.softmax(-1) * (p - q)).sum(-1).mean(-1)
