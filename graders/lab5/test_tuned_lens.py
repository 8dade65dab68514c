"""Grader of `tuned_lens`.

Two right trainings end in different weights, so a long training is judged by facts, measured here on streams that no training saw. A training of
a few steps is compared with the reference: there Adam leaves no room. False rejects: `python tests/benchmarks/bench_stochastic.py` counts them.
"""

import numpy as np
import pytest

from mechgrade.grading.facts import less_than

D, VOCAB, RATE = 8, 6, 0.02
#: What is known of the final stream in each layer of a made-up model: a part of it, all of it but in other directions, all of it.
LAYERS = ("vague", "turned", "good")
#: The divergence that each layer has to come below. A wrong loss, a missing bias and one map for all layers stay above.
LOUD, QUIET, MISLEADING, DRIFTING = (0.8, 0.13, 0.02), (0.5, 0.03, 0.02), (1.0, 0.01, 1.0), (0.25, 0.25, 0.25)
#: Two made-up models: one that is sure of itself and one that is not. Their numbers, the sizes of their logits, and the bounds.
TRAININGS = ((1, 5.0, LOUD), (2, 1.5, QUIET))
#: By how much a layer may be worse on unseen streams than the logit lens: held-out streams are few.
SLACK = 0.01


# --- made-up models, drawn where no learner's code runs -------------------------------------------------------------------


def turn(draw):
    """A random rotation."""
    return np.linalg.qr(draw.normal(size=(D, D)))[0]


def world(seed, number, gain):
    """A made-up model: its last step, and how its layers write."""
    draw = np.random.default_rng([seed, number])
    # LayerNorm takes the mean away: as the last direction, which no logit reads, it costs nothing, and all worlds are as hard.
    first_is_the_mean = np.linalg.qr(np.column_stack([np.ones(D), draw.normal(size=(D, D - 1))]))[0]
    directions = np.roll(first_is_the_mean, -1, axis=1)
    return {
        "W": gain * directions[:, :VOCAB],
        "b": 0.3 * draw.normal(size=VOCAB),
        "directions": directions,
        "turns": [turn(draw) for _ in LAYERS],
        "shifts": [4 * turn(draw)[0] for _ in LAYERS],
    }


def streams_of(world, tokens, draw, layers=LAYERS):
    """Streams `[layer, token, d]`; the final one is normal."""
    final = 2 * draw.normal(size=(tokens, D))
    rows = []
    for kind, turned, shift in zip(layers, world["turns"], world["shifts"], strict=True):
        if kind == "vague":  # two of the logits' directions are not known yet
            parts = final @ world["directions"]
            parts[:, :2] = 2 * draw.normal(size=(tokens, 2))
            rows.append(parts @ world["directions"].T @ turned + shift)
        elif kind == "shifted":
            rows.append(final + shift)
        elif kind == "turned":
            rows.append((final + 0.1 * draw.normal(size=final.shape)) @ turned + shift)
        else:
            rows.append(final + (0.02 if kind == "good" else 0) * draw.normal(size=final.shape))
    return np.stack([*rows, final])


def for_training(*, number, gain, seed):
    made, draw = world(seed, number, gain), np.random.default_rng([seed, number, 1])
    return {
        "W": made["W"],
        "b": made["b"],
        "batches": np.stack([streams_of(made, 128, draw) for _ in range(200)]),
        "held_out": streams_of(made, 60, draw),
    }


def for_misleading(*, number, seed):
    """Held-out streams with a layer that the logit lens reads exactly. In the batches this layer is turned."""
    made, draw = world(seed, number, 3.0), np.random.default_rng([seed, number, 1])
    return {
        "W": made["W"],
        "b": made["b"],
        "batches": np.stack([streams_of(made, 64, draw, ("turned", "turned", "vague")) for _ in range(60)]),
        "held_out": streams_of(made, 60, draw, ("turned", "exact", "vague")),
    }


def for_drifting(*, number, seed):
    """Batches that are like the held-out streams at first, and later are not: training helps, and then it harms."""
    made, draw = world(seed, number, 3.0), np.random.default_rng([seed, number, 1])
    kinds = [("shifted",) * 3] * 60 + [("turned",) * 3] * 60
    return {
        "W": made["W"],
        "b": made["b"],
        "batches": np.stack([streams_of(made, 64, draw, layers) for layers in kinds]),
        "held_out": streams_of(made, 60, draw, ("shifted",) * 3),
    }


# --- measured by the grader ------------------------------------------------------------------------------------------------


def log_softmax(logits):
    shifted = logits - logits.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


def last_step(x, W, b):
    x = x - x.mean(-1, keepdims=True)
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-5) @ W + b


def divergence(streams, weights, biases, W, b):
    """KL(p || q) of every layer."""
    own = log_softmax(last_step(streams[-1], W, b))
    lens = log_softmax(last_step(streams @ weights + biases[:, None], W, b))
    return (np.exp(own) * (own - lens)).sum(-1).mean(-1)


def identity(layers):
    return np.tile(np.eye(D), (layers, 1, 1)), np.zeros((layers, D))


def form_of(lens, layers):
    """Why a lens cannot be measured, or "ok"."""
    if not isinstance(lens, dict) or lens.keys() != {"weights", "biases"}:
        return "not a pair of matrices and biases"
    for name, shape in (("weights", (layers, D, D)), ("biases", (layers, D))):
        value = lens[name]
        if not isinstance(value, np.ndarray) or value.dtype.kind != "f":
            return f"the {name} are no tensor of real numbers"
        if value.shape != shape:
            return f"the {name} have shape {list(value.shape)}, not {list(shape)}"
        if not np.isfinite(value).all():
            return f"the {name} are not finite"
    return "ok"


def last_is_identity(lens):
    weights, biases = identity(1)
    return bool((lens["weights"][-1] == weights[0]).all() and (lens["biases"][-1] == biases[0]).all())


def measured(lens, streams, given, bounds, where, slack):
    """Each layer against its bound and against the logit lens."""
    if (form := form_of(lens, len(streams))) != "ok":
        return {"form": form}
    parts = lens["weights"].astype(float), lens["biases"].astype(float)
    tuned = divergence(streams, *parts, given["W"], given["b"])
    logit = divergence(streams, *identity(len(streams)), given["W"], given["b"])
    facts = {"form": "ok", "the_last_layer_has_the_identity": last_is_identity(lens)}
    for layer, bound in enumerate(bounds):
        what = f"on {where}, the divergence of layer {layer}"
        facts[f"layer_{layer}_is_not_worse_than_the_logit_lens"] = less_than(
            tuned[layer], logit[layer] + slack, f"{what} (the logit lens has {logit[layer]:.3g})"
        )
        facts[f"layer_{layer}_is_close_to_the_model"] = less_than(tuned[layer], bound, what)
    return facts


def facts_on_unseen(lens, seed, number, gain, bounds):
    """A trained lens on streams of its own made-up model that no training saw."""
    unseen = streams_of(world(seed, number, gain), 2000, np.random.default_rng([seed, number, 2]))
    return measured(lens, unseen, world(seed, number, gain), bounds, "unseen streams", SLACK)


def facts_on_misleading(lens, seed):
    """Each layer on the held-out streams; layer 1 cannot be better than at the identity."""
    given = for_misleading(number=3, seed=seed)
    facts = measured(lens, given["held_out"], given, MISLEADING, "held-out streams", 1e-5)
    if facts["form"] == "ok":
        facts["layer_1_has_the_identity"] = last_is_identity({name: each[1:2] for name, each in lens.items()})
    return facts


def facts_on_drifting(lens, seed):
    """Each layer on the held-out streams."""
    given = for_drifting(number=4, seed=seed)
    return measured(lens, given["held_out"], given, DRIFTING, "held-out streams", 1e-5)


# --- scenarios -------------------------------------------------------------------------------------------------------------


def final_step(bench, W, b):
    """The final LayerNorm and the unembedding: a module whose weights require gradients."""
    import torch

    class LastStep(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.W, self.b = torch.nn.Parameter(W), torch.nn.Parameter(b)

        def forward(self, x):
            logits = torch.nn.functional.layer_norm(x, x.shape[-1:]) @ self.W + self.b
            # Streams that are far too large give no numbers, on every machine alike.
            return torch.where(x.abs().amax(-1, keepdim=True) > 1e6, torch.nan, logits)

    return LastStep()


def on_bench(bench, array):
    import torch

    return torch.from_numpy(array).to(device=bench.device, dtype=bench.dtype)


def on_one_thread(function, *arguments):
    """On tensors this small, threads wait for one another more than they compute."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return function(*arguments)
    finally:
        torch.set_num_threads(threads)


def drawn(bench, layers, tokens, d, vocab, gain, seed):
    """A last step, streams, and translators, all random."""
    last = final_step(bench, gain * bench.normal(d, vocab, seed=seed), bench.normal(vocab, seed=seed + 1))
    streams = bench.normal(layers, tokens, d, seed=seed + 2) + 0.5
    return last, streams, bench.normal(layers, d, d, seed=seed + 3), bench.normal(layers, d, seed=seed + 4)


def of_logits(exercise, bench, *, layers, tokens, d, vocab, seed):
    return exercise.lens_logits(*drawn(bench, layers, tokens, d, vocab, 1.0, seed)).detach()


def of_divergence(exercise, bench, *, layers, tokens, d, vocab, gain, seed):
    return exercise.lens_kl(*drawn(bench, layers, tokens, d, vocab, gain, seed)).detach()


def of_loud_layers(exercise, bench, *, layers, loud, seed):
    """The model itself is not sure of anything, and some layers are so sure that most of their probabilities are rounded to 0."""
    _, streams, weights, biases = drawn(bench, layers, 5, 4, 6, 1.0, seed)
    readout = bench.normal(4, 6, seed=seed + 5)
    weights[loud] *= 1000
    return exercise.lens_kl(lambda x: x @ readout, streams, weights, biases)


def of_the_small_example(exercise, bench):
    import torch

    def real(*values):
        return torch.tensor(values, dtype=bench.dtype, device=bench.device)

    def unembed(x):
        return torch.cat([x, torch.zeros_like(x)], dim=-1)

    three = float(np.log(3))
    streams, weights = real([[0.0]], [[three]]), real([[1.0]], [[1.0]])
    return {
        "logit_lens": exercise.lens_kl(unembed, streams, weights, real([0.0], [0.0])),
        "translated": exercise.lens_kl(unembed, streams, weights, real([three], [0.0])),
    }


def trained(exercise, bench, *, W, b, batches, held_out, rate=RATE):
    """One training on a made-up model."""
    last = final_step(bench, on_bench(bench, W), on_bench(bench, b))
    batches = list(on_bench(bench, batches))
    weights, biases = on_one_thread(exercise.tuned_lens, last, batches, on_bench(bench, held_out), rate)
    return {"weights": weights.detach(), "biases": biases.detach()}


def of_few_steps(exercise, bench, *, layers, sizes, rate, seed, misleading=False):
    """Batches of several sizes, each given once, with gradients switched off; and what became of all that was handed over.

    A first batch that misleads shows the final streams with the other sign: its step makes layers worse, and later steps help.
    """
    import torch

    last, streams, weights, biases = drawn(bench, layers, sum(sizes) + 12, 5, 4, 1.0, seed)
    weights, biases = weights[: layers - 1], biases[: layers - 1]
    streams[:-1] = (
        streams[-1:] @ weights / 2 + biases[:, None]
    )  # each layer holds the final stream, in its own directions
    if misleading:
        streams[-1, : sizes[0]] *= -1
    *batches, held_out = streams.split([*sizes, 12], dim=1)
    handed = [*batches, held_out, last.W, last.b]
    before = [each.detach().clone() for each in handed]
    with torch.no_grad():
        found = exercise.tuned_lens(last, (batch for batch in batches), held_out, rate)
    kept = [bool((now.detach() == then).all()) for now, then in zip(handed, before, strict=True)]
    return {
        "weights": found[0].detach(),
        "biases": found[1].detach(),
        "gradient": "still required by the result" if any(each.requires_grad for each in found) else "not required",
        "streams": "as they were" if all(kept[:-2]) else "changed by the call",
        "unembed": "as it was" if all(kept[-2:]) else "its weights are changed by the call",
    }


def of_small_gains(exercise, bench, *, layers, steps, rate, seed):
    """The held-out streams are the batch of each step. So each step is better than the last one, by less than a thousandth of a nat."""
    last, streams, _, _ = drawn(bench, layers, 16, 5, 4, 0.3, seed)
    return list(exercise.tuned_lens(last, [streams.clone() for _ in range(steps)], streams, rate))


def of_no_numbers(exercise, bench, *, seed):
    """A last step with a square root. On held-out streams some layers have no number at the identity, and others have none after some steps."""
    import torch

    def unembed(x):
        return torch.cat([x.sqrt(), torch.zeros_like(x)], dim=-1)

    def of_streams(*layers):
        return torch.tensor(layers, dtype=bench.dtype, device=bench.device)[:, None, None]

    size = 1 + 0.2 * float(bench.uniform(1, seed=seed))
    early = [-0.1 * size, 0.05 * size, -0.15 * size, 0.06 * size, 0.5 * size, -0.2 * size]
    low, high = (of_streams(*[1.0] * len(early), final * size) for final in (0.04, 4.0))
    return list(exercise.tuned_lens(unembed, [low, low, *[high] * 24], of_streams(*early, 4.0), 0.1))


# --- checks ----------------------------------------------------------------------------------------------------------------


@pytest.mark.points(1)
def test_logits(compare, seed):
    """The logits of translated streams."""
    for layers, tokens, d, vocab in [(3, 4, 5, 7), (1, 2, 6, 3), (4, 4, 4, 4)]:
        compare(of_logits, layers=layers, tokens=tokens, d=d, vocab=vocab, seed=seed)


@pytest.mark.points(2)
def test_divergence(compare, seed):
    """Each layer's divergence from the model's own answer, with small logits and with large ones; the small example."""
    found = compare(of_divergence, layers=3, tokens=6, d=5, vocab=7, gain=1.0, seed=seed)
    assert np.isfinite(found).all(), "a divergence is not finite: take the logarithm by log_softmax"
    compare(of_loud_layers, layers=12, loud=[1, 2, 5, 7, 10], seed=seed)
    for layers, tokens, d, vocab, gain in [
        (2, 1, 6, 3, 2.0),
        (1, 4, 4, 9, 1.0),
        (3, 3, 5, 8, 100.0),
    ]:
        found = compare(of_divergence, layers=layers, tokens=tokens, d=d, vocab=vocab, gain=gain, seed=seed)
        assert np.isfinite(found).all(), "a divergence is not finite: take the logarithm by log_softmax"
    found = compare(of_the_small_example)
    assert np.allclose(found["logit_lens"], [0.1308, 0], atol=1e-3), "in the small example the divergence is 0.131"
    assert np.allclose(found["translated"], [0, 0], atol=1e-5), "with its bias the lens of the example is the model"


@pytest.mark.points(2)
def test_few_steps(compare, seed):
    """One step for each batch, from the identity; none, one and several steps, a single layer, and steps that are far too large."""
    for layers, sizes, rate, misleading in [
        (3, [], 0.1, False),
        (3, [7], 0.01, False),
        (2, [3, 9, 5, 1], 0.03, False),
        (1, [4, 4], 0.1, False),
        (4, [8, 6, 9, 7], 0.3, False),
        (3, [6, 4], 1e9, False),
        (6, [9] * 16, 0.2, True),
    ]:
        found = compare(of_few_steps, layers=layers, sizes=sizes, rate=rate, misleading=misleading, seed=seed)
        assert found["gradient"] == "not required", "what you return still requires a gradient: detach it"
        assert found["streams"] == "as they were", "the streams that you were given are changed after the call"
        assert found["unembed"] == "as it was", (
            "the weights of `unembed` are changed after the call: only translators are trained"
        )
    compare(of_small_gains, layers=4, steps=3, rate=2e-4, seed=seed)
    compare(of_no_numbers, seed=seed)


@pytest.mark.points(3)
def test_training(compare, seed):
    """On streams that no step has seen, each layer comes close to the model."""
    for number, gain, bounds in TRAININGS:

        def of_unseen_streams(lens, number=number, gain=gain, bounds=bounds):
            return facts_on_unseen(lens, seed, number, gain, bounds)

        compare(trained, world=for_training, facts=of_unseen_streams, number=number, gain=gain, seed=seed)


@pytest.mark.points(2)
def test_never_worse(compare, seed):
    """Where training helps one layer and harms another, each layer has its best translator on held-out streams."""

    def of_misleading_batches(lens):
        return facts_on_misleading(lens, seed)

    compare(trained, world=for_misleading, facts=of_misleading_batches, number=3, seed=seed)

    def of_drifting_batches(lens):
        return facts_on_drifting(lens, seed)

    compare(trained, world=for_drifting, facts=of_drifting_batches, number=4, seed=seed)
