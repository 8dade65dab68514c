"""Grader of `composition_scores`."""

import numpy as np
import pytest

KINDS = ("Q", "K", "V")


def random_heads(bench, heads, d_model, d_head, seed):
    """Random W_Q, W_K, W_V, W_O. W_K and W_O are skewed, so that no product is nearly symmetric."""
    W_Q, W_K, W_V = (bench.normal(heads, d_model, d_head, seed=seed + n) for n in range(3))
    W_O = bench.normal(heads, d_head, d_model, seed=seed + 3)
    W_K[:, : d_model // 2] *= 3
    W_O[..., d_model // 3 :] *= 0.25
    return W_Q, W_K, W_V, W_O


def scores_of(exercise, early, late):
    return exercise.composition_scores(early[2], early[3], *late)


def on_random_weights(exercise, bench, *, early, late, d_model, d_head, seed):
    first = random_heads(bench, early, d_model, d_head, seed)
    second = random_heads(bench, late, d_model, d_head, seed + 10)
    return scores_of(exercise, first, second)


def on_scaled_weights(exercise, bench, *, d_model, d_head, seed):
    first = random_heads(bench, 2, d_model, d_head, seed)
    second = random_heads(bench, 3, d_model, d_head, seed + 10)
    return {
        "as_they_are": scores_of(exercise, first, second),
        "scaled": scores_of(exercise, [8 * w for w in first], [0.25 * w for w in second]),
    }


def on_known_heads(exercise, bench, *, d_model):
    """Early heads that write one direction, or pass everything on; late heads that read one direction, or everything."""
    import torch

    eye = torch.eye(d_model, dtype=bench.dtype, device=bench.device)
    unit = torch.zeros_like(eye)
    unit[0, 0] = 1  # reads direction 0, writes direction 0
    shift = torch.zeros_like(eye)
    shift[0, 1] = 1  # reads direction 0, writes direction 1
    early_W_V, early_W_O = torch.stack([unit, shift, eye]), torch.stack([unit, unit + shift.T @ shift, eye])
    # Late head 0 asks with direction 0 for direction 1; late head 1 is the identity everywhere.
    late_W_Q, late_W_K = torch.stack([unit, eye]), torch.stack([shift.T, eye])
    late_W_V, late_W_O = torch.stack([shift, eye]), torch.stack([eye, eye])
    return exercise.composition_scores(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O)


def on_course_model(exercise, bench, *, early, late):
    model = bench.model
    weights = (model.W_Q, model.W_K, model.W_V, model.W_O)
    first, second = ([w[layer] for w in weights] for layer in (early % bench.n_layers, late % bench.n_layers))
    return scores_of(exercise, first, second)


def on_random_baseline(exercise, bench, *, d_model, d_head, samples, seed):
    """Statements about the baseline that hold for any right way of drawing it."""
    import torch

    left = [
        bench.normal(samples, *shape, seed=seed + n) for n, shape in enumerate([(d_model, d_head), (d_head, d_model)])
    ]
    right = [
        bench.normal(samples, *shape, seed=seed + 2 + n)
        for n, shape in enumerate([(d_model, d_head), (d_head, d_model)])
    ]
    first, second = left[0] @ left[1], right[0] @ right[1]
    norms = [matrix.norm(dim=(-2, -1)) for matrix in (first @ second, first, second)]
    expected = float((norms[0] / norms[1] / norms[2]).mean())
    state = torch.get_rng_state()
    found = exercise.random_baseline(d_model, d_head, samples, seed)
    kept = torch.equal(state, torch.get_rng_state())
    again = exercise.random_baseline(d_model, d_head, samples, seed)
    other = exercise.random_baseline(d_model, d_head, samples, seed + 1)
    return {
        "one_pair_between_0_and_1": 0 < exercise.random_baseline(d_model, d_head, 1, seed) <= 1,
        "within_a_tenth": abs(found / expected - 1) < 0.1,
        "times_too_high": [bound for bound in (1.5, 3.5, 10.0) if found > bound * expected],
        "same_seed_same_number": found == again,
        "other_seed_other_number": found != other,
        "global_random_state_kept": kept,
    }


def assert_between_0_and_1(scores):
    for kind in KINDS:
        inside = np.all((scores[kind] >= 0) & (scores[kind] <= 1 + 1e-5))
        assert inside, f"{kind}-composition should be between 0 and 1: no product is larger than its factors"


@pytest.mark.points(4)
def test_on_random_weights(compare, seed):
    """Random weights, with other numbers of early and late heads, in several shapes."""
    for early, late, d_model, d_head in [(2, 3, 8, 3), (4, 1, 5, 2), (3, 2, 6, 9)]:
        scores = compare(on_random_weights, early=early, late=late, d_model=d_model, d_head=d_head, seed=seed)
        assert_between_0_and_1(scores)


@pytest.mark.points(1)
def test_scale(compare, seed):
    """Multiplying all weights by a number changes no score."""
    found = compare(on_scaled_weights, d_model=7, d_head=3, seed=seed)
    for kind in KINDS:
        same = np.allclose(found["as_they_are"][kind], found["scaled"][kind], rtol=1e-3)
        assert same, f"{kind}-composition changes when the weights are multiplied by a number"


@pytest.mark.points(2)
def test_known_heads(compare):
    """Heads that read and write single directions, or everything: their scores are 0, 1 or 1 / sqrt(d_model)."""
    for d_model in (4, 9):
        scores = compare(on_known_heads, d_model=d_model)
        some = d_model**-0.5
        # Early heads: write direction 0; write direction 1; pass everything on.
        expected = {
            "Q": [[1, some], [0, some], [some, some]],
            "K": [[0, some], [1, some], [some, some]],
            "V": [[1, some], [0, some], [some, some]],
        }
        for kind in KINDS:
            assert np.allclose(scores[kind], expected[kind], atol=1e-4), (
                "the early heads write direction 0, direction 1, everything; the first late head asks with direction 0 "
                "for keys in direction 1, and reads values in direction 0; the second reads everything. "
                f"{kind}-composition should be {np.round(expected[kind], 3).tolist()}"
            )


@pytest.mark.points(1)
def test_on_course_model(compare):
    """The heads of two layers of the course model."""
    for early, late in [(0, 1), (1, 2)]:
        assert_between_0_and_1(compare(on_course_model, early=early, late=late))


@pytest.mark.points(2)
def test_random_baseline(compare, seed):
    """The mean score of random pairs: near the expected one, the same for the same seed, no trace in global state."""
    for d_model, d_head in [(24, 6), (40, 5)]:
        found = compare(on_random_baseline, d_model=d_model, d_head=d_head, samples=150, seed=seed)
        assert found["one_pair_between_0_and_1"], "the score of a single pair is between 0 and 1 too"
        assert found["within_a_tenth"], "your baseline is not near the mean score of random pairs"
