"""Grader of `difference_of_means`."""

import numpy as np
import pytest


def of_random_sets(exercise, bench, *, positive, negative, d, offset, seed):
    """Two sets of unequal size, far from zero."""
    first = bench.normal(positive, d, seed=seed) + offset
    second = 2 * bench.normal(negative, d, seed=seed + 1)
    return exercise.difference_of_means(first, second)


def of_project_out(exercise, bench, *, shape, length, seed):
    """The projection, and whether the activations given are still what they were."""
    activations, direction = bench.normal(*shape, seed=seed), length * bench.normal(shape[-1], seed=seed + 1)
    before = activations.clone()
    found = exercise.project_out(activations, direction)
    return {"projected": found, "activations_unchanged": bool((before == activations).all())}


def of_the_small_example(exercise, bench):
    import torch

    def real(values):
        return torch.tensor(values, dtype=bench.dtype, device=bench.device)

    direction = exercise.difference_of_means(real([[4.0, 5], [2, 3]]), real([[0.0, 0]]))
    return {"direction": direction, "projected": exercise.project_out(real([5.0, 0]), real([3.0, 4]))}


def refused(exercise, bench):
    """Empty sets and a direction of zeros, each given by itself; and directions that are fine: with some zeros, with the sum 0."""
    full, none, zero = bench.normal(3, 4, seed=0), bench.normal(0, 4, seed=0), bench.normal(4, seed=0) * 0
    sparse = zero.clone()
    sparse[2] = 1.5
    balanced = zero.clone()
    balanced[1], balanced[3] = 2.0, -2.0
    calls = {
        "nothing positive": lambda: exercise.difference_of_means(none, full),
        "nothing negative": lambda: exercise.difference_of_means(full, none),
        "direction of zeros": lambda: exercise.project_out(full, zero),
        "direction with some zeros": lambda: exercise.project_out(full, sparse),
        "direction whose entries add up to zero": lambda: exercise.project_out(full, balanced),
    }
    outcomes = {}
    for name, call in calls.items():
        try:
            call()
            outcomes[name] = "nothing"
        except ValueError:
            outcomes[name] = "ValueError"
        except NotImplementedError:
            raise
        except Exception as error:
            outcomes[name] = type(error).__name__
    return outcomes


def of_a_stream(exercise, bench, *, blocks, shape, seed):
    """Blocks that each add something nonlinear, and what they were given."""
    d = shape[-1]
    weights = bench.normal(max(blocks, 1), d, d, seed=seed) / d**0.5
    stream, direction = bench.normal(*shape, seed=seed + 1), 2 * bench.normal(d, seed=seed + 2)
    before, seen = stream.clone(), []

    def block(place):
        def add(x):
            seen.append(x.clone())
            return (x @ weights[place]).tanh() + 0.5

        return add

    found = exercise.stream_without([block(place) for place in range(blocks)], stream, direction)
    return {"stream": found, "what_the_blocks_saw": seen, "stream_unchanged": bool((before == stream).all())}


@pytest.mark.points(3)
def test_direction(compare, seed):
    """The difference of two means, for sets of unequal size; the small example of the text."""
    for positive, negative, d, offset in [(5, 3, 7, 0.0), (2, 9, 4, 3.0), (1, 1, 5, -2.0), (4, 4, 3, 1.0)]:
        compare(of_random_sets, positive=positive, negative=negative, d=d, offset=offset, seed=seed)
    found = compare(of_the_small_example)
    assert np.allclose(found["direction"], [3, 4], atol=1e-4), "the small example's direction is (3, 4)"
    assert np.allclose(found["projected"], [3.2, -2.4], atol=1e-4), "the small example's projection is (3.2, -2.4)"


@pytest.mark.points(3)
def test_project_out(compare, seed):
    """The part along the direction is gone, whatever the direction's length and the axes in front are."""
    for shape, length in [([2, 3, 6], 1.0), ([5, 4], 10.0), ([7], 0.1), ([2, 2, 3, 5], 3.0), ([4, 4], 2.0)]:
        found = compare(of_project_out, shape=shape, length=length, seed=seed)
        assert found["activations_unchanged"], "`project_out` writes into the activations that it is given"


@pytest.mark.points(3)
def test_stream_without(compare, seed):
    """The direction is projected out in front of every block and behind the last one; also without any block."""
    for blocks, shape in [(3, [2, 5]), (1, [2, 3, 4]), (0, [3, 6]), (5, [7])]:
        found = compare(of_a_stream, blocks=blocks, shape=shape, seed=seed)
        assert found["stream_unchanged"], "`stream_without` writes into the stream that it is given"


@pytest.mark.points(1)
def test_clear_errors(compare):
    """An empty set and a direction of zeros raise a ValueError."""
    compare(refused)
