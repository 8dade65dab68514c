"""Grader of `training_dynamics`. Curves are multiples of 1/8 or 1/64, so that nobody's rounding decides which step it is."""

import pytest


def a_curve(bench, count, seed):
    """Distinct multiples of 1/64 between 0 and 2, in a random order."""
    order = bench.uniform(count, seed=seed).argsort()
    return (order + 1).to(bench.dtype) / 64


def some_steps(bench, count, seed):
    """Rising whole numbers, unevenly spaced: each gap is a power of two, so that rates are exact."""
    gaps = 2 ** bench.integers(0, 6, (count,), seed=seed)
    return [int(step) for step in gaps.cumsum(0)]


def of_the_rise(exercise, bench, *, count, levels, seed):
    steps, scores = some_steps(bench, count, seed), a_curve(bench, count, seed + 1)
    return [exercise.rise_step(steps, scores, level / 64) for level in levels]


def of_curves_that_begin_there(exercise, bench, *, curves, level):
    """Multiples of 1/8 at the steps 3, 5, 7 and so on."""
    import torch

    found = {}
    for values in curves:
        scores = torch.tensor(values, dtype=bench.dtype, device=bench.device) / 8
        found[str(tuple(values))] = exercise.rise_step(list(range(3, 3 + 2 * len(values), 2)), scores, level / 8)
    return found


def of_the_fall(exercise, bench, *, count, seed):
    return exercise.steepest_fall(some_steps(bench, count, seed), a_curve(bench, count, seed + 1))


def of_equal_falls(exercise, bench, *, values):
    """A loss, in eighths, that falls equally fast between several checkpoints, which are two steps apart."""
    import torch

    losses = torch.tensor(values, dtype=bench.dtype, device=bench.device) / 8
    return exercise.steepest_fall(list(range(0, 2 * len(values), 2)), losses)


def of_nearly_equal_falls(exercise, bench, *, curves):
    """Losses of which one fall is a little steeper than another, or that fall a little."""
    return {str(tuple(values)): of_equal_falls(exercise, bench, values=values) for values in curves}


def of_equal_bumps(exercise, bench, *, curves):
    """Losses in eighths, at the steps 0, 2, 4 and so on."""
    import torch

    found = {}
    for values in curves:
        losses = torch.tensor(values, dtype=bench.dtype, device=bench.device) / 8
        found[str(tuple(values))] = exercise.loss_bump(list(range(0, 2 * len(values), 2)), losses)
    return found


def of_monotonous_curves(exercise, bench, *, seed):
    """A loss that only rises, one that only falls, and one that stays."""
    steps, curve = some_steps(bench, 6, seed), a_curve(bench, 6, 0).sort().values
    curves = {"rises": curve, "falls": curve.flip(0), "stays": curve * 0 + 2}
    return {
        name: {"fall": exercise.steepest_fall(steps, each), "bump": exercise.loss_bump(steps, each)}
        for name, each in curves.items()
    }


def of_the_bump(exercise, bench, *, count, seed):
    return exercise.loss_bump(some_steps(bench, count, seed), a_curve(bench, count, seed + 1) + 4)


def of_all_curves(exercise, bench, *, count, layers, heads, level, seed):
    steps = some_steps(bench, count, seed)
    first, second = a_curve(bench, count, seed + 1), a_curve(bench, count, seed + 2)
    scores = a_curve(bench, count * layers * heads, seed + 3).reshape(count, layers, heads) / 4
    return exercise.training_dynamics(steps, first, second, scores, level)


def of_heads_in_turn(exercise, bench):
    """A head of the first layer is an induction head for a while, and later one of the last layer is."""
    import torch

    curve = a_curve(bench, 4, 0)
    scores = torch.zeros(4, 2, 2, dtype=bench.dtype, device=bench.device)
    scores[:, 0, 1] = torch.tensor([0.0, 0.75, 0.25, 0.25])
    scores[:, 1, 0] = torch.tensor([0.0, 0.0, 0.75, 1.0])
    return exercise.training_dynamics([0, 8, 16, 24], curve, curve, scores, 0.5)


def of_the_small_example(exercise, bench):
    import torch

    def real(*values):
        return torch.tensor(values, dtype=bench.dtype, device=bench.device)

    scores = real(0.0, 0.25, 0.75)[:, None, None]
    return exercise.training_dynamics([0, 100, 150], real(6.0, 5.75, 6.0), real(6.0, 5.0, 4.0), scores, 0.5)


def refused(exercise, bench, *, cases):
    outcomes = {}
    for steps in cases:
        curve = a_curve(bench, len(steps), 3)
        try:
            exercise.training_dynamics(steps, curve, curve, curve[:, None, None], 0.1)
            outcomes[str(steps)] = "nothing"
        except ValueError:
            outcomes[str(steps)] = "ValueError"
        except NotImplementedError:
            raise
        except Exception as error:
            outcomes[str(steps)] = type(error).__name__
    return outcomes


#: In eighths, what is small, and larger than anybody's rounding.
SMALL = 2.0**-14


@pytest.mark.points(3)
def test_rise(compare, seed):
    """The step at which a curve reaches a level: between checkpoints, at a checkpoint, from the start, and never."""
    curves = [
        (2, 1, 4),
        (3, 1, 1),
        (4, 3, 2, 5),
        (1, 2, 0, 3),
        (0, 1, 2, 1, 4),
        (2, 2, 3),
        (6, 5, 7),
        (1, 1, 2),
        (5, 1, 2),
    ]
    compare(of_curves_that_begin_there, curves=curves, level=2)
    below = 2 - SMALL
    nearly = [(1, below, 0), (below, 1, 1), (0, 1, below, 1), (below, 1, 3), (1, below, 0, 4), (below, below, 0, 0, 3)]
    compare(of_curves_that_begin_there, curves=nearly, level=2)
    for count, levels in [(9, [0.5, 3, 5.5, 7.25, 9, 10]), (2, [1, 1.5, 2.5]), (14, [4.5, 8, 13.5])]:
        compare(of_the_rise, count=count, levels=levels, seed=seed)


@pytest.mark.points(2)
def test_fall(compare, seed):
    """The neighbours between which a loss falls most per step."""
    for count in (12, 7, 20):
        compare(of_the_fall, count=count, seed=seed)
    for values in [(9, 8, 5, 6, 3, 3), (7, 5, 3)]:
        compare(of_equal_falls, values=values)
    curves = [(9, 8, 7 - SMALL, 7), (9, 9, 6, 6, 3 - SMALL), (5, 5, 5 - SMALL, 6), (7, 5, 6, 6, 4 - SMALL)]
    compare(of_nearly_equal_falls, curves=curves)
    compare(of_monotonous_curves, seed=seed)


@pytest.mark.points(2)
def test_bump(compare, seed):
    """The largest height above the lowest value so far, and its step."""
    for count in (12, 7, 20):
        compare(of_the_bump, count=count, seed=seed)
    curves = [(5, 7, 4, 6 + SMALL, 3), (9, 8, 9, 7, 8 + SMALL), (2, 3, 3 + SMALL), (5, 5 + SMALL, 4), (3, 3, 3 + SMALL)]
    compare(of_equal_bumps, curves=curves)


@pytest.mark.points(2)
def test_all_curves(compare, seed):
    """All three answers from the curves of a run; the small example of the text."""
    for count, layers, heads, level in [(12, 2, 2, 0.12), (8, 2, 3, 0.15), (11, 1, 4, 0.1), (5, 3, 2, 2.0)]:
        compare(of_all_curves, count=count, layers=layers, heads=heads, level=level, seed=seed)
    compare(of_heads_in_turn)
    found = compare(of_the_small_example)
    assert found["rise"] == 125, "in the example the score passes 0.5 half of the way from step 100 to step 150"
    assert list(found["fall"]) == [100, 150], "in the example the loss falls fastest between the steps 100 and 150"


@pytest.mark.points(1)
def test_clear_errors(compare):
    """One checkpoint, or steps that do not rise, raise a ValueError; two that rise do not."""
    # Each clause in six cases, so that one which is left out can be told from others.
    one, none = [[5], [0], [1], [7], [100], [2500]], []
    equal = [[3, 3, 4], [1, 1], [0, 2, 2], [1, 2, 4, 4], [5, 8, 8, 9], [0, 0, 1]]
    falling = [[1, 5, 4], [2, 1], [0, 4, 3], [1, 2, 8, 6], [9, 7, 5], [3, 2, 4]]
    compare(refused, cases=[none, *one, *equal, *falling, [0, 1]])
