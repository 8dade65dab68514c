"""Grader of `predict_then_look`. Predictions are multiples of 1/64 and bins a power of two, so that edges are exact."""

import math

import numpy as np
import pytest


def a_map(bench, shape, seed, *, sure=False):
    """Probabilities and outcomes. Every fourth outcome goes against a coin that the probability weighs."""
    steps = bench.integers(0 if sure else 3, 65 if sure else 62, shape, seed=seed)
    coins = bench.integers(0, 64, shape, seed=seed + 1)
    against = bench.integers(0, 4, shape, seed=seed + 2) == 0
    return steps.to(bench.dtype) / 64, (coins < steps) ^ against


def of_scores(exercise, bench, *, shape, seed):
    predicted, happened = a_map(bench, shape, seed)
    return {"brier": exercise.brier_score(predicted, happened), "log": exercise.log_score(predicted, happened)}


def of_sure_predictions(exercise, bench):
    """Zeros and ones that are right everywhere."""
    import torch

    happened = torch.tensor([True, False, True, False], device=bench.device)
    predicted = happened.to(bench.dtype)
    return {"brier": exercise.brier_score(predicted, happened), "log": exercise.log_score(predicted, happened)}


def of_one_sure_mistake(exercise, bench, *, count):
    """Zeros and ones that are wrong in one place, each place in turn: what kind of number the log score is."""
    import torch

    happened = torch.arange(count, device=bench.device) % 2 == 0
    found = {}
    for place in range(count):
        predicted = happened.to(bench.dtype)
        predicted[place] = 1 - predicted[place]
        score = exercise.log_score(predicted, happened)
        kind = "infinite" if score == math.inf else "finite" if math.isfinite(score) else "not a number, or below 0"
        found[f"log score with a mistake at place {place}"] = kind
    return found


def of_bins(exercise, bench, *, shape, n_bins, seed):
    predicted, happened = a_map(bench, shape, seed, sure=True)
    return exercise.calibration_bins(predicted, happened, n_bins)


def of_edges(exercise, bench, *, eighths, n_bins):
    """Probabilities on the edges of bins, in eighths; every second event happens."""
    import torch

    predicted = torch.tensor(eighths, dtype=bench.dtype, device=bench.device) / 8
    happened = torch.arange(len(eighths), device=bench.device) % 2 == 0
    return exercise.calibration_bins(predicted, happened, n_bins)


def of_report(exercise, bench, *, shape, n_bins, seed):
    return exercise.predict_then_look(*a_map(bench, shape, seed), n_bins)


def of_one_outcome(exercise, bench, *, shapes, seed):
    """All events happen, or none, in maps of several shapes."""
    found = {}
    for shape in shapes:
        predicted, happened = a_map(bench, shape, seed)
        for name, all_of_them in (("all happens", happened | True), ("nothing happens", happened & False)):
            found[f"{name}, {shape}"] = exercise.predict_then_look(predicted, all_of_them, 4)
    return found


def of_a_rare_event(exercise, bench, *, shapes, seed):
    """One of many events happens: the skill."""
    found = {}
    for shape in shapes:
        predicted, happened = a_map(bench, shape, seed)
        rare = happened & False
        rare.view(-1)[len(shape)] = True
        found[str(shape)] = exercise.predict_then_look(predicted, rare, 4)["skill"]
    return found


def of_the_small_example(exercise, bench):
    import torch

    predicted = torch.tensor([0.8, 0.8, 0.2, 0.2], dtype=bench.dtype, device=bench.device)
    happened = torch.tensor([True, False, False, False], device=bench.device)
    return exercise.predict_then_look(predicted, happened, 2)


def refused(exercise, bench, *, shapes):
    """What may not be, each by itself and in several sizes; and probabilities of 0 or 1, which may."""
    cases = {}
    for rows, columns in shapes:
        predicted, happened = a_map(bench, [rows, columns], 5)
        below, above = predicted.clone(), predicted.clone()
        below[rows - 1, 0], above[0, columns - 1] = -0.125, 1.125
        little_below, little_above = predicted.clone(), predicted.clone()
        little_below[0, 0], little_above[rows - 1, 0] = -(2**-20), 1 + 2**-20
        never, surely = predicted.clone(), predicted.clone()
        never[0, 0], surely[0, columns - 1] = 0, 1
        several = {
            "one row of outcomes": (predicted, happened[:1], 4),
            "one row of predictions": (predicted[:1], happened, 4),
            "turned outcomes": (predicted, happened.T, 4),
            "outcomes in a row": (predicted, happened.flatten(), 4),
            "no prediction": (predicted[:0], happened[:0], 4),
            "a probability below 0": (below, happened, 4),
            "a probability above 1": (above, happened, 4),
            "a probability a little below 0": (little_below, happened, 4),
            "a probability a little above 1": (little_above, happened, 4),
            "no bin": (predicted, happened, 0),
            "fewer bins than none": (predicted, happened, -2),
            "a probability of 0": (never, happened, 4),
            "a probability of 1": (surely, happened, 4),
            "one bin": (predicted, happened, 1),
            "one prediction": (predicted[:1, :1], happened[:1, :1], 4),
        }
        cases |= {f"{name}, {rows} x {columns}": case for name, case in several.items()}
    outcomes = {}
    for name, case in cases.items():
        try:
            exercise.predict_then_look(*case)
            outcomes[name] = "nothing"
        except ValueError:
            outcomes[name] = "ValueError"
        except NotImplementedError:
            raise
        except Exception as error:
            outcomes[name] = type(error).__name__
    return outcomes


@pytest.mark.points(5)
def test_scores(compare, seed):
    """Brier score and log score of maps of several shapes."""
    for shape in ([9], [3, 5], [2, 3, 4], [1]):
        compare(of_scores, shape=shape, seed=seed)


@pytest.mark.points(1)
def test_sure_predictions(compare):
    """Sure and right everywhere costs nothing; sure and wrong in one place costs infinitely much in the log score."""
    found = compare(of_sure_predictions)
    assert found["brier"] == 0 and found["log"] == 0, "a prediction that is sure and right everywhere has scores of 0"
    found = compare(of_one_sure_mistake, count=6)
    assert set(found.values()) == {"infinite"}, "a probability of 0 for what then happens costs infinitely much"


@pytest.mark.points(5)
def test_bins(compare, seed):
    """How many predictions each bin holds, their mean, and the share that happened; also at the edges of bins."""
    for shape, n_bins in [([4, 9], 4), ([25], 8), ([2, 3, 2], 16), ([3, 4], 1)]:
        compare(of_bins, shape=shape, n_bins=n_bins, seed=seed)
    for eighths, n_bins in [((8, 7, 6, 3, 2, 0, 2, 4), 4), ((8, 8, 8), 2), ((4, 3, 4, 1, 1), 2), ((0, 0, 1), 8)]:
        compare(of_edges, eighths=eighths, n_bins=n_bins)
    little = 2**-15
    for eighths, n_bins in [((2 - little, 2, 4 - little, 1, 6 - little), 4), ((4 - little, 1, 5, 8 - little), 2)]:
        compare(of_edges, eighths=eighths, n_bins=n_bins)


@pytest.mark.points(3)
def test_report(compare, seed):
    """All four numbers of a predicted map; the small example of the text; maps in which all happens, or nothing."""
    for shape, n_bins in [([4, 9], 4), ([30], 8), ([3, 4, 3], 2)]:
        compare(of_report, shape=shape, n_bins=n_bins, seed=seed)
    found = compare(of_one_outcome, shapes=[[3, 2], [4], [2, 2, 2]], seed=seed)
    assert all(each["skill"] is None for each in found.values()), (
        "where all happens, or nothing, there is nothing to be better than: the skill is None"
    )
    compare(of_a_rare_event, shapes=[[100, 100], [10000], [50, 200], [4, 50, 50], [125, 80], [25, 20, 20]], seed=seed)
    found = compare(of_the_small_example)
    assert np.allclose([found["brier"], found["calibration_error"]], [0.19, 0.25], atol=1e-5), (
        "in the small example the Brier score is 0.19 and the calibration error is 0.25"
    )


@pytest.mark.points(1)
def test_clear_errors(compare):
    """Shapes that differ, no prediction, a probability outside of 0 to 1, and no bin raise a ValueError."""
    compare(refused, shapes=[[3, 2], [2, 3], [4, 3], [3, 5], [2, 4], [5, 2]])
