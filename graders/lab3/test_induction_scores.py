"""Grader of `induction_scores`."""

import numpy as np
import pytest


def on_random_patterns(exercise, bench, *, layers, batch, heads, half, seed):
    pos = 1 + 2 * half
    return exercise.induction_scores(bench.pattern(layers, batch, heads, pos, pos, seed=seed), half)


def on_simple_heads(exercise, bench, *, batch, half):
    """Six heads that look at one place each, or everywhere; where there is no such place, they look at BOS."""
    import torch

    pos = 1 + 2 * half
    second = range(half + 1, pos)
    looks_at = [
        {query: query - half + 1 for query in second},  # L0H0: induction
        {query: query - half for query in second},  # L0H1: duplicate token
        {query: query - 1 for query in range(1, pos)},  # L0H2: previous token
        {},  # L1H0: BOS
    ]
    pattern = torch.zeros(6, pos, pos, dtype=bench.dtype, device=bench.device)
    for head, keys in enumerate(looks_at):
        for query in range(pos):
            pattern[head, query, keys.get(query, 0)] = 1
    for query in range(pos):
        pattern[4, query, : query + 1] = 1 / (query + 1)  # L1H1: everywhere
    pattern[5] = (pattern[0] + pattern[3]) / 2  # L1H2: half induction, half BOS
    stacked = pattern.reshape(2, 1, 3, pos, pos).repeat(1, batch, 1, 1, 1)
    return exercise.induction_scores(stacked, half)


def on_a_batch_and_its_parts(exercise, bench, *, layers, batch, heads, half, seed):
    pos = 1 + 2 * half
    pattern = bench.pattern(layers, batch, heads, pos, pos, seed=seed)
    return {
        "together": exercise.induction_scores(pattern, half),
        "one_by_one": [exercise.induction_scores(pattern[:, [row]], half) for row in range(batch)],
    }


def on_course_model(exercise, bench, *, batch, half, seed):
    tokens = bench.repeated_tokens(batch=batch, half=half, seed=seed)
    return exercise.induction_scores(bench.patterns(tokens), half)


def on_a_half_that_does_not_fit(exercise, bench, *, true_half, half):
    pos = 1 + 2 * true_half
    try:
        exercise.induction_scores(bench.pattern(2, 3, 4, pos, pos, seed=0), half)
    except ValueError:
        return {"raised": "ValueError"}
    except NotImplementedError:
        raise
    except Exception as error:
        return {"raised": type(error).__name__}
    return {"raised": "nothing"}


@pytest.mark.points(3)
def test_on_random_patterns(compare, seed):
    """Random attention patterns, in several asymmetric shapes and with several lengths of the half."""
    for layers, batch, heads, half in [(2, 3, 4, 5), (1, 2, 3, 8), (4, 5, 2, 3), (3, 1, 5, 6)]:
        scores = compare(on_random_patterns, layers=layers, batch=batch, heads=heads, half=half, seed=seed)
        assert np.all((scores >= 0) & (scores <= 1 + 1e-5)), "a mean of attention weights is between 0 and 1"


@pytest.mark.points(3)
def test_on_simple_heads(compare):
    """Heads whose score is known: a pure induction head has 1, one that is half induction 0.5, other simple heads 0."""
    for batch, half in [(2, 6), (3, 3)]:
        scores = compare(on_simple_heads, batch=batch, half=half)
        everywhere = np.mean([1 / (query + 1) for query in range(half + 1, 2 * half + 1)])
        expected = np.array([[1, 0, 0], [0, everywhere, 0.5]])
        assert np.allclose(scores, expected, atol=1e-4), (
            "the heads are, in layer 0: induction, duplicate token, previous token; in layer 1: BOS only, all "
            f"positions evenly, half induction and half BOS. Their scores should be {expected.round(3).tolist()}"
        )


@pytest.mark.points(1)
def test_mean_over_the_batch(compare, seed):
    """The score of a batch is the mean of the scores of its sequences."""
    found = compare(on_a_batch_and_its_parts, layers=2, batch=4, heads=3, half=5, seed=seed)
    parts = np.mean(found["one_by_one"], axis=0)
    assert np.allclose(found["together"], parts, atol=1e-5), "the batch's score is not the mean over its sequences"


@pytest.mark.points(2)
def test_on_course_model(compare, seed):
    """The attention patterns of the course model on repeated random tokens, with halves of several lengths."""
    for batch, half in [(3, 20), (2, 9)]:
        scores = compare(on_course_model, batch=batch, half=half, seed=seed)
        assert np.all((scores >= 0) & (scores <= 1 + 1e-5)), "a mean of attention weights is between 0 and 1"


@pytest.mark.points(1)
def test_clear_errors(compare):
    """A half that does not fit the pattern raises a ValueError."""
    for true_half, half in [(5, 4), (5, 6)]:
        compare(on_a_half_that_does_not_fit, true_half=true_half, half=half)
