"""Grader of `train_classifier`. Two right trainings end in different weights, so facts about them are compared, on new points."""

import numpy as np
import pytest
from brackets.moons import moons

HIDDEN = 16


def table(bench):
    import torch

    values = np.loadtxt(bench.data("moons.csv"), delimiter=",", skiprows=1)
    points = torch.tensor(values[:, :2], dtype=bench.dtype, device=bench.device)
    return points, torch.tensor(values[:, 2], dtype=torch.int64, device=bench.device)


def of_random_weights(exercise, bench, *, points, hidden, seed):
    import torch

    shapes = [(2, hidden), (hidden,), (hidden,), ()]
    weights = [bench.normal(*shape, seed=seed + place).requires_grad_() for place, shape in enumerate(shapes)]
    with torch.enable_grad():
        scores = exercise.network_scores(bench.normal(points, 2, seed=seed + 9), *weights)
        gradients = torch.autograd.grad(scores.sum(), weights, allow_unused=True)
    return {"scores": scores, "gradients": [torch.zeros(()) if each is None else each for each in gradients]}


def one_training(exercise, bench, seed):
    """One thread: on tensors this small, threads spend their time waiting for one another."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return exercise.train_classifier(*table(bench), HIDDEN, seed)
    finally:
        torch.set_num_threads(threads)


def trained(exercise, bench, *, seed):
    """The weights of one training."""
    W, c, v, d = one_training(exercise, bench, seed)
    return {"W": W, "c": c, "v": v, "d": d}


def repeated_calls(exercise, bench, *, seed):
    """Calls with the same seed and with another one, and the global random state around them."""
    import torch

    def call(with_seed):
        return torch.cat([each.flatten() for each in one_training(exercise, bench, with_seed)])

    first = call(seed)
    torch.rand(7)
    before = torch.random.get_rng_state()
    again = call(seed)
    return {
        "same_seed_gives_same_weights": torch.equal(first, again),
        "another_seed_gives_others": not torch.equal(first, call(seed + 1)),
        "random_state_kept": torch.equal(before, torch.random.get_rng_state()),
        "carries_no_gradients": not first.requires_grad,
    }


def facts_of(runs):
    """Facts about weights that were trained from several seeds."""
    shapes = {"W": (2, HIDDEN), "c": (HIDDEN,), "v": (HIDDEN,), "d": ()}
    for weights in runs:
        for name, shape in shapes.items():
            value = weights[name]
            if not isinstance(value, np.ndarray) or value.dtype.kind != "f" or value.shape != shape:
                return {"form": f"{name} is no tensor of real numbers of shape {list(shape)}"}
            if not np.isfinite(value).all():
                return {"form": f"{name} is not finite"}
    points, labels = moons(1000, seed=7)
    right = [np.mean((np.tanh(points @ w["W"] + w["c"]) @ w["v"] + w["d"] > 0) == labels) for w in runs]
    return {
        "form": "ok",
        "separates_new_points": bool(min(right) > 0.95),
        "as_good_as_a_line": bool(min(right) > 0.8),
        "classes_are_not_exchanged": bool(min(right) > 0.12),
    }


@pytest.mark.points(1)
def test_scores(compare, seed):
    """The scores of random weights, and their gradients."""
    for points, hidden in [(7, 3), (2, 5), (1, 1)]:
        compare(of_random_weights, points=points, hidden=hidden, seed=seed)


@pytest.mark.points(3)
def test_new_points(run, compare, seed):
    """From each of three seeds, more than 95 of 100 new points are told apart."""
    others = [run(trained, seed=seed + other) for other in (1000, 2000)]

    def of_three_trainings(last):
        return facts_of([*others, last])

    compare(trained, facts=of_three_trainings, seed=seed)


@pytest.mark.points(2)
def test_seed(compare, seed):
    """The same seed gives the same weights, another one others; the global random state stays."""
    assert all(compare(repeated_calls, seed=seed).values())
