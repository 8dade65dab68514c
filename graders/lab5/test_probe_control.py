"""Grader of `probe_control`. Tokens are drawn in float64, so that nobody's rounding decides which class is the largest."""

import pytest


def some_tokens(bench, tokens, words, d, n_classes, seed, world):
    """Activations of a word, a class and noise, far from zero; the classes are not equally frequent."""
    which = bench.integers(0, words, (tokens,), seed=seed)
    drawn = bench.integers(0, n_classes, (2, tokens), seed=seed + 1)
    labels = drawn.min(dim=0).values
    vectors, classes = bench.normal(words, d, seed=world), bench.normal(n_classes, d, seed=world + 1)
    noise = bench.normal(tokens, d, seed=seed + 2)
    return (vectors[which] + 0.6 * classes[labels] + 0.5 * noise + 2).double(), labels, which


def of_a_fit(exercise, bench, *, tokens, d, n_classes, ridge, missing, seed):
    """Weights and bias, for labels of which the last class may be missing."""
    activations, labels, _ = some_tokens(bench, tokens, 4, d, n_classes - missing, seed, seed + 7)
    # Of one class alone the weights are 0, and whoever computes them otherwise finds other rounding in their place.
    labels[0] = (labels[0] + (labels == labels[0]).all()) % (n_classes - missing)
    weights, bias = exercise.fit_probe(activations.to(bench.dtype), labels, n_classes, ridge)
    return {"weights": weights, "bias": bias}


def of_both_types(exercise, bench, *, seed):
    activations, labels, _ = some_tokens(bench, 12, 4, 3, 2, seed, seed + 7)
    found = {"float32": activations.float(), "float64": activations}
    return {name: str(exercise.fit_probe(x, labels, 2, 0.1)[0].dtype) for name, x in found.items()}


def of_two_tasks(exercise, bench, *, train, test, words, d, n_classes, ridge, seed):
    first = some_tokens(bench, train, words, d, n_classes, seed, seed + 20)
    second = some_tokens(bench, test, words, d, n_classes, seed + 10, seed + 20)
    control = bench.integers(0, n_classes, (words,), seed=seed + 30)
    return exercise.probe_control(*first, *second, control, n_classes, ridge)


def of_one_task_twice(exercise, bench, *, seed):
    """The label is the class that was drawn for the word: both tasks are the same."""
    x, _, words = some_tokens(bench, 60, 9, 5, 3, seed, seed + 20)
    y, _, others = some_tokens(bench, 40, 9, 5, 3, seed + 10, seed + 20)
    control = bench.integers(0, 3, (9,), seed=seed + 30)
    return exercise.probe_control(x, control[words], words, y, control[others], others, control, 3, 0.1)


def refused(exercise, bench, *, ridges, widths):
    """What is raised for each ridge and width: several of each, so that a clause which is left out can be told from others."""
    outcomes = {}
    for ridge in ridges:
        for d in widths:
            activations, labels, _ = some_tokens(bench, 12, 3, d, 2, 0, 5)
            try:
                exercise.fit_probe(activations, labels, 2, ridge)
                found = "nothing"
            except ValueError:
                found = "ValueError"
            except NotImplementedError:
                raise
            except Exception as error:
                found = type(error).__name__
            outcomes[f"ridge={ridge}, d={d}"] = found
    return outcomes


@pytest.mark.points(4)
def test_fit_probe(compare, seed):
    """Weights and bias of the probe, for several shapes and strengths, and where a class is missing."""
    for tokens, d, n_classes, ridge, missing in [
        (20, 5, 3, 0.1, 0),
        (30, 4, 2, 2.0, 0),
        (16, 6, 4, 0.5, 1),
        (5, 8, 2, 0.3, 0),
    ]:
        compare(of_a_fit, tokens=tokens, d=d, n_classes=n_classes, ridge=ridge, missing=missing, seed=seed)
    compare(of_both_types, seed=seed)


@pytest.mark.points(4)
def test_two_tasks(compare, seed):
    """Accuracy, accuracy on the control task, and their difference, on held-out tokens."""
    for train, test, words, d, n_classes, ridge in [
        (60, 48, 12, 6, 3, 0.2),
        (40, 90, 16, 5, 4, 0.05),
        (90, 60, 20, 10, 2, 0.5),
    ]:
        compare(of_two_tasks, train=train, test=test, words=words, d=d, n_classes=n_classes, ridge=ridge, seed=seed)


@pytest.mark.points(1)
def test_one_task_twice(compare, seed):
    """Where the label is the control task's own class, the selectivity is 0."""
    found = compare(of_one_task_twice, seed=seed)
    assert abs(found["selectivity"]) < 1e-6, "both tasks are the same here, so the selectivity is 0"


@pytest.mark.points(1)
def test_clear_errors(compare):
    """A ridge of 0 or below raises a ValueError; a small one above 0 does not."""
    compare(refused, ridges=[0.0, -0.5, 0.01], widths=[1, 2, 3, 4, 5, 6])
