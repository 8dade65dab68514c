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


def on_sizes_of_all_kinds(exercise, bench, *, sizes):
    """What is raised for some numbers of queries and keys, and halves. The first ones are possible."""
    raised, given = {}, []
    for queries, keys, half in sizes:
        try:
            found = exercise.induction_scores(bench.uniform(2, 3, 4, queries, keys, seed=0), half)
            if not hasattr(found, "shape"):  # no tensor, as the other checks say: nothing is learned by asking again
                return {"raised": raised, "result": type(found).__name__}
            given.append(list(found.shape))
            result = "nothing"
        except ValueError:
            result = "ValueError"
        except NotImplementedError:
            raise
        except Exception as error:
            result = type(error).__name__
        raised[f"{queries} queries, {keys} keys, half={half}"] = result
    return {"raised": raised, "result": given[0] if given else None}


@pytest.mark.points(3)
def test_on_random_patterns(compare, seed):
    """Random attention patterns, in several asymmetric shapes and with several lengths of the half."""
    for layers, batch, heads, half in [(2, 3, 4, 5), (1, 2, 3, 8), (12, 5, 2, 3), (3, 1, 5, 6), (2, 2, 3, 1)]:
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
@pytest.mark.needs(context=41)
def test_on_course_model(compare, seed):
    """The attention patterns of the course model on repeated random tokens, with halves of several lengths."""
    for batch, half in [(3, 20), (2, 9)]:
        scores = compare(on_course_model, batch=batch, half=half, seed=seed)
        assert np.all((scores >= 0) & (scores <= 1 + 1e-5)), "a mean of attention weights is between 0 and 1"


@pytest.mark.points(1)
def test_clear_errors(compare):
    """A half that does not fit the queries, or the keys, raises a ValueError; one that fits does not."""
    possible = [(11, 11, 5), (3, 3, 1)]
    impossible = [
        (11, 11, 4),
        (11, 11, 6),
        (11, 11, 1),
        (13, 13, 5),
        (13, 13, 4),
        (9, 9, 3),
        (7, 7, 2),
        (10, 10, 5),
        (12, 12, 5),
    ]
    # One axis fits and the other does not: several times each, so that a check of one axis alone can be told from others.
    other_keys = [(11, 13, 5), (11, 9, 5), (11, 12, 5), (7, 9, 3), (5, 6, 2), (9, 12, 4), (3, 7, 1), (7, 8, 3)]
    impossible += other_keys + [(keys, queries, half) for queries, keys, half in other_keys]
    compare(on_sizes_of_all_kinds, sizes=possible + impossible)
