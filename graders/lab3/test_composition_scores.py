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
        "very_small": scores_of(exercise, [2**-9 * w for w in first], [2**-8 * w for w in second]),
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
    weights = (model.W_Q, bench.for_each_head(model.W_K), bench.for_each_head(model.W_V), model.W_O)
    first, second = ([w[layer] for w in weights] for layer in (early % bench.n_layers, late % bench.n_layers))
    return scores_of(exercise, first, second)


def near(value, low, high):
    return "too low" if value < low else "too high" if value > high else "as it should be"


def on_random_baseline(exercise, bench, *, seed):
    """Statements about the baseline that hold for any right way of drawing it.

    Pairs of width 24 and head width 6 have scores of mean 0.2021. Single pairs of head width 12 have a standard deviation
    of 0.0182; it is 0.0239 where a matrix is the product of a factor and its own transpose, 0.037 where one of the four
    factors is uniform, and 0.006 at full rank (measured on 4,000 to 100,000 pairs). Where the head width is 1, a score is
    the absolute cosine of two random directions. In 40 dimensions its mean is 0.12695. The root of the mean square is
    0.158. All bounds below are at least 5 standard errors away from what is right.
    """
    import random
    import statistics

    import torch

    def of(*arguments):
        found = exercise.random_baseline(*arguments)
        kind = "float" if isinstance(found, float) else type(found).__name__
        types["d_model={}, d_head={}, samples={}".format(*arguments)] = kind
        return float(found)

    def global_states():
        name, keys, *rest = np.random.get_state()
        states = torch.random.get_rng_state().tolist(), (name, keys.tolist(), *rest), random.getstate()
        return dict(zip(("PyTorch", "NumPy", "Python"), states, strict=True))

    # One boolean tells little, so these questions are asked for several widths.
    types, same, other, changed = {}, {}, {}, {}
    for width in range(2, 8):
        before = global_states()
        first = {each: of(9, width, 3, each) for each in sorted({0, seed + 1})}
        after = global_states()
        for library, state in before.items():
            changed[f"{library}, d_head={width}"] = after[library] != state
        torch.rand(7), np.random.rand(3), random.random()  # what was drawn before a call must not matter
        for each, number in first.items():
            same[f"seed={each}, d_head={width}"] = of(9, width, 3, each) == number
        other[f"d_head={width}"] = of(9, width, 3, seed) != first[seed + 1]
    found = of(24, 6, 150, seed)
    of_few = {
        pairs: statistics.mean(of(24, 6, pairs, seed + number) for number in range(30)) / 0.2021 for pairs in (2, 3)
    }
    # Where the stream has one dimension, each score is 1, and so is every mean of scores. A ratio of two means is not.
    lines = {
        f"samples={pairs}, d_head={width}": "1" if abs(of(1, width, pairs, seed) - 1) < 1e-3 else "not 1"
        for pairs in (2, 3, 5)
        for width in (1, 3, 8)
    }
    singles = [of(24, 12, 1, seed + number) for number in range(500)]
    spread = statistics.stdev(singles)
    return {
        "types": types,
        "one_pair_between_0_and_1": all(0 < score <= 1 for score in singles),
        "mean": near(found / 0.2021, 0.9, 1.1),
        "times_too_high": [bound for bound in (1.5, 3.5, 10.0) if found > bound * 0.2021],
        **{f"mean_of_{pairs}_pairs": near(ratio, 0.85, 1.15) for pairs, ratio in of_few.items()},
        **{
            f"mean_of_{pairs}_pairs_times_too_high": [bound for bound in (1.3, 1.75, 2.25) if ratio > bound]
            for pairs, ratio in of_few.items()
        },
        "mean_where_the_head_width_is_1": near(of(40, 1, 1000, seed) / 0.12695, 0.88, 1.12),
        "mean_where_d_model_is_1": lines,
        "spread_of_single_pairs": near(spread, 0.0149, 0.0212),
        "spread_far_too_high": spread > 0.029,
        "mean_is_that_of_one_pair": abs(found - of(24, 6, 1, seed)) < 1e-6,
        "same_seed_same_number": same,
        "other_seed_other_number": other,
        "global_random_states_changed": changed,
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
        for scaled in ("scaled", "very_small"):
            same = np.allclose(found["as_they_are"][kind], found[scaled][kind], rtol=1e-3)
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


@pytest.mark.supporting  # the answer is the same, whatever the seed is
@pytest.mark.points(2)
def test_random_baseline(compare, seed):
    """The mean score of random pairs: near the expected one, the same for the same seed, no trace in global states."""
    compare(on_random_baseline, seed=seed)
