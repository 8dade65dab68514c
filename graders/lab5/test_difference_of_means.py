"""Grader of `difference_of_means`."""

import numpy as np
import pytest

#: What is said of a tensor that was handed over. A sentence tells more than a boolean.
KEPT = "as it was before the call"


def kept_or_changed(before, now):
    return KEPT if bool((before == now).all()) else "changed by the call"


def of_random_sets(exercise, bench, *, positive, negative, d, offset, seed):
    """Two sets of unequal size, far from zero."""
    first = bench.normal(positive, d, seed=seed) + offset
    second = 2 * bench.normal(negative, d, seed=seed + 1)
    return exercise.difference_of_means(first, second)


def of_project_out(exercise, bench, *, shape, length, seed):
    """The projection, and whether the activations given are still what they were."""
    activations, direction = bench.normal(*shape, seed=seed), length * bench.normal(shape[-1], seed=seed + 1)
    before = activations.clone()
    try:
        found = exercise.project_out(activations, direction)
    except ValueError:  # with a message of the learner's own, which says nothing here
        found = "a ValueError, although the direction is not zero"
    return {"projected": found, "activations given": kept_or_changed(before, activations)}


def of_the_small_example(exercise, bench):
    import torch

    def real(values):
        return torch.tensor(values, dtype=bench.dtype, device=bench.device)

    direction = exercise.difference_of_means(real([[4.0, 5], [2, 3]]), real([[0.0, 0]]))
    return {"direction": direction, "projected": exercise.project_out(real([5.0, 0]), real([3.0, 4]))}


def refused(exercise, bench, *, sizes):
    """Empty sets and directions of zeros, each by itself; and directions that are fine: with some zeros, very short, with the sum 0.

    Each in several sizes, so that a clause which is left out can be told from others.
    """
    calls = {}
    for rows, d in sizes:
        full, none, zero = bench.normal(rows, d, seed=0), bench.normal(0, d, seed=0), bench.normal(d, seed=0) * 0
        sparse, balanced = zero.clone(), zero.clone()
        sparse[d // 2] = 1.5
        balanced[0], balanced[-1] = 2, -2
        balanced[1:-1] += 1 - 2 * (d % 2)
        balanced[1:-1] -= balanced.sum() / (d - 2)
        short = 2.0**-30 * sparse
        calls |= {
            f"no positive, {rows} negative": lambda a=none, b=full: exercise.difference_of_means(a, b),
            f"{rows} positive, no negative": lambda a=full, b=none: exercise.difference_of_means(a, b),
            f"direction of {d} zeros": lambda a=full, b=zero: exercise.project_out(a, b),
            f"direction with {d - 1} zeros": lambda a=full, b=sparse: exercise.project_out(a, b),
            f"a very short direction, {d} entries": lambda a=full, b=short: exercise.project_out(a, b),
            f"direction of {d} entries that add up to zero": lambda a=full, b=balanced: exercise.project_out(a, b),
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
    return {"stream": found, "what_the_blocks_saw": seen, "stream given": kept_or_changed(before, stream)}


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
    for shape, length in [
        ([2, 3, 6], 1.0),
        ([5, 4], 10.0),
        ([7], 0.1),
        ([2, 2, 3, 5], 3.0),
        ([4, 4], 2.0),
        ([3, 5], 2.0**-30),
    ]:
        found = compare(of_project_out, shape=shape, length=length, seed=seed)
        assert found["activations given"] == KEPT, "`project_out` writes into the activations that it is given"


@pytest.mark.points(3)
def test_stream_without(compare, seed):
    """The direction is projected out in front of every block and behind the last one; also without any block."""
    for blocks, shape in [(3, [2, 5]), (1, [2, 3, 4]), (0, [3, 6]), (5, [7])]:
        found = compare(of_a_stream, blocks=blocks, shape=shape, seed=seed)
        assert found["stream given"] == KEPT, "`stream_without` writes into the stream that it is given"


@pytest.mark.points(1)
def test_clear_errors(compare):
    """An empty set and a direction of zeros raise a ValueError."""
    compare(refused, sizes=[[1, 3], [2, 4], [3, 5], [4, 6], [5, 7], [6, 8]])
