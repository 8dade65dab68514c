"""Grader of `noising_backup`. A metric is a table with a random entry for each set of heads."""

import numpy as np
import pytest


def a_model(layers, heads):
    """All heads, as (layer, head)."""
    return [(layer, head) for layer in range(layers) for head in range(heads)]


def a_metric(bench, model, seed, shift=0.0):
    """A function from any collection of heads to a number. What it is given must be heads of the model."""
    table = (bench.normal(2 ** len(model), seed=seed) + shift).tolist()
    return lambda heads: table[sum(2 ** model.index(tuple(head)) for head in set(heads))]


def of_shares(exercise, bench, *, layers, heads, sets, shift, seed):
    model = a_model(layers, heads)
    denoised, noised = a_metric(bench, model, seed), a_metric(bench, model, seed + 1, shift)
    return [exercise.patching_shares(denoised, noised, [tuple(head) for head in each]) for each in sets]


def of_gates(exercise, bench):
    """An OR and an AND of two heads, as in the text: what each head and both together bring back and lose."""
    pair, found = [(0, 0), (0, 1)], {}
    for name, needed in (("or", 1), ("and", 2)):

        def denoised(heads, needed=needed):
            return 8.0 if len(set(heads)) >= needed else 0.0

        def noised(heads, needed=needed):
            return 8.0 if 2 - len(set(heads)) >= needed else 0.0

        found[name] = [exercise.patching_shares(denoised, noised, heads) for heads in (pair[:1], pair[1:], pair)]
    return found


def of_a_flat_metric(exercise, bench, *, values):
    """What is raised where both runs have these values."""
    raised = []
    for clean, corrupted in values:
        try:
            exercise.patching_shares(lambda heads, v=corrupted: v, lambda heads, v=clean: v, [(0, 0)])
            raised.append("nothing")
        except ValueError:
            raised.append("ValueError")
        except NotImplementedError:
            raise
        except Exception as error:
            raised.append(type(error).__name__)
    return raised


def of_a_circuit(exercise, bench, *, layers, heads, circuit, most, seed):
    model = a_model(layers, heads)
    return exercise.incompleteness(a_metric(bench, model, seed), model, [tuple(head) for head in circuit], most)


def of_equal_gaps(exercise, bench, *, circuit, most):
    """A metric that knows only whether head (1, 1) is there; or a circuit that is the whole model."""
    model = a_model(2, 2)
    chosen = [tuple(head) for head in circuit]
    return exercise.incompleteness(lambda heads: 5.0 if (1, 1) in set(heads) else 2.0, model, chosen, most)


def of_foreign_heads(exercise, bench, *, circuits):
    """What is raised for some circuits of a model with two layers of two heads."""
    model, raised = a_model(2, 2), {}
    for circuit in circuits:
        chosen = [tuple(head) for head in circuit]
        try:
            exercise.incompleteness(lambda heads: float(len(heads)), model, chosen, 1)
            raised[str(circuit)] = "nothing"
        except ValueError:
            raised[str(circuit)] = "ValueError"
        except NotImplementedError:
            raise
        except Exception as error:
            raised[str(circuit)] = type(error).__name__
    return raised


def of_backup(exercise, bench, *, components, prompts, removed, seed):
    """The removed components still write something, and every prompt has its own scales."""
    before = 3 * bench.normal(components, prompts, seed=seed) + 1
    after = before + bench.normal(components, prompts, seed=seed + 1)
    scales = [0.5 + 2 * bench.uniform(prompts, seed=seed + 2 + n) for n in range(2)]
    return exercise.backup(before, after, *scales, removed)


def of_removed_in_a_tuple(exercise, bench, *, removed, seed):
    """Places may come in a tuple, too."""
    before, after = bench.normal(4, 3, seed=seed), bench.normal(4, 3, seed=seed + 1)
    scales = [0.5 + bench.uniform(3, seed=seed + 2 + n) for n in range(2)]
    return exercise.backup(before, after, *scales, tuple(removed))


def of_nothing_removed(exercise, bench, *, seed):
    """Nothing is taken away, or a component that writes nothing before and after."""
    before = bench.normal(4, 3, seed=seed)
    after = bench.normal(4, 3, seed=seed + 1)
    before[2], after[2] = 0, 0
    scales = [0.5 + bench.uniform(3, seed=seed + 2 + n) for n in range(2)]
    return [exercise.backup(before, after, *scales, removed)["share"] for removed in ([], [2])]


def of_the_small_example(exercise, bench):
    import torch

    def real(values):
        return torch.tensor(values, dtype=bench.dtype, device=bench.device)

    return exercise.backup(real([[6.0], [4]]), real([[0.0], [3]]), real([2.0]), real([1.0]), [0])


@pytest.mark.points(3)
def test_shares(compare, seed):
    """What comes back and what is lost, for sets of no, one and several heads; also where the clean value is lower."""
    sets = [[], [[0, 1]], [[0, 0], [1, 1]], [[1, 0], [0, 1], [0, 0]]]
    for layers, heads, shift in [(2, 2, 9.0), (2, 3, -9.0)]:
        compare(of_shares, layers=layers, heads=heads, sets=sets, shift=shift, seed=seed)


@pytest.mark.points(1)
def test_gates(compare):
    """In an OR each head is enough and not needed; in an AND each is needed and not enough."""
    found = compare(of_gates)
    assert np.allclose(found["or"], [(1, 0), (1, 0), (1, 1)]), "an OR: each head brings back all, and loses nothing"
    assert np.allclose(found["and"], [(0, 1), (0, 1), (1, 1)]), "an AND: each head brings back nothing, and loses all"


@pytest.mark.points(5)
def test_incompleteness(compare, seed):
    """The set of heads without which circuit and model differ most, for several circuits and sizes."""
    for layers, heads, circuit, most in [
        (2, 3, [[1, 2], [0, 1], [1, 0], [0, 0]], 2),
        (3, 2, [[2, 1], [0, 0], [1, 1]], 1),
        (2, 3, [[1, 1], [0, 2], [0, 0]], 3),
        (2, 2, [[1, 0], [0, 1]], 0),
        (2, 3, [[1, 2], [0, 1], [1, 0], [0, 0], [0, 2]], 2),
        (1, 4, [[0, 3], [0, 1]], 2),
    ]:
        compare(of_a_circuit, layers=layers, heads=heads, circuit=circuit, most=most, seed=seed)
    for circuit in ([[0, 0], [0, 1], [1, 0], [1, 1]], [[0, 1], [0, 0]], [[1, 1], [0, 0]]):
        compare(of_equal_gaps, circuit=circuit, most=2)


@pytest.mark.points(5)
def test_backup(compare, seed):
    """What is lost, what is rescaled, what is rewritten, and the share that is made up for."""
    for components, prompts, removed in [(5, 4, [1]), (4, 7, [3, 0]), (3, 1, [2]), (6, 5, [4, 2, 5])]:
        compare(of_backup, components=components, prompts=prompts, removed=removed, seed=seed)
    compare(of_removed_in_a_tuple, removed=[3, 0], seed=seed)
    found = compare(of_nothing_removed, seed=seed)
    assert found == [None, None], "where nothing is lost, the share is None"
    found = compare(of_the_small_example)
    assert np.allclose([found["lost"], found["share"]], [3, 1 / 3], atol=1e-5), (
        "in the small example 3 is lost, and a share of 1/3 is made up for"
    )


@pytest.mark.points(1)
def test_clear_errors(compare):
    """A metric that is the same in both runs, and a head that the model does not have, raise a ValueError."""
    compare(of_a_flat_metric, values=[(2.5, 2.5), (0.0, 0.0), (2.5, 0.0), (0.0, 2.5), (1.0, -1.0)])
    compare(of_foreign_heads, circuits=[[[0, 0], [2, 0]], [[1, 2]], [[0, 1], [1, 1]], []])
