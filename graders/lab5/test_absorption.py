"""Grader of `absorption`, on random values and in small worlds whose features have known directions."""

import numpy as np
import pytest


def numbers(bench, values):
    import torch

    return torch.tensor(values, dtype=bench.dtype, device=bench.device)


def of_batch_topk(exercise, bench, *, samples, latents, k, shift, seed):
    """Values of very different size from sample to sample, so that samples keep different numbers of them."""
    sizes = 0.2 + 3 * bench.uniform(samples, 1, seed=seed + 1)
    return exercise.batch_topk(sizes * bench.normal(samples, latents, seed=seed) + shift, k)


def of_equal_values(exercise, bench, *, values, k):
    """Which of equal values are kept is free: how many there are, and what they sum up to, is not."""
    before = numbers(bench, values)
    kept = exercise.batch_topk(before.clone(), k)
    return {
        "number_kept": int((kept != 0).sum()),
        "sum_kept": kept.sum(),
        "kept_values_are_in_their_places": bool(((kept == 0) | (kept == before)).all()),
    }


def of_the_gradient(exercise, bench, *, samples, latents, k, seed):
    """The slope of a weighted sum of the kept values, in float64."""
    import torch

    before = bench.normal(samples, latents, seed=seed).double().requires_grad_()
    weights = bench.normal(samples, latents, seed=seed + 1).double()
    with torch.enable_grad():
        total = (exercise.batch_topk(before, k) * weights).sum()
    return torch.autograd.grad(total, before)[0] if total.requires_grad else torch.zeros_like(before)


def parts_of_a_loss(bench, samples, d_in, latents, seed):
    return (
        bench.normal(samples, d_in, seed=seed),
        bench.normal(samples, latents, seed=seed + 1).relu(),
        bench.normal(latents, d_in, seed=seed + 2),
        bench.normal(d_in, seed=seed + 3),
    )


def of_the_loss(exercise, bench, *, samples, d_in, latents, prefixes, seed):
    return exercise.matryoshka_loss(*parts_of_a_loss(bench, samples, d_in, latents, seed), prefixes)


def of_its_gradients(exercise, bench, *, samples, d_in, latents, prefixes, seed):
    """In float64: of the latents, the decoder rows and the decoder bias."""
    import torch

    x, *parts = (part.double() for part in parts_of_a_loss(bench, samples, d_in, latents, seed))
    leaves = [part.detach().requires_grad_() for part in parts]
    with torch.enable_grad():
        loss = exercise.matryoshka_loss(x, *leaves, prefixes)
    if not getattr(loss, "requires_grad", False):
        return dict.fromkeys(("latents", "W_dec", "b_dec"), "no gradient: the loss has none at all")
    found = torch.autograd.grad(loss, leaves, allow_unused=True)
    names = ("latents", "W_dec", "b_dec")
    return {
        name: torch.zeros_like(leaf) if gradient is None else gradient
        for name, leaf, gradient in zip(names, leaves, found, strict=True)
    }


def of_matching(exercise, bench, *, latents, features, d_in, silent, seed):
    """Rows and directions of all lengths; rows of zeros for latents that were never active."""
    W_dec = bench.normal(latents, d_in, seed=seed) * (0.2 + 3 * bench.uniform(latents, 1, seed=seed + 1))
    W_dec[:silent] = 0
    directions = bench.normal(features, d_in, seed=seed + 2) * (0.2 + 3 * bench.uniform(features, 1, seed=seed + 3))
    return exercise.match_latents(W_dec, directions)


def a_world(bench, parents, samples, d_in, seed):
    """Features with directions, an autoencoder with a latent for each and some to spare, and samples.

    The latents stand in a random order. The rows of some children point along their parents as well, more or less.
    """
    import torch

    count = len(parents)
    directions = bench.normal(count, d_in, seed=seed)
    directions = torch.linalg.qr(directions.double().T).Q.T.to(directions) * (0.5 + bench.uniform(count, 1, seed=seed))
    on = bench.uniform(samples, count, seed=seed + 1) < 0.6
    rows = torch.nn.functional.normalize(directions, dim=1)
    mixed = rows.clone()
    for _ in range(2):  # a grandparent is on where its grandchild is
        for child, parent in enumerate(parents):
            if parent is not None:
                on[:, parent] |= on[:, child]
    for child, parent in enumerate(parents):
        if parent is not None:
            mixed[child] += (-0.1, 1.5, 0.6)[child % 3] * rows[parent]
    spare = 0.01 * bench.normal(2, d_in, seed=seed + 2)
    order = bench.uniform(count + 2, seed=seed + 3).argsort()
    lengths = 0.5 + bench.uniform(count + 2, 1, seed=seed + 4)
    W_dec = (torch.cat([mixed, 0.3 * mixed[:1] + spare[:1], spare[1:]]) * lengths)[order]
    values = (
        bench.uniform(samples, count + 2, seed=seed + 5) ** 8 + 1e-12
    )  # large ones, and many that are almost silent
    latents = values * (bench.uniform(samples, count + 2, seed=seed + 6) < 0.5)
    return latents, on, W_dec, directions


def rates_of(exercise, *arguments):
    """As a list of child and rate: a report shows it better than a dict with numbers for keys."""
    found = exercise.absorption(*arguments)
    return [list(pair) for pair in sorted(found.items())]


def of_rates(exercise, bench, *, parents, samples, d_in, level, seed):
    return rates_of(exercise, *a_world(bench, parents, samples, d_in, seed), parents, level)


def of_children_that_are_never_on(exercise, bench, *, families, seed):
    """Families of several sizes, of which all children but the first are never on: what comes, or what stops the call."""
    found = {}
    for children in families:
        parents = [None, *[0] * children]
        latents, active, W_dec, directions = a_world(bench, parents, 5, 4 + children, seed)
        active[:, 2:] = False
        try:
            found[f"{children} children"] = rates_of(exercise, latents, active, W_dec, directions, parents, 0.3)
        except ZeroDivisionError:
            found[f"{children} children"] = "ZeroDivisionError"
    return found


def of_one_latent_for_two(exercise, bench, *, seed):
    """The only latent stands for the parent and for both children."""
    latents, active, W_dec, directions = a_world(bench, [None, 0, 0], 5, 6, seed)
    W_dec = directions.sum(dim=0, keepdim=True)
    return rates_of(exercise, latents[:, :1], active, W_dec, directions, [None, 0, 0], 0.1)


def of_rows_at_the_level(exercise, bench, *, children, below):
    """The rows of several children, whose cosine similarity with the parent is exactly 0.5, or 3e-6 below it. There is one sample."""
    import torch

    d = 1 + 3 * children
    W_dec, directions = (torch.zeros(1 + children, d, dtype=bench.dtype, device=bench.device) for _ in range(2))
    W_dec[0, 0] = directions[0, 0] = 1
    for child in range(1, 1 + children):
        own = 3 * child - 2
        directions[child, own] = 1
        W_dec[child, 0] = 1 - 2**-17 * (child in below)
        W_dec[child, own : own + 3] = 1
    latents = torch.ones(1, 1 + children, dtype=bench.dtype, device=bench.device)
    latents[0, 0] = 0
    active = torch.ones(1, 1 + children, dtype=torch.bool, device=bench.device)
    return rates_of(exercise, latents, active, W_dec, directions, [None, *[0] * children], 0.5)


def of_the_small_example(exercise, bench):
    import torch

    W_dec, directions = numbers(bench, [[1.0, 0], [1.0, 1.0]]), numbers(bench, [[1.0, 0], [0, 1.0]])
    latents = numbers(bench, [[0, 2.0], [0, 1.0], [1.0, 1.0], [0, 0]])
    active = torch.ones(4, 2, dtype=torch.bool, device=bench.device)
    return {
        "latents": exercise.match_latents(W_dec, directions),
        "rates": rates_of(exercise, latents, active, W_dec, directions, [None, 0], 0.5),
    }


def refused(exercise, bench, *, ks, prefixes):
    x, latents, W_dec, b_dec = parts_of_a_loss(bench, 2, 3, 5, 0)
    calls = {f"k {k}": lambda k=k: exercise.batch_topk(latents, k) for k in ks}
    calls |= {
        f"prefixes {list(ends)}": lambda ends=ends: exercise.matryoshka_loss(x, latents, W_dec, b_dec, ends)
        for ends in prefixes
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


@pytest.mark.points(3)
def test_batch_topk(compare, seed):
    """Which values are kept: some, none, all, with few positive values and with none; equal values; the gradient."""
    for samples, latents, k, shift in [(4, 6, 2, 0), (5, 4, 1, 0.5), (1, 7, 3, 0), (3, 5, 0, 0), (3, 4, 4, 0)]:
        compare(of_batch_topk, samples=samples, latents=latents, k=k, shift=shift, seed=seed)
    for samples, latents, k, shift in [(4, 5, 3, -2), (2, 3, 2, -99), (3, 4, 9, 1)]:
        compare(of_batch_topk, samples=samples, latents=latents, k=k, shift=shift, seed=seed)
    for values, k in [([[1, 1, 1], [1, 2, -1]], 1), ([[2, 0, 0], [0, 0, 1]], 2), ([[3, 3], [3, 3]], 1)]:
        found = compare(of_equal_values, values=[[float(value) for value in row] for row in values], k=k)
        assert found["kept_values_are_in_their_places"], "a kept value is not the value that stood there"
    for values, k in [([[1e-9, 2, -1], [3, 1e-9, 1e-9]], 3), ([[1e-7, 0, 1e-9, 2e-9], [0, 1e-12, 1e-12, -1]], 4)]:
        compare(of_equal_values, values=values, k=k)
    compare(of_the_gradient, samples=4, latents=5, k=2, seed=seed)


@pytest.mark.points(3)
def test_matryoshka_loss(compare, seed):
    """The loss and its gradients, with one prefix, with several, and with every possible one."""
    for samples, d_in, latents, prefixes in [
        (5, 4, 6, (1, 3, 6)),
        (4, 5, 3, (3,)),
        (1, 2, 4, [1, 2, 3, 4]),
        (3, 4, 1, (1,)),
        (2, 6, 9, [2, 9]),
    ]:
        compare(of_the_loss, samples=samples, d_in=d_in, latents=latents, prefixes=prefixes, seed=seed)
    compare(of_its_gradients, samples=3, d_in=4, latents=5, prefixes=(2, 5), seed=seed)


@pytest.mark.points(1)
def test_matching(compare, seed):
    """The latent of each feature: more latents than features, fewer, one alone, and latents that were never active."""
    # Two rows of zeros could be equally near to a feature.
    for latents, features, d_in, silent in [(4, 24, 3, 0), (9, 4, 5, 0), (2, 6, 3, 0), (1, 3, 4, 0), (7, 5, 6, 1)]:
        compare(of_matching, latents=latents, features=features, d_in=d_in, silent=silent, seed=seed)


@pytest.mark.points(2)
def test_rates(compare, seed):
    """Absorption rates in worlds with known directions: several families, a grandparent, and the cases at the edge."""
    for parents, samples, d_in, level in [
        ([None, 0, 1, 2, 3, 4], 60, 8, 0.6),
        ([None, 0, 0, 0, None, 4, 4, 4], 40, 10, 0.6),
        ([None, 0, 1, None], 30, 5, 0.3),
        ([2, 2, None, 2], 25, 6, 0.8),
        ([None, None], 6, 4, 0.3),
    ]:
        compare(of_rates, parents=parents, samples=samples, d_in=d_in, level=level, seed=seed)
    compare(of_children_that_are_never_on, families=[2, 3, 4, 5, 6, 7], seed=seed)
    compare(of_one_latent_for_two, seed=seed)
    compare(of_rows_at_the_level, children=6, below=[])
    compare(of_rows_at_the_level, children=12, below=[2, 3, 5, 7, 10, 11, 12])
    found = compare(of_the_small_example)
    assert np.allclose(found["rates"], [[1, 0.5]]), "in the small example two of four samples are absorbed"


@pytest.mark.points(1)
def test_clear_errors(compare):
    """A negative k, and prefixes that do not rise or do not end with all latents, raise a ValueError."""
    # Each clause in six cases, so that one which is left out can be told from others.
    falling = [(4, 2, 5), (3, 1, 5), (3, 2, 5), (4, 3, 5), (1, 4, 3, 5), (2, 1, 5)]
    equal = [(2, 2, 5), (1, 1, 5), (3, 3, 5), (4, 4, 5), (2, 4, 4, 5), (5, 5)]
    other_end = [(2, 4), (2, 6), (1, 3), (4,), (6,), (1, 2, 3)]
    empty = [(0, 5), (0, 1, 5), (0, 2, 5), (0, 3, 5), (0, 4, 5), (0, 1, 2, 5)]
    prefixes = [(), *falling, *equal, *other_end, *empty, (-1, 5), (-2, 5), (-3, 2, 5), (5,), (1, 5)]
    compare(refused, ks=[-1, -2, -3, -4, -7, -50, 0, 6, 7, 8, 9, 20, 1000], prefixes=prefixes)
