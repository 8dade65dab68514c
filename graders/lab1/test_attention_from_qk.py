"""Grader of `attention_from_qk`."""

import numpy as np
import pytest


def on_random_vectors(exercise, bench, *, batch, pos, heads, width, seed):
    q = bench.normal(batch, pos, heads, width, seed=seed)
    k = bench.normal(batch, pos, heads, width, seed=seed + 1)
    return exercise.attention_from_qk(q, k)


def on_known_scores(exercise, bench, *, pos, width, ratio):
    """One head whose keys are all alike, and one that gives each step back `ratio` times less weight."""
    import math

    import torch

    q = torch.zeros(2, pos, 2, width, dtype=bench.dtype, device=bench.device)
    k = torch.zeros_like(q)
    k[:, :, 0, 0] = 1
    q[:, :, 0, 0] = 3
    q[:, :, 1, 1] = math.log(ratio) * math.sqrt(width)
    k[:, :, 1, 1] = torch.arange(pos, dtype=bench.dtype, device=bench.device)
    return exercise.attention_from_qk(q, k)


def on_large_scores(exercise, bench, *, shifts, steps, pos):
    """Scores that are whole numbers: `shift + step * key` for each text's shift and each head's step."""
    import torch

    q = torch.zeros(len(shifts), pos, len(steps), 4, dtype=bench.dtype, device=bench.device)
    k = torch.zeros_like(q)
    q[..., 0] = 2 * q.new_tensor(shifts)[:, None, None]
    q[..., 1] = 2 * q.new_tensor(steps)
    k[..., 0] = 1
    k[..., 1] = torch.arange(pos, dtype=q.dtype, device=q.device)[:, None]
    return exercise.attention_from_qk(q, k)


def on_views(exercise, bench, *, batch, pos, heads, width, seed):
    """Queries whose axes lie in another order in memory, and one text's keys for all texts of the batch."""
    q = bench.normal(batch, heads, pos, width, seed=seed).transpose(1, 2)
    k = bench.normal(1, heads, pos, width, seed=seed + 1).transpose(1, 2).expand(batch, -1, -1, -1)
    try:
        return exercise.attention_from_qk(q, k)
    except RuntimeError as error:
        if "view" not in str(error):
            raise
        return f"RuntimeError: {error}"


def on_course_model(exercise, bench, *, batch, pos, seed):
    """Against the model's own pattern."""
    import torch

    tokens = bench.integers(0, bench.d_vocab, (batch, pos), seed=seed)
    tokens[:, 0] = bench.bos
    layers = []
    for layer in (0, bench.n_layers - 1):
        names = [f"blocks.{layer}.attn.hook_{part}" for part in ("q", "k", "pattern")]
        cache = bench.cache(tokens, names)
        layers.append([cache[name] for name in names])
    return {
        "from_qk": torch.stack([exercise.attention_from_qk(q, k) for q, k, _ in layers]),
        "own": torch.stack([pattern for _, _, pattern in layers]),
    }


def assert_causal(pattern):
    assert np.allclose(pattern.sum(-1), 1, atol=1e-4), "each row (over the keys) should sum to 1"
    assert np.all(np.triu(pattern, 1) == 0), "a position attends to one that comes after it: that is the future"


@pytest.mark.points(2)
def test_on_random_vectors(compare, seed):
    """Random queries and keys in several asymmetric shapes."""
    for batch, pos, heads, width in [(2, 6, 3, 5), (3, 4, 2, 16), (1, 9, 4, 2)]:
        assert_causal(compare(on_random_vectors, batch=batch, pos=pos, heads=heads, width=width, seed=seed))
    assert_causal(compare(on_views, batch=3, pos=5, heads=2, width=4, seed=seed))


@pytest.mark.points(1)
def test_on_known_scores(compare):
    """Heads whose pattern is known: equal keys get equal shares, geometric scores geometric shares; very large scores."""
    for pos, width, ratio in [(5, 4, 2), (3, 9, 3)]:
        pattern = compare(on_known_scores, pos=pos, width=width, ratio=ratio)
        even = [[1 / (i + 1) if j <= i else 0 for j in range(pos)] for i in range(pos)]
        steps = np.tril([[float(ratio) ** (j - i) for j in range(pos)] for i in range(pos)])
        steps /= steps.sum(-1, keepdims=True)
        for head, expected in enumerate((even, steps)):
            assert np.allclose(pattern[:, head], expected, atol=1e-4), (
                f"head {head} should have the pattern {np.round(expected, 3).tolist()}: its keys are "
                + ("all alike" if head == 0 else f"such that each position counts {ratio} times the one before it")
            )
    shifts, rises, pos = [0, 300, -300, -200_000, 200_000], [1, 200, -1], 4
    pattern = compare(on_large_scores, shifts=shifts, steps=rises, pos=pos)
    for head, step in enumerate(rises):
        scores = [[step * key if key <= query else -np.inf for key in range(pos)] for query in range(pos)]
        shares = np.exp(scores - np.max(scores, axis=-1, keepdims=True))
        shares /= shares.sum(-1, keepdims=True)
        assert np.allclose(pattern[:, head], shares, atol=1e-4), (
            f"head {head} should have the pattern {np.round(shares, 3).tolist()}: "
            f"each score is the one before it plus {step}, whatever the scores' size"
        )
    # Far below what is often taken for minus infinity. No sum is rounded, and each query looks at one key.
    compare(on_large_scores, shifts=[-(2**36), 2**36], steps=[2**24, -(2**24)], pos=4)


@pytest.mark.supporting
@pytest.mark.points(1)
def test_on_one_token(compare, seed):
    """A prompt of a single token attends to itself, and nothing is NaN; and one of two tokens, with a single head."""
    pattern = compare(on_random_vectors, batch=2, pos=1, heads=3, width=4, seed=seed)
    assert np.allclose(pattern, 1), "a lone token has only itself to look at"
    compare(on_random_vectors, batch=1, pos=2, heads=1, width=3, seed=seed)


@pytest.mark.points(1)
@pytest.mark.needs("learned_positions")
def test_on_course_model(compare, seed):
    """The cached queries and keys of the course model give its cached pattern."""
    for batch, pos in [(2, 7), (3, 4)]:
        found = compare(on_course_model, batch=batch, pos=pos, seed=seed)
        assert np.allclose(found["from_qk"], found["own"], atol=1e-4), "this is not the pattern that the model computed"
        assert_causal(found["from_qk"])
