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
    raised = {}
    for clean, corrupted in values:
        try:
            exercise.patching_shares(lambda heads, v=corrupted: v, lambda heads, v=clean: v, [(0, 0)])
            found = "nothing"
        except ValueError:
            found = "ValueError"
        except NotImplementedError:
            raise
        except Exception as error:
            found = type(error).__name__
        raised[f"clean {clean!r}, corrupted {corrupted!r}"] = found
    return raised


def found_by(exercise, only, model, chosen, most):
    """The largest gap and its set; and whether the circuit's list is as it was."""
    given = list(chosen)
    found = exercise.incompleteness(only, model, given, most)
    return {
        "found": found,
        "circuit": "as it was" if given == chosen else "its list is in another order after the call",
    }


def of_a_circuit(exercise, bench, *, layers, heads, circuit, most, seed):
    model = a_model(layers, heads)
    return found_by(exercise, a_metric(bench, model, seed), model, [tuple(head) for head in circuit], most)


def of_equal_gaps(exercise, bench, *, circuits):
    """A metric that knows only whether head (1, 1) is there; or a circuit that is the whole model."""
    model, found = a_model(2, 2), {}
    for circuit, most in circuits:
        chosen = [tuple(head) for head in circuit]
        label = f"circuit {chosen}, most={most}"
        found[label] = found_by(exercise, lambda heads: 5.0 if (1, 1) in set(heads) else 2.0, model, chosen, most)
    return found


def of_nearly_equal_gaps(exercise, bench, *, layers, heads, pairs):
    """A metric without the circuit's heads: it knows the last head, and gains next to nothing without both heads of a pair."""
    model, found = a_model(layers, heads), {}
    for pair in pairs:
        both = {tuple(head) for head in pair}

        def only(left, both=both):
            return 2.0 + (model[-1] in left) * (3 + 2**-21 * (not both & set(left)))

        found[f"without {sorted(both)}"] = found_by(exercise, only, model, model[:-1], 2)
    return found


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


def missed(before, after, removed, sign):
    """The same, but that the removed components wrote much before and little after: a share of a loss near 0 would be rounding alone."""
    before[removed] = sign * (before[removed].abs() + 4)
    after[removed] = 0.2 * after[removed].tanh()
    return before, after


def of_backup(exercise, bench, *, components, prompts, removed, seed, size=1.0):
    """The removed components still write something, and every prompt has its own scales. Of five components, what was lost worked against the rest."""
    before = 3 * bench.normal(components, prompts, seed=seed) + 1
    after = before + bench.normal(components, prompts, seed=seed + 1)
    before, after = missed(before, after, removed, sign=-1 if components == 5 else 1)
    scales = [0.5 + 2 * bench.uniform(prompts, seed=seed + 2 + n) for n in range(2)]
    return exercise.backup(size * before, size * after, *scales, removed)


def of_removed_in_a_tuple(exercise, bench, *, removed, seed):
    """Places may come in a tuple, too."""
    before, after = missed(bench.normal(4, 3, seed=seed), bench.normal(4, 3, seed=seed + 1), removed, sign=1)
    scales = [0.5 + bench.uniform(3, seed=seed + 2 + n) for n in range(2)]
    return exercise.backup(before, after, *scales, tuple(removed))


def of_nothing_removed(exercise, bench, *, seed):
    """Nothing is taken away, or a component that writes nothing before and after."""
    before = bench.normal(6, 3, seed=seed)
    after = bench.normal(6, 3, seed=seed + 1)
    scales = [0.5 + bench.uniform(3, seed=seed + 2 + n) for n in range(2)]
    found = {"removed=[]": exercise.backup(before, after, *scales, [])["share"]}
    for place in range(6):
        silent, still = before.clone(), after.clone()
        silent[place], still[place] = 0, 0
        found[f"removed=[{place}]"] = exercise.backup(silent, still, *scales, [place])["share"]
    return found


def of_the_small_example(exercise, bench):
    import torch

    def real(values):
        return torch.tensor(values, dtype=bench.dtype, device=bench.device)

    return exercise.backup(real([[6.0], [4]]), real([[0.0], [3]]), real([2.0]), real([1.0]), [0])


@pytest.mark.points(3)
def test_shares(compare, seed):
    """What comes back and what is lost, for sets of no, one and several heads; also where the clean value is lower."""
    sets = [[], [[0, 1]], [[0, 0], [1, 1]], [[1, 0], [0, 1], [0, 0]]]
    sets += [[[0, 0]], [[1, 1]], [[1, 0]], [[0, 1], [1, 1]], [[0, 0], [0, 1]], [[0, 0], [0, 1], [1, 0], [1, 1]]]
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
    circuits = [
        ([[0, 0], [0, 1], [1, 0], [1, 1]], 2),
        ([[0, 0], [0, 1], [1, 0], [1, 1]], 3),
        ([[0, 1], [0, 0]], 2),
        ([[1, 1], [0, 0]], 2),
        ([[1, 0], [0, 1], [0, 0]], 3),
    ]
    compare(of_equal_gaps, circuits=circuits)
    pairs = [[[0, 0], [0, 1]], [[0, 0], [1, 0]], [[0, 1], [1, 0]], [[0, 2], [0, 0]], [[1, 1], [0, 2]], [[0, 1], [1, 1]]]
    compare(of_nearly_equal_gaps, layers=2, heads=3, pairs=pairs)


@pytest.mark.points(5)
def test_backup(compare, seed):
    """What is lost, what is rescaled, what is rewritten, and the share that is made up for."""
    for components, prompts, removed in [(5, 4, [1]), (4, 7, [3, 0]), (3, 1, [2]), (6, 5, [4, 2, 5])]:
        compare(of_backup, components=components, prompts=prompts, removed=removed, seed=seed)
    for components, prompts, removed in [(5, 4, [1]), (4, 7, [3, 0])]:  # little is lost, and that is not nothing
        compare(of_backup, components=components, prompts=prompts, removed=removed, size=2.0**-40, seed=seed)
    compare(of_removed_in_a_tuple, removed=[3, 0], seed=seed)
    found = compare(of_nothing_removed, seed=seed)
    assert set(found.values()) == {None}, "where nothing is lost, the share is None"
    found = compare(of_the_small_example)
    assert np.allclose([found["lost"], found["share"]], [3, 1 / 3], atol=1e-5), (
        "in the small example 3 is lost, and a share of 1/3 is made up for"
    )


@pytest.mark.points(1)
def test_clear_errors(compare):
    """A metric that is the same in both runs, and a head that the model does not have, raise a ValueError."""
    # Each clause in six cases, so that one which is left out can be told from others.
    flat = [(each, each) for each in (2.5, 0.0, -1.0, 4.0, 0.25, 100.0)]
    with_a_zero = [(2.5, 0.0), (0.0, 2.5), (0.0, -1.0), (-1.0, 0.0), (4.0, 0.0), (0.0, 0.25)]
    nearly_flat = [(each, each * (1 + 2**-32) + 2**-32) for each in (2.5, 0.0, -4.0, 0.25, 100.0, 7.0)]
    compare(of_a_flat_metric, values=[*flat, *with_a_zero, (1.0, -1.0), *nearly_flat])
    foreign = [[[0, 0], [2, 0]], [[1, 2]], [[2, 2], [0, 0]], [[0, 3], [1, 1]], [[3, 0]], [[0, 1], [1, 0], [0, 2]]]
    foreign += [[[1, 1], [4, 0]], [[0, 0], [0, 1], [1, 5]]]
    compare(of_foreign_heads, circuits=[*foreign, [[0, 1], [1, 1]], []])
