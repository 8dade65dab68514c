"""Grader of `superposition`.

Two right trainings end in different weights, so what is compared are facts about them, measured here on data of the grader's
own: each of three trainings is held against bounds that leave room for another optimiser. False rejects: see
`python tests/benchmarks/bench_stochastic.py`, which states how many of its seeds the reference fails (none of 100 when this was
written, so fewer than 3 in 100 with 95 % confidence).
"""

import numpy as np
import pytest

FEATURES, HIDDEN, STEPS, BATCH = 12, 4, 200, 128
#: Loss in units of what it costs to keep the most important features alone, and drop the rest.
SPARSE_BOUND, DENSE_BOUND = 0.35, 2.0
#: What repeated calls give. In words: where such a fact is what a mistake consists in, it may be named.
SAME, OTHERS = "gives the same weights", "gives other weights"
#: Which of eleven columns are the corners of a very short pentagon, and which those of a hexagon in other dimensions.
PENTAGON, HEXAGON = [0, 2, 5, 8, 10], [1, 3, 4, 6, 7, 9]


def world(seed, number):
    """How important each feature of a world is, and whether it ever occurs: two of each three that are about as important do."""
    draw = np.random.default_rng([seed, number])
    order = draw.permutation(FEATURES)
    importance, live = np.empty(FEATURES), np.ones(FEATURES)
    importance[order] = 0.8 ** np.arange(FEATURES)
    live[[draw.choice(three) for three in order.reshape(-1, 3)]] = 0
    return importance, live


def sample(shape, probability, live, draw):
    return draw.random((*shape, FEATURES)) * (draw.random((*shape, FEATURES)) < probability) * live


def training(*, probability, number, seed):
    """What a training is given. The seed of its start says nothing of the world."""
    importance, live = world(seed, number)
    batches = sample((STEPS, BATCH), probability, live, np.random.default_rng([seed, number, 1]))
    return {"batches": batches, "importance": importance, "start": number}


def short_trainings(*, seed):
    return {"batches": sample((3, 8), 0.5, np.ones(FEATURES), np.random.default_rng([seed, 9]))}


def on_bench(bench, values):
    import torch

    return torch.from_numpy(values).to(device=bench.device, dtype=bench.dtype)


def trained(exercise, bench, *, batches, importance, start):
    """The weights of one training; one run for each keeps clear of the limit on a run's time."""
    import torch

    threads = torch.get_num_threads()
    # On tensors this small, threads spend their time waiting for one another: on a busy machine 15 times that of one thread.
    torch.set_num_threads(1)
    try:
        W, b = exercise.superposition(on_bench(bench, batches), HIDDEN, on_bench(bench, importance), start)
    finally:
        torch.set_num_threads(threads)
    return {"W": W, "b": b}


def of_toy_loss(exercise, bench, *, n_hidden, n_features, batch, seed):
    """The loss and its gradients."""
    import torch

    W = bench.normal(n_hidden, n_features, seed=seed).requires_grad_()
    b = (0.3 * bench.normal(n_features, seed=seed + 1)).requires_grad_()
    x, weight = bench.uniform(batch, n_features, seed=seed + 2), 0.2 + bench.uniform(n_features, seed=seed + 3)
    with torch.enable_grad():
        loss = exercise.toy_loss(W, b, x, weight)
        gradients = torch.autograd.grad(loss, [W, b], allow_unused=True)
    # No gradient and one of zeros are the same. In words, as zeros do not tell where they come from.
    found = {name: "no gradient" if g is None or not g.any() else g for name, g in zip("Wb", gradients, strict=True)}
    return {"loss": loss, **found}


def of_toy_loss_on_rare_features(exercise, bench, *, n_hidden, n_features, batch, seed):
    """Most features are 0, and come back as something else; some importances are 0."""
    W, b = bench.normal(n_hidden, n_features, seed=seed), bench.normal(n_features, seed=seed + 1)
    x = bench.uniform(batch, n_features, seed=seed + 2)
    x = x * (bench.uniform(batch, n_features, seed=seed + 3) < 0.3)
    weight = bench.integers(0, 3, (n_features,), seed=seed + 4).to(W.dtype)
    return exercise.toy_loss(W, b, x, weight)


def of_toy_loss_by_hand(exercise, bench):
    import torch

    def tensor(values):
        return torch.tensor(values, dtype=bench.dtype, device=bench.device)

    W, b = tensor([[1.0, 0.0, -1.0]]), tensor([0.0, 0.5, 0.0])
    return exercise.toy_loss(W, b, tensor([[1.0, 1.0, 0.0], [0.0, 0.0, 0.5]]), tensor([1.0, 0.5, 2.0]))


def of_random_weights(exercise, bench, *, n_hidden, n_features, seed):
    """Columns of unequal length, the last two short; two are all zeros."""
    W = bench.normal(n_hidden, n_features, seed=seed) * (0.3 + bench.uniform(n_features, seed=seed + 1))
    W[:, -2:] /= 32
    W[:, [1, n_features // 2]] = 0
    return exercise.feature_dimensionality(W)


def of_known_shapes(exercise, bench):
    """Orthogonal directions; two on one line; a pentagon, long, short, and very short beside a hexagon; a feature without a direction."""
    import torch

    def polygon(corners):
        angles = torch.arange(corners, dtype=bench.dtype, device=bench.device) * (2 * torch.pi / corners)
        return 3 * torch.stack([angles.cos(), angles.sin()])

    pentagon = polygon(5)
    axes = torch.eye(3, dtype=bench.dtype, device=bench.device)
    line = torch.tensor([[2.0, -2.0, 0.0], [0.0, 0.0, 0.0]], dtype=bench.dtype, device=bench.device)
    beside = torch.zeros(4, 11, dtype=bench.dtype, device=bench.device)
    beside[:2, PENTAGON], beside[2:, HEXAGON] = pentagon / 2**24, polygon(6)
    shapes = {
        "axes": axes * 0.7,
        "line": line,
        "pentagon": pentagon,
        "short_pentagon": pentagon / 2**12,
        "very_short_pentagon_and_hexagon": beside,
    }
    return {name: exercise.feature_dimensionality(W) for name, W in shapes.items()}


def repeated_calls(exercise, bench, *, batches):
    """Calls with the same and other seeds, with another first or last batch and with other batches; and the random states around calls."""
    from interp.gradients_off import STOPPED, with_gradients_off
    from interp.random_states import random_states_after

    batches = on_bench(bench, batches)
    changed, begun_otherwise = batches.clone(), batches.clone()
    changed[-1] = 1 - changed[-1]
    begun_otherwise[0] = 1 - begun_otherwise[0]
    importance = on_bench(bench, 0.8 ** np.arange(FEATURES))

    def call(with_seed, batches=batches):
        return dict(zip("Wb", exercise.superposition(batches, HIDDEN, importance, with_seed), strict=True))

    first = call(1)  # an optimiser's first step imports libraries, some of which draw random numbers
    states = random_states_after(lambda: call(1))
    again = with_gradients_off(lambda: call(1))  # a caller may have switched gradients off
    stopped = isinstance(again, str)
    want_gradients = [name for name, value in first.items() if getattr(value, "requires_grad", False)]
    return {
        "calls": {
            "first": first,
            "again": call(1) if stopped else again,
            "seed_2": call(2),
            "seed_3": call(3),
            "changed": call(1, changed),
            "begun_otherwise": call(1, begun_otherwise),
            "others": call(1, 1 - batches),
        },
        "with_gradients_off": STOPPED if stopped else "trains",
        **{f"{name}_random_state": state for name, state in states.items()},
        "gradients_of_the_result": f"wanted by {' and '.join(want_gradients)}" if want_gradients else "none",
    }


def of_repeated_calls(found):
    """Which calls gave the same weights."""
    calls = found.pop("calls")
    if (form := next((each for each in map(form_of, calls.values()) if each != "ok"), "ok")) != "ok":
        return {"form": form}
    weights = {name: np.concatenate([run["W"].ravel(), run["b"]]) for name, run in calls.items()}
    same = {(one, two) for one in weights for two in weights if np.array_equal(weights[one], weights[two])}
    seeds = ("first", "seed_2", "seed_3")
    some_equal = any((one, two) in same for one in seeds for two in seeds if one != two)
    return found | {
        "the_same_seed": SAME if ("first", "again") in same else OTHERS,
        "another_seed": SAME if some_equal else OTHERS,
        "another_last_batch_gives_other_weights": ("first", "changed") not in same,
        "another_first_batch": SAME if ("first", "begun_otherwise") in same else OTHERS,
        "other_batches": SAME if ("first", "others") in same else OTHERS,
    }


def form_of(run):
    """Why trained weights cannot be measured, or "ok"."""
    for name, shape in (("W", (HIDDEN, FEATURES)), ("b", (FEATURES,))):
        value = run[name]
        if not isinstance(value, np.ndarray) or value.dtype.kind != "f":
            return f"{name} is no tensor of real numbers"
        if value.shape != shape:
            return f"{name} has shape {list(value.shape)}, not {list(shape)}"
        if not np.isfinite(value).all():
            return f"{name} is not finite"
    return "ok"


def relative_loss(run, probability, importance, live):
    """The loss on fresh data, in units of the loss of keeping the most important features alone."""
    x = sample((8192,), probability, live, np.random.default_rng(20220914))
    W, b = run["W"].astype(float), run["b"].astype(float)
    loss = (importance * (x - np.maximum(x @ W.T @ W + b, 0)) ** 2).sum(-1).mean()
    return loss / np.sort(importance * x.var(0))[:-HIDDEN].sum()


def rare(run, importance, live):
    """Facts about weights that were trained on rare features."""
    if (form := form_of(run)) != "ok":
        return {"form": form}
    directions = (np.linalg.norm(run["W"], axis=0) > 0.5) & (live > 0)
    return {
        "form": "ok",
        "bias": "trained" if np.abs(run["b"]).max() > 0 else "0 throughout",
        "better_than_dropping_features": bool(relative_loss(run, 0.05, importance, live) < SPARSE_BOUND),
        "more_features_than_dimensions": bool(directions.sum() > HIDDEN + 1),
    }


def frequent(run, importance, live):
    """Facts about weights that were trained on features which are always active."""
    if (form := form_of(run)) != "ok":
        return {"form": form}
    lengths, first = np.linalg.norm(run["W"], axis=0), (importance * live).argmax()
    return {
        "form": "ok",
        "bias": "trained" if np.abs(run["b"]).max() > 0 else "0 throughout",
        "as_good_as_dropping_features": bool(relative_loss(run, 1.0, importance, live) < DENSE_BOUND),
        "lengths_of_columns": "unequal" if np.ptp(lengths) > 1e-3 else "all the same",
        "about_one_feature_a_dimension": bool(((lengths > 0.5) & (live > 0)).sum() <= HIDDEN + 2),
        "the_most_important_one_has_a_direction": bool(lengths[first] > 0.5),
    }


@pytest.mark.points(2)
def test_loss(compare, seed):
    """The loss and its gradients, on random weights of several sizes and in a case by hand."""
    for n_hidden, n_features, batch in [(2, 5, 7), (4, 3, 11), (1, 4, 1)]:
        compare(of_toy_loss, n_hidden=n_hidden, n_features=n_features, batch=batch, seed=seed)
    compare(of_toy_loss_on_rare_features, n_hidden=2, n_features=6, batch=5, seed=seed)
    # Row 1 comes back as (1, 0.5, 0), row 2 as (0, 0.5, 0.5).
    assert abs(float(compare(of_toy_loss_by_hand)) - 0.125) < 1e-5, "by hand, it is 0.125"


@pytest.mark.points(2)
def test_dimensionality(compare, seed):
    """The dimensionality of features in random weights, and in shapes where it is known."""
    for n_hidden, n_features in [(3, 11), (8, 7)]:
        found = compare(of_random_weights, n_hidden=n_hidden, n_features=n_features, seed=seed)
        assert found.sum() <= n_hidden + 1e-4, "the features have more dimensions for themselves than there are"
    found = compare(of_known_shapes)
    for name, expected in {
        "axes": [1, 1, 1],
        "line": [0.5, 0.5, 0],
        "pentagon": [0.4] * 5,
        "short_pentagon": [0.4] * 5,
        "very_short_pentagon_and_hexagon": [0.4 if place in PENTAGON else 1 / 3 for place in range(11)],
    }.items():
        assert np.allclose(found[name], expected, atol=1e-4), f"{name}: by hand, it is {expected}"


# Nothing can be made up: which features occur is drawn where the learner's code never runs, and can be learned from the batches alone.
@pytest.mark.points(3)
def test_rare_features(compare, seed):
    """Trained on rare features, the model holds more of them than it has dimensions, and gains by it."""
    for number in (1, 2, 3):

        def of_rare_features(run, number=number):
            return rare(run, *world(seed, number))

        compare(trained, world=training, facts=of_rare_features, probability=0.05, number=number, seed=seed)


@pytest.mark.points(2)
def test_frequent_features(compare, seed):
    """Trained on features that are always active, it keeps the most important ones, about one for each dimension."""
    for number in (4, 5, 6):

        def of_frequent_features(run, number=number):
            return frequent(run, *world(seed, number))

        compare(trained, world=training, facts=of_frequent_features, probability=1.0, number=number, seed=seed)


@pytest.mark.supporting
@pytest.mark.points(1)
def test_seed(compare, seed):
    """The same seed gives the same weights, with gradients on or off; another seed or batch gives others; random states stay."""
    compare(repeated_calls, world=short_trainings, facts=of_repeated_calls, seed=seed)
