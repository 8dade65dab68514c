"""Grader of `edge_attribution`, on small graphs of blocks with random weights."""

import numpy as np
import pytest


def a_graph(bench, sizes, shape, seed, *, linear=False, trained=False):
    """Groups of blocks, a metric, and two starts. The blocks' weights may be parameters in training."""
    import torch

    d, count = shape[-1], max(sum(sizes), 1)
    weights = (bench.normal(count, d, d, seed=seed) / d**0.5).requires_grad_(trained)
    towards = bench.normal(*shape, seed=seed + 1)

    def block(number):
        def write(x):
            out = x @ weights[number]
            if linear:
                return 0.7 * out + 0.2
            return out.tanh() + 0.3 if number % 2 else 0.3 * out.square() - 0.4 * out

        return write

    numbers = iter(range(count))
    groups = [[block(next(numbers)) for _ in range(size)] for size in sizes]

    def metric(x):
        return ((x if linear else torch.tanh(x / 2)) * towards).sum() + 0.5

    return groups, metric, bench.normal(*shape, seed=seed + 2), bench.normal(*shape, seed=seed + 3)


def of_edges(exercise, bench, *, sizes, shape, edges, seed):
    graph = a_graph(bench, sizes, shape, seed)
    return [exercise.patch_edge(*graph, sender, receiver) for sender, receiver in edges]


def of_estimates(exercise, bench, *, sizes, shape, steps, trained, seed):
    """The estimates, and how the starts are left."""
    groups, metric, clean, corrupted = a_graph(bench, sizes, shape, seed, trained=trained)
    before = clean.clone(), corrupted.clone()
    found = exercise.edge_attribution(groups, metric, clean, corrupted, steps)
    kept = bool((before[0] == clean).all() and (before[1] == corrupted).all())
    return {
        "scores": found.detach(),
        "gradient": "still required by the estimates" if getattr(found, "requires_grad", False) else "not required",
        "starts": "as they were" if kept else "changed by the call",
    }


def of_a_linear_graph(exercise, bench, *, sizes, shape, edges, seed):
    """Where everything is linear, estimate and true effect are the same."""
    graph = a_graph(bench, sizes, shape, seed, linear=True)
    scores = exercise.edge_attribution(*graph, 1)
    true = [exercise.patch_edge(*graph, sender, receiver) for sender, receiver in edges]
    return {"estimate": [scores[sender, receiver] for sender, receiver in edges], "true": true}


def of_the_small_example(exercise, bench):
    import torch

    clean, corrupted = (torch.tensor([v], dtype=bench.dtype, device=bench.device) for v in (3.0, 1.0))
    graph = [[lambda x: x**2]], lambda x: x.sum(), clean, corrupted
    return {
        "true": [exercise.patch_edge(*graph, *edge) for edge in ((0, 0), (0, 1), (1, 1))],
        "EAP": exercise.edge_attribution(*graph, 1),
        "EAP-IG": exercise.edge_attribution(*graph, 2),
    }


def refused(exercise, bench, *, graphs):
    """What is raised for some edges of several graphs, and for some numbers of steps."""
    calls = {}
    for sizes, edges, steps in graphs:
        graph, where = a_graph(bench, sizes, [2, 3], 0), f"groups of {sizes}"
        for edge in edges:
            calls[f"edge {tuple(edge)}, {where}"] = lambda graph=graph, edge=edge: exercise.patch_edge(*graph, *edge)
        for number in steps:
            calls[f"steps {number}, {where}"] = lambda graph=graph, n=number: exercise.edge_attribution(*graph, n)
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


@pytest.mark.points(3)
def test_true_effects(compare, seed):
    """The effect of single edges: from the start and from blocks, to blocks and to the metric."""
    for sizes, shape, edges in [
        ([2, 1, 2], [3, 4], [(0, 0), (0, 5), (1, 2), (2, 3), (3, 4), (3, 5), (1, 4), (5, 5), (0, 3)]),
        ([1, 1, 1], [5], [(0, 0), (1, 1), (1, 2), (2, 3), (1, 3)]),
        ([3], [2, 3, 4], [(0, 1), (2, 3), (0, 3)]),
    ]:
        compare(of_edges, sizes=sizes, shape=shape, edges=edges, seed=seed)


@pytest.mark.points(4)
def test_estimates(compare, seed):
    """The estimates of all edges, with one step and with several."""
    for sizes, shape, steps in [
        ([2, 1, 2], [3, 4], 1),
        ([1, 2], [2, 3, 4], 3),
        ([1, 1, 1], [5], 4),
        ([3], [2, 3], 2),
    ]:
        trained = len(sizes) == 2
        found = compare(of_estimates, sizes=sizes, shape=shape, steps=steps, trained=trained, seed=seed)
        assert found["gradient"] == "not required", "the estimates still hang on the backward pass: detach them"
        assert found["starts"] == "as they were", "`edge_attribution` writes into a start that it is given"


@pytest.mark.points(2)
def test_known_graphs(compare, seed):
    """In a linear graph each estimate is the true effect; the small example of the text."""
    found = compare(of_a_linear_graph, sizes=[2, 1], shape=[3, 4], edges=[(0, 0), (0, 3), (1, 2), (3, 3)], seed=seed)
    assert np.allclose(found["estimate"], found["true"], rtol=1e-3, atol=1e-3), (
        "a linear graph has no error of estimate"
    )
    found = compare(of_the_small_example)
    assert np.allclose(found["true"], [-8, -2, -8]), "in the small example the true effects are -8, -2 and -8"
    scores = [found["EAP"][0][0], found["EAP-IG"][0][0]]
    assert np.allclose(scores, [-12, -10], atol=1e-4), "in the small example EAP says -12 and EAP-IG says -10"


@pytest.mark.points(1)
def test_clear_errors(compare):
    """An edge that is none, and less than one step, raise a ValueError."""
    edges = [(1, 1), (2, 0), (1, 0), (5, 3), (3, 2), (4, 4), (5, 5), (0, 0), (2, 2), (3, 3)]
    # Each clause in six cases or more, so that one which is left out can be told from others.
    in_one_group = [(1, 1), (1, 2), (2, 2), (4, 4), (4, 5), (5, 5), (3, 0), (2, 1), (6, 3), (4, 2), (5, 0)]
    graphs = [([2, 1, 2], edges, [0, -2, 1]), ([3, 3], in_one_group, [0, -1, -5])]
    graphs += [(sizes, [(1, 0)], [0, -1, 2]) for sizes in ([1], [2], [1, 1], [2, 2])]
    compare(refused, graphs=graphs)
