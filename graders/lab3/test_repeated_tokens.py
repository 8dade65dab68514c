"""Grader of `repeated_tokens`. Two right programs draw different tokens, so what is compared are facts about them."""

import random
from itertools import pairwise, product

import pytest


def facts(tokens, bos, device):
    """What can be said about a batch of sequences without knowing which random numbers were drawn.

    The device is told beside the one that was asked for: what was recorded on a CPU must hold on a GPU.
    """
    import torch

    if not isinstance(tokens, torch.Tensor):
        return {"type": type(tokens).__name__}
    known = {
        "type": "Tensor",
        "dtype": str(tokens.dtype),
        "device": "the one asked for" if tokens.device.type == torch.device(device).type else tokens.device.type,
        "shape": list(tokens.shape),
    }
    if tokens.ndim != 2 or tokens.shape[1] < 3 or tokens.shape[1] % 2 == 0:
        return known
    half = tokens.shape[1] // 2
    first, second = tokens[:, 1 : half + 1], tokens[:, half + 1 :]
    return known | {
        "starts_with_bos": bool((tokens[:, 0] == bos).all()),
        "second_half_equals_first": bool((first == second).all()),
        "second_half_is_first_reversed": bool((first.flip(1) == second).all()),
        "neighbours_equal": bool((tokens[:, 1::2] == tokens[:, 2::2]).all()),
        # Rows with the same tokens in another order are not drawn apart.
        "different_rows": len({tuple(sorted(row[1 : half + 1])) for row in tokens.tolist()}),
        "rows_in_another_order": len({tuple(row) for row in tokens.tolist()}),
    }


def on_sizes(exercise, bench, *, sizes, seed):
    """Facts about each of several sizes: what is wrong in all of them tells more than what is wrong in one."""
    return {
        f"d_vocab={d_vocab}, batch={batch}, half={half}": on_size(exercise, bench, d_vocab, bos, batch, half, seed)
        for d_vocab, bos, batch, half in sizes
    }


def on_size(exercise, bench, d_vocab, bos, batch, half, seed):
    tokens = exercise.repeated_tokens(d_vocab, bos, batch, half, seed, bench.device)
    found = facts(tokens, bos, bench.device)
    if 2 * half > d_vocab and "starts_with_bos" in found:
        halves = [row[1 : half + 1] for row in tokens.tolist()]
        found["rows_with_a_token_twice_in_a_half"] = sum(len(set(row)) < half for row in halves)
    return found


def on_another_device(exercise, bench, *, d_vocab, bos, batch, halves, seed):
    """PyTorch's device "meta" has no data. It shows on a CPU alone whether the device is passed on."""
    import torch

    found = {}
    for half in halves:
        tokens = exercise.repeated_tokens(d_vocab, bos, batch, half, seed, "meta")
        found[f"device, half={half}"] = (
            tokens.device.type if isinstance(tokens, torch.Tensor) else type(tokens).__name__
        )
    return found


def on_course_vocabulary(exercise, bench, *, batch, half, seed):
    tokens = exercise.repeated_tokens(bench.d_vocab, bench.bos, batch, half, seed, bench.device)
    return facts(tokens, bench.bos, bench.device)


def on_small_vocabularies(exercise, bench, *, vocabularies, batch, seed):
    return {
        f"{d_vocab} ids, BOS is {bos}": on_small_vocabulary(exercise, bench, d_vocab, bos, batch, half, seed)
        for d_vocab, bos, half in vocabularies
    }


def on_small_vocabulary(exercise, bench, d_vocab, bos, batch, half, seed):
    import torch

    tokens = exercise.repeated_tokens(d_vocab, bos, batch, half, seed, bench.device)
    if not isinstance(tokens, torch.Tensor) or tokens.ndim != 2:
        return facts(tokens, bos, bench.device)
    drawn = [token for row in tokens.tolist() for token in row[1:]]
    ids = [token for token in range(d_vocab) if token != bos]
    # With the sizes below 1.4 times of it is 9 standard deviations away, and 0.75 times of it 5. A pair is expected
    # 60 times or more.
    fair = len(drawn) / len(ids)
    followed = {pair for row in tokens.tolist() for pair in pairwise(row[1 : 1 + half])}
    return {
        "ids_after_position_0": sorted(set(drawn)),
        "drawn_far_too_often": [token for token in sorted(set(drawn)) if drawn.count(token) > 1.4 * fair],
        "drawn_far_too_seldom": [token for token in ids if drawn.count(token) < 0.75 * fair],
        "never_one_after_the_other": [pair for pair in product(ids, repeat=2) if pair not in followed],
        "bos_in_each_row": [row.count(bos) for row in tokens.tolist()],
    }


def on_large_vocabularies(exercise, bench, *, vocabularies, batch, half, seed):
    return {
        f"{d_vocab} ids, BOS is {bos}": on_large_vocabulary(exercise, bench, d_vocab, bos, batch, half, seed)
        for d_vocab, bos in vocabularies
    }


def on_large_vocabulary(exercise, bench, d_vocab, bos, batch, half, seed):
    """Which tenths of the vocabulary are drawn too seldom: 0.75 times of a fair share is 8 standard deviations away."""
    import torch

    tokens = exercise.repeated_tokens(d_vocab, bos, batch, half, seed, bench.device)
    if not isinstance(tokens, torch.Tensor) or tokens.ndim != 2:
        return facts(tokens, bos, bench.device)
    tenths = [10 * token // d_vocab for row in tokens.tolist() for token in row[1 : 1 + half]]
    return {"tenths_drawn_far_too_seldom": [n for n in range(10) if tenths.count(n) < 0.75 * batch * half / 10]}


def on_repeated_calls(exercise, bench, *, d_vocab, bos, batch, halves, seed):
    import random

    import numpy as np
    import torch

    def call(with_seed, half):
        tokens = exercise.repeated_tokens(d_vocab, bos, batch, half, with_seed, bench.device)
        return tokens.tolist() if isinstance(tokens, torch.Tensor) else tokens

    def global_states():
        name, keys, *rest = np.random.get_state()
        states = torch.random.get_rng_state().tolist(), (name, keys.tolist(), *rest), random.getstate()
        return dict(zip(("PyTorch", "NumPy", "Python"), states, strict=True))

    # One boolean tells little, so each question is asked for several lengths.
    changed, same, zero, other = {}, {}, {}, {}
    for half in halves:
        before = global_states()
        tokens = call(seed + 1, half)
        after = global_states()
        for library, state in before.items():
            changed[f"{library}, half={half}"] = after[library] != state
        first = call(0, half)
        torch.rand(7), np.random.rand(3), random.random()  # what was drawn before a call must not matter
        same[f"half={half}"] = call(seed + 1, half) == tokens
        zero[f"half={half}"] = call(0, half) == first
        other[f"half={half}"] = call(seed + 2, half) != tokens
    return {
        "same_seed_gives_same_tokens": same,
        "seed_0_gives_same_tokens": zero,
        "other_seed_gives_other_tokens": other,
        "global_random_states_changed": changed,
    }


def on_sizes_of_all_kinds(exercise, bench, *, sizes):
    """What is raised for each of some sizes. The first ones are possible."""
    raised, given = {}, []
    for d_vocab, bos, batch, half in sizes:
        try:
            tokens = exercise.repeated_tokens(d_vocab, bos, batch, half, 0, bench.device)
            given.append(facts(tokens, bos, bench.device).get("starts_with_bos"))
            found = "nothing"
        except ValueError:
            found = "ValueError"
        except NotImplementedError:
            raise
        except Exception as error:
            found = type(error).__name__
        raised[f"d_vocab={d_vocab}, bos={bos}, batch={batch}, half={half}"] = found
    return {"raised": raised, "result": given[0] if given else None}


def drawn(seed):
    """Sizes that nobody could have listed: the facts about the other sizes are the same, whatever the seed is."""
    draw = random.Random(seed).randint
    d_vocab = draw(200, 900)
    return d_vocab, draw(0, d_vocab - 1), draw(2, 7), draw(5, 25)


@pytest.mark.points(2)
def test_form(compare, seed):
    """BOS, a random half, the same half again: integers of the right shape, other noise in each row, on the right device."""
    sizes = [
        (50, 49, 3, 40),
        (40, 11, 7, 35),
        (30, 0, 6, 28),
        (1000, 0, 5, 4),
        (300, 123, 1, 9),
        (10**6, 7, 3, 1),
        drawn(seed),
    ]
    compare(on_sizes, sizes=sizes, seed=seed)
    compare(on_course_vocabulary, batch=4, half=11, seed=seed)
    compare(on_another_device, d_vocab=50, bos=7, batch=2, halves=[1, 2, 3, 4, 5, 6], seed=seed)


@pytest.mark.supporting
@pytest.mark.points(1)
def test_every_token_but_bos(compare, seed):
    """Every token but BOS turns up, none far too often or too seldom, and any token after any other, whatever BOS is."""
    vocabularies = [(8, 3, 1000), (6, 0, 1000), (7, 6, 1000), (2, 1, 1000), (12, 9, 3000), (11, 7, 3000)]
    found = compare(on_small_vocabularies, vocabularies=vocabularies, batch=3, seed=seed)
    for (d_vocab, _, _), of in zip(vocabularies, found.values(), strict=True):
        assert of["bos_in_each_row"] == [1, 1, 1], "BOS should appear exactly once in each row, at position 0"
        assert len(of["ids_after_position_0"]) == d_vocab - 1, "some token of the vocabulary is never drawn"
    compare(on_large_vocabularies, vocabularies=[(1000, 500), (600, 3)], batch=3, half=3000, seed=seed)


@pytest.mark.supporting
@pytest.mark.points(1)
def test_seed(compare, seed):
    """The same seed gives the same tokens, another seed others, and the global random states stay as they were."""
    compare(on_repeated_calls, d_vocab=100, bos=5, batch=3, halves=[5, 6, 7, 8, 9, 10], seed=seed)


@pytest.mark.points(1)
def test_clear_errors(compare):
    """Impossible sizes raise a ValueError, and the smallest possible ones do not."""
    possible = [(2, 1, 1, 1), (10, 0, 2, 3), (10, 9, 2, 3)]
    # Each clause in six cases, so that one which is left out can be told from others.
    smallest = [(10, 9, 2, 3), (10, 0, 1, 1), (5, 3, 3, 2), (8, 2, 4, 4), (20, 7, 2, 6), (7, 0, 5, 5)]
    impossible = [(d_vocab, bos, batch, 0) for d_vocab, bos, batch, _ in smallest]
    impossible += [(d_vocab, bos, 0, half) for d_vocab, bos, _, half in smallest]
    impossible += [(10, 9, 2, -1), (10, 9, -1, 5)]
    impossible += [(d_vocab, d_vocab, batch, half) for d_vocab, _, batch, half in smallest]
    impossible += [(d_vocab, d_vocab + bos + 1, batch, half) for d_vocab, bos, batch, half in smallest]
    impossible += [(d_vocab, -1 - bos, batch, half) for d_vocab, bos, batch, half in smallest]
    impossible += [(1, 0, batch, half) for _, _, batch, half in smallest] + [(0, 0, 2, 5)]
    compare(on_sizes_of_all_kinds, sizes=[*possible, *impossible])
