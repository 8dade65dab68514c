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


def of_sure_predictions(exercise, bench, *, right):
    """Zeros and ones: right everywhere, or wrong in one place."""
    import torch

    happened = torch.tensor([True, False, True, False], device=bench.device)
    predicted = happened.to(bench.dtype)
    if not right:
        predicted[2] = 0
    return {"brier": exercise.brier_score(predicted, happened), "log": exercise.log_score(predicted, happened)}


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


def of_one_outcome(exercise, bench, *, happens, seed):
    """All events happen, or none."""
    predicted, happened = a_map(bench, [3, 2], seed)
    return exercise.predict_then_look(predicted, happened | True if happens else happened & False, 4)


def of_the_small_example(exercise, bench):
    import torch

    predicted = torch.tensor([0.8, 0.8, 0.2, 0.2], dtype=bench.dtype, device=bench.device)
    happened = torch.tensor([True, False, False, False], device=bench.device)
    return exercise.predict_then_look(predicted, happened, 2)


def refused(exercise, bench):
    """What may not be, each by itself; and probabilities of 0 or 1, which may."""
    predicted, happened = a_map(bench, [3, 2], 5)
    below, above = predicted.clone(), predicted.clone()
    below[1, 1], above[2, 0] = -0.125, 1.125
    never, surely = predicted.clone(), predicted.clone()
    never[0, 0], surely[0, 1] = 0, 1
    cases = {
        "one row of outcomes": (predicted, happened[:1], 4),
        "one row of predictions": (predicted[:1], happened, 4),
        "turned outcomes": (predicted, happened.T, 4),
        "no prediction": (predicted[:0], happened[:0], 4),
        "a probability below 0": (below, happened, 4),
        "a probability above 1": (above, happened, 4),
        "no bin": (predicted, happened, 0),
        "a probability of 0": (never, happened, 4),
        "a probability of 1": (surely, happened, 4),
        "one bin": (predicted, happened, 1),
        "one prediction": (predicted[:1, :1], happened[:1, :1], 4),
    }
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
    found = compare(of_sure_predictions, right=True)
    assert found["brier"] == 0 and found["log"] == 0, "a prediction that is sure and right everywhere has scores of 0"
    found = compare(of_sure_predictions, right=False)
    assert math.isinf(found["log"]), "a probability of 0 for what then happens costs infinitely much"


@pytest.mark.points(5)
def test_bins(compare, seed):
    """How many predictions each bin holds, their mean, and the share that happened; also at the edges of bins."""
    for shape, n_bins in [([4, 9], 4), ([25], 8), ([2, 3, 2], 16), ([3, 4], 1)]:
        compare(of_bins, shape=shape, n_bins=n_bins, seed=seed)
    for eighths, n_bins in [((8, 7, 6, 3, 2, 0, 2, 4), 4), ((8, 8, 8), 2), ((4, 3, 4, 1, 1), 2), ((0, 0, 1), 8)]:
        compare(of_edges, eighths=eighths, n_bins=n_bins)


@pytest.mark.points(3)
def test_report(compare, seed):
    """All four numbers of a predicted map; the small example of the text; maps in which all happens, or nothing."""
    for shape, n_bins in [([4, 9], 4), ([30], 8), ([3, 4, 3], 2)]:
        compare(of_report, shape=shape, n_bins=n_bins, seed=seed)
    for happens in (True, False):
        found = compare(of_one_outcome, happens=happens, seed=seed)
        assert found["skill"] is None, (
            "where all happens, or nothing, there is nothing to be better than: the skill is None"
        )
    found = compare(of_the_small_example)
    assert np.allclose([found["brier"], found["calibration_error"]], [0.19, 0.25], atol=1e-5), (
        "in the small example the Brier score is 0.19 and the calibration error is 0.25"
    )


@pytest.mark.points(1)
def test_clear_errors(compare):
    """Shapes that differ, no prediction, a probability outside of 0 to 1, and no bin raise a ValueError."""
    compare(refused)
