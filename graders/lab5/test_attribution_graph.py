"""Grader of `attribution_graph`, on small frozen models with random weights."""

import numpy as np
import pytest


def a_transcoder(bench, d_model, latents, seed, *, bar=0.3, trained=False):
    """Random weights; every third threshold is 0, the others lie between half of `bar` and `bar`."""
    import torch

    from interp.attribution import Transcoder

    threshold = bar * (0.5 + bench.uniform(latents, seed=seed + 2) / 2)
    threshold = torch.where(torch.arange(latents, device=bench.device) % 3 == 0, 0 * threshold, threshold)
    parts = (
        bench.normal(d_model, latents, seed=seed) / d_model**0.5,
        bench.normal(latents, seed=seed + 1) / 2,
        threshold,
        bench.normal(latents, d_model, seed=seed + 3),
        bench.normal(d_model, seed=seed + 4),
    )
    return Transcoder(*(part.requires_grad_(trained) for part in parts))


def a_layer(bench, pos, d_model, latents, seed, *, trained=False):
    """Two heads that look somewhere, and LayerNorms that divide by something: all of it frozen."""
    from interp.attribution import Layer

    pattern = bench.uniform(2, pos, pos, seed=seed).tril() + 0.1
    pattern = pattern.tril() / pattern.tril().sum(-1, keepdim=True)
    moves = bench.normal(2, d_model, d_model, seed=seed + 1) / d_model**0.5
    bias = bench.normal(d_model, seed=seed + 2) / 2
    before, behind = (0.5 + bench.uniform(pos, 1, seed=seed + 3 + each) for each in range(2))

    def centred(x, scale):
        return (x - x.mean(-1, keepdim=True)) / scale

    return Layer(
        attend=lambda x: (pattern @ (centred(x, before) @ moves)).sum(0) + bias,
        norm=lambda x: centred(x, behind),
        transcoder=a_transcoder(bench, d_model, latents, seed + 5, trained=trained),
    )


def a_run(bench, widths, pos, d_model, seed, *, trained=False, silent=()):
    """Layers, an answer, and the inputs of a frozen run. Few latents are active; in the layers of `silent` none is."""
    layers = [
        a_layer(bench, pos, d_model, width, seed + 20 * number, trained=trained) for number, width in enumerate(widths)
    ]
    towards, shift = bench.normal(d_model, seed=seed + 7), bench.normal(seed=seed + 8)
    start = bench.normal(pos, d_model, seed=seed + 9)
    sizes = [bench.uniform(pos, width, seed=seed + 10 + number) for number, width in enumerate(widths)]
    latents = [(each + 0.2) * (each > 0.5) * (number not in silent) for number, each in enumerate(sizes)]
    errors = [bench.normal(pos, d_model, seed=seed + 60 + number) for number in range(len(widths))]

    def answer(stream):
        return (stream[-1] - stream[-1].mean()) @ towards / 1.7 + shift

    return layers, answer, start, latents, errors


def of_split(exercise, bench, *, pos, d_model, latents, bar, lowest, seed):
    transcoder = a_transcoder(bench, d_model, latents, seed, bar=bar)
    transcoder = transcoder._replace(threshold=transcoder.threshold.clamp_min(lowest))
    read, wrote = (bench.normal(pos, d_model, seed=seed + each) for each in (8, 9))
    active, error = exercise.split_mlp(transcoder, read, wrote)
    return {"latents": active, "error": error}


def at_the_threshold(exercise, bench):
    """Pre-activations below, at, just above and above a threshold of 0.5, and one of 0 with a threshold of 0."""
    import torch

    from interp.attribution import Transcoder

    like = {"dtype": bench.dtype, "device": bench.device}
    transcoder = Transcoder(
        torch.tensor([[1.0, 2.0, 3.0, 0.0, 2 + 2**-18, 2 - 2**-18, 2 + 2**-19, 2.0, 2 - 2**-19]], **like),
        torch.zeros(9, **like),
        torch.tensor([0.5, 0.5, 0.5, 0.0, 0.5, 0.5, 0.5, 0.5, 0.5], **like),
        torch.eye(9, **like)[:, :1],
        torch.tensor([0.5], **like),
    )
    active, error = exercise.split_mlp(transcoder, torch.full((1, 1), 0.25, **like), torch.ones(1, 1, **like))
    return {"latents": active, "error": error}


def of_replay(exercise, bench, *, widths, pos, d_model, silent, seed):
    layers, _, start, latents, errors = a_run(bench, widths, pos, d_model, seed, silent=silent)
    found, final = exercise.replay(layers, start, latents, errors)
    return {"pre-activations": list(found), "final stream": final}


def of_graph(exercise, bench, *, widths, pos, d_model, silent, trained, seed):
    """The edges, and how the inputs are left."""
    layers, answer, start, latents, errors = a_run(bench, widths, pos, d_model, seed, trained=trained, silent=silent)
    inputs = [start, *latents, *errors]
    before = [each.clone() for each in inputs]
    found = exercise.attribution_graph(layers, answer, start, latents, errors)
    same = all(bool((old == new).all()) for old, new in zip(before, inputs, strict=True))
    return {
        "edges": found.detach(),
        "gradient": "still required by the edges" if getattr(found, "requires_grad", False) else "not required",
        "inputs": "as they were" if same and not any(each.requires_grad for each in inputs) else "changed by the call",
    }


def of_sums(exercise, bench, *, widths, pos, d_model, seed):
    """All edges into the answer, and what the answer loses when every source is set to 0."""
    layers, answer, start, latents, errors = a_run(bench, widths, pos, d_model, seed)
    edges = exercise.attribution_graph(layers, answer, start, latents, errors)

    def answer_at(size):
        stream = size * start
        for layer, active, error in zip(layers, latents, errors, strict=True):
            stream = stream + layer.attend(stream)
            stream = stream + size * (active @ layer.transcoder.decoder + error) + layer.transcoder.decoder_bias
        return answer(stream)

    return {"edges": edges, "answer minus the answer of nothing": answer_at(1) - answer_at(0)}


def of_the_small_example(exercise, bench):
    import torch

    from interp.attribution import Layer, Transcoder

    def one(value, *shape):
        return torch.full(shape, float(value), dtype=bench.dtype, device=bench.device)

    transcoder = Transcoder(one(1, 1, 1), one(-1, 1), one(0, 1), one(2, 1, 1), one(0, 1))
    layers = [Layer(lambda stream: stream / 2, lambda stream: stream, transcoder)]
    latents, error = exercise.split_mlp(transcoder, one(3, 1, 1), one(5, 1, 1))
    found, final = exercise.replay(layers, one(2, 1, 1), [one(2, 1, 1)], [one(1, 1, 1)])
    parts = (layers, lambda stream: stream.sum(), one(2, 1, 1), [one(2, 1, 1)], [one(1, 1, 1)])
    edges = torch.zeros(4, 4, dtype=bench.dtype, device=bench.device)
    edges[0, 1], edges[0, 3], edges[1, 3], edges[2, 3] = 3, 3, 4, 1
    return {
        "latents": latents,
        "error": error,
        "pre-activations": list(found),
        "final stream": final,
        "edges": exercise.attribution_graph(*parts),
        "influence": exercise.influence(edges),
    }


def some_edges(bench, nodes, seed):
    """Random edges from each node to later ones, with both signs; the first third of the nodes has none going in."""
    edges = bench.normal(nodes, nodes, seed=seed).triu(1)
    edges[:, : nodes // 3] = 0
    return edges


def of_influence(exercise, bench, *, nodes, empty, seed):
    """Edges between random nodes; nothing goes into those of `empty`."""
    edges = some_edges(bench, nodes, seed)
    edges[:, list(empty)] = 0
    return exercise.influence(edges)


def of_nothing_that_goes_in(exercise, bench, *, cases, seed):
    """Graphs in which nothing goes into some nodes, the first among them."""
    return {
        f"{nodes} nodes, nothing into {list(empty)}": of_influence(exercise, bench, nodes=nodes, empty=empty, seed=seed)
        for nodes, empty in cases
    }


def of_a_long_way(exercise, bench, *, nodes, size, seed):
    """Each node acts on the next one, and some on the answer: most of the influence comes on paths of many steps."""
    import torch

    edges = torch.diag(0.5 + bench.uniform(nodes - 1, seed=seed), 1)
    edges[:-1:3, -1] += 0.1
    return exercise.influence(size * edges)


def of_smallest_sets(exercise, bench, *, cases, seed):
    """Influences of several sizes; two of them are equal where there are enough."""
    found = {}
    for nodes, share in cases:
        sizes = bench.uniform(nodes, seed=seed) ** 3 + 0.01
        if nodes > 3:
            sizes[nodes - 1] = sizes[1]
        found[f"{nodes} nodes, share {share}"] = exercise.smallest_set(sizes, share)
    return found


def of_eighths(exercise, bench, *, cases):
    """Influences that are sums of powers of two: nothing is rounded."""
    import torch

    found = {}
    for eighths, share in cases:
        influences = torch.tensor(eighths, dtype=bench.dtype, device=bench.device) / 8
        try:
            kept = exercise.smallest_set(influences, share)
        except ValueError:  # with a message of the learner's own, which says nothing here
            kept = "ValueError"
        found[f"{tuple(eighths)} eighths, share {share}"] = kept
    return found


def refused(exercise, bench, *, shares):
    sizes = bench.uniform(4, seed=3) + 0.1
    outcomes = {}
    for share in shares:
        try:
            exercise.smallest_set(sizes, share)
            outcomes[f"share {share}"] = "nothing"
        except ValueError:
            outcomes[f"share {share}"] = "ValueError"
        except NotImplementedError:
            raise
        except Exception as error:
            outcomes[f"share {share}"] = type(error).__name__
    return outcomes


@pytest.mark.points(2)
def test_split(compare, seed):
    """Latents and error of a transcoder; also where a pre-activation is the threshold, and where no latent is active."""
    for pos, d_model, latents, bar, lowest in [
        (3, 4, 7, 0.3, 0),
        (1, 5, 6, 1.0, 0),
        (4, 3, 2, 0.1, 0),
        (2, 3, 9, 0.3, 40),
    ]:
        compare(of_split, pos=pos, d_model=d_model, latents=latents, bar=bar, lowest=lowest, seed=seed)
    compare(at_the_threshold)


@pytest.mark.points(3)
def test_replay(compare, seed):
    """Pre-activations and final stream of frozen models with one, two and three layers."""
    for widths, pos, d_model, silent in [([5, 3], 3, 4, []), ([4], 1, 3, []), ([2, 3, 2], 2, 5, [1])]:
        compare(of_replay, widths=widths, pos=pos, d_model=d_model, silent=silent, seed=seed)


@pytest.mark.points(4)
def test_edges(compare, seed):
    """All edges of frozen models; also with one position, with a layer in which no latent is active, and with weights in training."""
    for widths, pos, d_model, silent, trained in [
        ([5, 4], 3, 4, [], False),
        ([6], 1, 3, [], True),
        ([3, 4, 3], 2, 5, [1], False),
        ([2, 3], 2, 3, [0, 1], False),
        ([3, 2, 4], 2, 4, [], True),
    ]:
        found = compare(of_graph, widths=widths, pos=pos, d_model=d_model, silent=silent, trained=trained, seed=seed)
        assert found["gradient"] == "not required", "the edges still hang on the backward pass: detach them"
        assert found["inputs"] == "as they were", "`attribution_graph` changes an input that it is given: make copies"


@pytest.mark.points(2)
def test_sums(compare, seed):
    """All edges into the answer add up to what the answer loses without all sources; the small example of the text."""
    for widths, pos, d_model in [([5, 4], 3, 4), ([3, 2, 4], 2, 5)]:
        found = compare(of_sums, widths=widths, pos=pos, d_model=d_model, seed=seed)
        total = np.asarray(found["edges"])[:, -1].sum()
        assert np.allclose(total, found["answer minus the answer of nothing"], rtol=1e-3, atol=1e-3), (
            "the edges into the answer do not add up to what the answer loses when every source is 0"
        )
    found = compare(of_the_small_example)
    assert np.allclose(found["influence"], [7 / 8, 4 / 8, 1 / 8, 0]), (
        "in the small example the influences are 7/8, 4/8 and 1/8"
    )


@pytest.mark.points(2)
def test_influence(compare, seed):
    """The influence of every node: over long paths, with tiny edges, and where nothing goes into a node."""
    cases = [(3, ()), (4, (2,)), (5, (1, 3)), (6, (5,)), (8, (4, 6)), (9, ())]
    compare(of_nothing_that_goes_in, cases=cases, seed=seed)
    for nodes, empty in [(7, ()), (12, (5, 8)), (4, ()), (2, ()), (1, ()), (6, (5,))]:
        found = compare(of_influence, nodes=nodes, empty=empty, seed=seed)
        if nodes > 3 and nodes - 1 not in empty:
            roots = [*range(nodes // 3), *empty] or [0]
            assert np.allclose(sum(found[root] for root in set(roots)), 1, atol=1e-4), (
                "the nodes that nothing goes into do not share the whole answer"
            )

    for nodes, size in [(16, 1.0), (5, 1e-20), (5, 1e20)]:
        compare(of_a_long_way, nodes=nodes, size=size, seed=seed)


@pytest.mark.points(1)
def test_smallest_set(compare, seed):
    """The fewest nodes with a share of all influence; also with equal influences, and where the share is met exactly."""
    cases = [(9, 0.8), (9, 0.35), (20, 0.95), (5, 0.5), (1, 0.5), (30, 0.6), (14, 0.2)]
    compare(of_smallest_sets, cases=cases, seed=seed)
    cases = [
        ((1, 4, 2, 1), 0.75),
        ((1, 4, 2, 1), 0.5),
        ((1, 4, 0, 2, 1, 0), 1.0),
        ((2, 2, 2, 2), 0.5),
        ((1, 1, 8, 2, 4), 0.25),
        ((0, 0, 8), 1.0),
        ((1, 2, 4), 1.0),
        ((8, 4, 0), 1.0),
        ((2, 0, 0, 1), 1.0),
        ((1, 1, 2, 0, 4, 0, 8, 16), 0.5),
        ((0, 0, 1, 1, 2, 4, 8, 0, 16), 0.75),
    ]
    little = 2**-15  # of an eighth: what is nearly equal is not equal, and what is nearly reached is not reached
    cases += [
        ((1, 4 - little, 2, 1 + little), 0.5),
        ((1, 1, 8 - little, 2, 4 + little), 0.5),
        ((2, 2 - little, 1, 3 + little), 0.625),
        ((2 - little, 2, 4), 0.7),
        ((1, 2 - little, 1 + little, 2), 0.75),
        ((1, 1 + little, 1, 1 + 2 * little, 4), 0.6),
    ]
    compare(of_eighths, cases=cases)


@pytest.mark.points(1)
def test_clear_errors(compare):
    """A share of 0, a negative one and one above 1 raise a ValueError; a share of 1 does not."""
    # Each clause in six cases, so that one which is left out can be told from others.
    not_above_0 = [0, -0.25, -0.5, -1, -2.5, -80]
    above_1 = [1.25, 1.5, 2, 10, 80, 100]
    just_above_1, just_above_0 = ([start + 2.0**-k for k in (24, 27, 30, 32, 35, 40)] for start in (1, 0))
    compare(refused, shares=[*not_above_0, *above_1, *just_above_1, *just_above_0, 1, 0.5])
