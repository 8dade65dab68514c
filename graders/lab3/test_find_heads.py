"""Grader of `find_heads`."""

import numpy as np
import pytest


def with_types(found):
    """The list as it is, and what its pairs and numbers are: a list of two or a NumPy integer looks the same as data."""
    kinds = {f"{type(pair).__name__} of {type(number).__name__}" for pair in found for number in pair}
    return {"heads": found, "pairs": sorted(kinds)}


def on_random_scores(exercise, bench, *, layers, heads, threshold, seed):
    found = exercise.find_heads(bench.normal(layers, heads, seed=seed), threshold)
    return with_types(found) if are_pairs(found) else found


def are_pairs(found):
    return isinstance(found, list) and all(isinstance(pair, tuple | list) for pair in found)


def on_given_scores(exercise, bench, *, scores, threshold):
    import torch

    return exercise.find_heads(torch.tensor(scores, dtype=bench.dtype, device=bench.device), threshold)


def on_course_model(exercise, bench, *, batch, half, seed):
    """How sharply each head of the course model attends, and a threshold in the widest gap between two heads."""
    patterns = bench.patterns(bench.repeated_tokens(batch=batch, half=half, seed=seed))
    sharpness = patterns.amax(dim=-1).mean(dim=(1, 3))
    ordered = sharpness.flatten().sort().values
    widest = int(ordered.diff().argmax())
    threshold = float(ordered[widest : widest + 2].mean())
    return {
        "heads": exercise.find_heads(sharpness.clone(), threshold),
        "scores": sharpness,
        "threshold": threshold,
    }


def on_shapes_of_all_kinds(exercise, bench, *, shapes):
    """What is raised for scores of some shapes. The first one is possible."""
    raised, given = {}, []
    for shape in shapes:
        try:
            given.append(exercise.find_heads(bench.normal(*shape, seed=0), 0.0))
            found = "nothing"
        except ValueError:
            found = "ValueError"
        except NotImplementedError:
            raise
        except Exception as error:
            found = type(error).__name__
        raised[f"scores of shape {shape}"] = found
    return {"raised": raised, "result": given[0] if given else None}


def pairs(found):
    """The learner's list, once it is sure to be one of pairs of integers."""
    assert isinstance(found, list | tuple), f"the result should be a list, and is a {type(found).__name__}"
    for pair in found:
        is_pair = isinstance(pair, list | tuple) and len(pair) == 2 and all(type(number) is int for number in pair)
        assert is_pair, f"each head should be a tuple (layer, head) of Python integers, and one is {pair!r}"
    return [tuple(pair) for pair in found]


@pytest.mark.points(2)
def test_on_random_scores(compare, seed):
    """Random scores, also negative ones: the right heads as tuples of Python integers, the highest score first."""
    for layers, heads in [(3, 5), (4, 2), (2, 12), (12, 3)]:
        compare(on_random_scores, layers=layers, heads=heads, threshold=0.125, seed=seed)


@pytest.mark.points(1)
def test_ties_and_threshold(compare):
    """Equal scores come in the order of layer and head, nearly equal ones do not; a score equal to the threshold is out."""
    scores = [[0.5, 0.75, 0.5, 0.25], [0.25, 0.75, 0.5, 1.0], [0.5, 0.125, 0.75, 0.25]]
    found = compare(on_given_scores, scores=scores, threshold=0.375)
    assert len(found) == 8, "eight of these heads are above 0.375"
    found = pairs(compare(on_given_scores, scores=scores, threshold=0.5))
    assert found == [(1, 3), (0, 1), (1, 1), (2, 2)], "above 0.5 are (1, 3) with 1.0, then three heads with 0.75 each"
    compare(on_given_scores, scores=[[0.5, 0.5], [0.5, 0.5], [0.5, 0.5]], threshold=0.25)
    a_little = 2**-20  # sixteen times what float32 rounds here
    close = [[0.5, 0.5 + 2 * a_little, 0.5 - a_little], [0.5, 0.5 + a_little, 0.25 + a_little]]
    found = pairs(compare(on_given_scores, scores=close, threshold=0.25))
    assert found == [(0, 1), (1, 1), (0, 0), (1, 0), (0, 2), (1, 2)], (
        "scores that differ, if only a little, are not equal"
    )
    # Scores may be small numbers. Twice what is far apart, in units of a millionth of a millionth.
    for unit in (1.0, 2**-40):
        small = [[number * unit for number in row] for row in ([1.0, 5.0, 3.0, 2.0, 0.0], [4.0, -2.0, 1.0, 0.5, 7.0])]
        for threshold in (0.0, 1.5 * unit):
            compare(on_given_scores, scores=small, threshold=threshold)


@pytest.mark.points(1)
def test_none_and_all(compare):
    """No head above the threshold: an empty list. A negative threshold, zeros. Scores that are no map: a ValueError."""
    for seed in (1, 2, 3):
        compare(on_random_scores, layers=12, heads=9, threshold=9.0, seed=seed)
    nothing = compare(on_given_scores, scores=[[0.25, 0.5, -0.375]], threshold=0.625)
    assert len(nothing) == 0, "no head is above 0.625, so the list should be empty"
    scores = [[-0.25, -0.75, -0.5], [-1.25, 0.0, -0.875], [0.0, 0.375, -1.0]]
    found = pairs(compare(on_given_scores, scores=scores, threshold=-1.0))
    expected = [(2, 1), (1, 1), (2, 0), (0, 0), (0, 2), (0, 1), (1, 2)]
    assert found == expected, "all heads but (1, 0) and (2, 2) are above -1"
    found = pairs(compare(on_given_scores, scores=scores, threshold=0.0))
    assert found == [(2, 1)], "only (2, 1) is above 0: a score of 0 is not"
    one_axis = [[5], [1], [2], [4], [7], [12]]
    more_axes = [[2, 3, 4], [2, 3, 1], [1, 2, 3], [1, 1, 2], [4, 2, 2], [2, 3, 1, 2]]
    compare(on_shapes_of_all_kinds, shapes=[[2, 3], *one_axis, *more_axes, []])


@pytest.mark.points(1)
@pytest.mark.needs(context=21)
def test_on_course_model(compare, seed):
    """The heads of the course model that attend most sharply, on repeated random tokens."""
    found = compare(on_course_model, batch=2, half=10, seed=seed)
    heads, scores, threshold = pairs(found["heads"]), found["scores"], found["threshold"]
    expected = {(int(layer), int(head)) for layer, head in np.argwhere(scores > threshold)}
    missing, extra = sorted(expected - set(heads)), sorted(set(heads) - expected)
    assert not missing, f"above the threshold of {threshold:.3f}, but not in your list: {missing[:5]}"
    assert not extra, f"in your list, but not a head above the threshold of {threshold:.3f}: {extra[:5]}"
    assert len(heads) == len(expected), "a head is in your list more than once"
    listed = [float(scores[pair]) for pair in heads]
    assert listed == sorted(listed, reverse=True), "the highest score should come first"
