"""Grader of `repeated_tokens`. Two right programs draw different tokens, so what is compared are facts about them."""

import pytest


def facts(tokens, bos):
    """What can be said about a batch of sequences without knowing which random numbers were drawn."""
    import torch

    if not isinstance(tokens, torch.Tensor):
        return {"type": type(tokens).__name__}
    known = {
        "type": "Tensor",
        "dtype": str(tokens.dtype),
        "device": tokens.device.type,
        "shape": list(tokens.shape),
    }
    if tokens.ndim != 2 or tokens.shape[1] < 3 or tokens.shape[1] % 2 == 0:
        return known
    half = tokens.shape[1] // 2
    first, second = tokens[:, 1 : half + 1], tokens[:, half + 1 :]
    return known | {
        "starts_with_bos": bool((tokens[:, 0] == bos).all()),
        "second_half_equals_first": bool((first == second).all()),
        "neighbours_equal": bool((tokens[:, 1::2] == tokens[:, 2::2]).all()),
        "different_rows": len({tuple(row) for row in tokens.tolist()}),
    }


def on_sizes(exercise, bench, *, d_vocab, bos, batch, half, seed):
    tokens = exercise.repeated_tokens(d_vocab, bos, batch, half, seed, bench.device)
    return facts(tokens, bos)


def on_course_vocabulary(exercise, bench, *, batch, half, seed):
    tokens = exercise.repeated_tokens(bench.d_vocab, bench.bos, batch, half, seed, bench.device)
    return facts(tokens, bench.bos)


def on_small_vocabulary(exercise, bench, *, d_vocab, bos, batch, half, seed):
    import torch

    tokens = exercise.repeated_tokens(d_vocab, bos, batch, half, seed, bench.device)
    if not isinstance(tokens, torch.Tensor) or tokens.ndim != 2:
        return facts(tokens, bos)
    return {
        "ids_after_position_0": sorted({token for row in tokens.tolist() for token in row[1:]}),
        "bos_in_each_row": [row.count(bos) for row in tokens.tolist()],
    }


def on_repeated_calls(exercise, bench, *, d_vocab, bos, batch, half, seed):
    import random

    import numpy as np
    import torch

    def call(with_seed):
        tokens = exercise.repeated_tokens(d_vocab, bos, batch, half, with_seed, bench.device)
        return tokens.tolist() if isinstance(tokens, torch.Tensor) else tokens

    def global_states():
        name, keys, *rest = np.random.get_state()
        return torch.random.get_rng_state().tolist(), random.getstate(), (name, keys.tolist(), *rest)

    before = global_states()
    tokens = call(seed)
    after = global_states()
    torch.rand(7)  # what was drawn before a call must not matter
    return {
        "same_seed_gives_same_tokens": call(seed) == tokens,
        "other_seed_gives_other_tokens": call(seed + 1) != tokens,
        "global_random_state_kept": before == after,
    }


def on_impossible_sizes(exercise, bench, *, d_vocab, bos, batch, half):
    try:
        exercise.repeated_tokens(d_vocab, bos, batch, half, 0, bench.device)
    except ValueError:
        return {"raised": "ValueError"}
    except NotImplementedError:
        raise
    except Exception as error:
        return {"raised": type(error).__name__}
    return {"raised": "nothing"}


@pytest.mark.points(2)
def test_form(compare, seed):
    """BOS, a random half, the same half again: integers of the right shape, with other noise in each row."""
    for d_vocab, bos, batch, half in [(50, 49, 3, 7), (1000, 0, 5, 4), (300, 123, 1, 9), (90, 7, 3, 1)]:
        compare(on_sizes, d_vocab=d_vocab, bos=bos, batch=batch, half=half, seed=seed)
    compare(on_course_vocabulary, batch=4, half=11, seed=seed)


@pytest.mark.points(1)
def test_every_token_but_bos(compare, seed):
    """Every token of a small vocabulary turns up in the noise, except BOS, wherever in the vocabulary BOS is."""
    for d_vocab, bos in [(8, 3), (6, 0), (7, 6), (2, 1)]:
        found = compare(on_small_vocabulary, d_vocab=d_vocab, bos=bos, batch=3, half=200, seed=seed)
        assert found["bos_in_each_row"] == [1, 1, 1], "BOS should appear exactly once in each row, at position 0"
        assert len(found["ids_after_position_0"]) == d_vocab - 1, "some token of the vocabulary is never drawn"


@pytest.mark.points(1)
def test_seed(compare, seed):
    """The same seed gives the same tokens, another seed others, and the global random state stays as it was."""
    compare(on_repeated_calls, d_vocab=100, bos=5, batch=3, half=10, seed=seed)


@pytest.mark.points(1)
def test_clear_errors(compare):
    """Impossible sizes raise a ValueError."""
    for d_vocab, bos, batch, half in [(10, 9, 2, 0), (10, 9, 0, 5), (10, 10, 2, 5), (10, -1, 2, 5), (1, 0, 2, 5)]:
        compare(on_impossible_sizes, d_vocab=d_vocab, bos=bos, batch=batch, half=half)
