"""Grader of `copying_score`."""

import numpy as np
import pytest


def random_logits(exercise, bench, *, tokens, d_model, d_head, d_vocab, negative, seed):
    """Random weights and residuals, nothing centred, and a residual that is small against `eps`."""
    residual = bench.normal(tokens, d_model, seed=seed) + 0.7
    residual[-1] = residual[-1] * 0.01
    W_V, W_O = bench.normal(d_model, d_head, seed=seed + 1), 0.2 * bench.normal(d_head, d_model, seed=seed + 2) + 0.05
    W_U, b_U = bench.normal(d_model, d_vocab, seed=seed + 3), bench.normal(d_vocab, seed=seed + 4)
    return exercise.ov_logits(residual, W_V, W_O, W_U, b_U, negative=negative)


def with_another_eps(exercise, bench, *, eps, seed):
    weights = [bench.normal(*shape, seed=seed + at) for at, shape in enumerate([(4, 6), (6, 3), (3, 6), (6, 5), (5,)])]
    return exercise.ov_logits(*weights, eps=eps)


def of_a_faint_head(exercise, bench, *, seed):
    """What the head writes is so small that the usual `eps` counts in the final LayerNorm."""
    shapes = [(4, 6), (6, 3), (3, 6), (6, 5), (5,)]
    residual, W_V, W_O, W_U, b_U = (bench.normal(*shape, seed=seed + at) for at, shape in enumerate(shapes))
    return exercise.ov_logits(residual, W_V, 0.002 * W_O, W_U, b_U)


def simple_heads(exercise, bench, *, size, negative):
    """A head that copies, and one that does the opposite; the unembedding reads a token where it is embedded."""
    import torch

    identity = torch.eye(size, dtype=bench.dtype, device=bench.device)
    tokens = torch.arange(size, device=bench.device).flip(0)
    bias = torch.zeros(size, dtype=bench.dtype, device=bench.device)
    scores = {}
    for name, sign in (("copying", 1), ("anti", -1)):
        logits = exercise.ov_logits(identity[tokens], identity, sign * identity, identity, bias, negative=negative)
        scores[name] = exercise.copying_score(logits, tokens, 1)
    return scores


def known_ranks(bench, rows, d_vocab, ranks, seed):
    """Distinct whole numbers as logits; the token of row i has rank `ranks[i % len(ranks)]` (0 is the highest)."""
    import torch

    order = bench.uniform(rows, d_vocab, seed=seed).argsort(-1)  # [row, place], the highest first
    tokens = torch.stack([order[row, ranks[row % len(ranks)]] for row in range(rows)])
    logits = torch.empty(rows, d_vocab, dtype=bench.dtype, device=bench.device)
    falling = torch.arange(d_vocab, 0, -1, device=bench.device).to(bench.dtype) - d_vocab / 2
    logits.scatter_(1, order, falling.expand(rows, -1))
    return logits, tokens


def on_known_ranks(exercise, bench, *, rows, d_vocab, ranks, ks, seed, middle=0.0, step=1.0):
    """The scores for some k, and for the usual one, 5, with logits that are some steps away from a middle."""
    logits, tokens = known_ranks(bench, rows, d_vocab, ranks, seed)
    logits = middle + logits * step
    found = []
    for k in ks:
        try:
            found.append(exercise.copying_score(logits, tokens, k))
        except ValueError:
            found.append(f"ValueError for k = {k} of {d_vocab}")
    return [*found, exercise.copying_score(logits, tokens)]


def around_several_numbers(exercise, bench, *, numbers, ranks, ks, seed):
    """The scores where all logits are within some millionths of a number."""
    asked = {"rows": 7, "d_vocab": 9, "ranks": ranks, "ks": ks, "seed": seed, "step": 2**-20}
    return {f"around {number}": on_known_ranks(exercise, bench, **asked, middle=number) for number in numbers}


def on_course_model(exercise, bench, *, tokens, layer, head, negative, seed):
    """What a head of the course model writes for random tokens."""
    import torch

    model = bench.model
    layer, head = layer % bench.n_layers, head % bench.n_heads
    text = bench.integers(0, bench.d_vocab, (tokens, 1), seed=seed)
    text = torch.cat([torch.full_like(text, bench.bos), text], dim=1)
    name = "blocks.0.hook_resid_post"
    residual = bench.cache(text, [name])[name][:, 1]
    weights = (bench.for_each_head(model.W_V)[layer, head], model.W_O[layer, head], model.W_U, model.b_U)
    return exercise.ov_logits(residual, *weights, negative=negative)[:, ::31]


def on_misfits(exercise, bench, *, cases):
    """What is raised for some numbers of rows and tokens, and some k, with a vocabulary of 6."""
    raised = []
    for rows, tokens, k in cases:
        logits, _ = known_ranks(bench, rows, 6, [0], 1)
        try:
            exercise.copying_score(logits, bench.integers(0, 6, (tokens,), seed=2), k)
            raised.append(f"nothing for k = {k}, {rows} rows and {tokens} tokens")
        except ValueError:
            raised.append("ValueError")
        except NotImplementedError:
            raise
        except Exception as error:
            raised.append(f"{type(error).__name__} for k = {k}, {rows} rows and {tokens} tokens")
    return raised


@pytest.mark.points(3)
def test_ov_logits(compare, seed):
    """The logits of a head with random weights, in several asymmetric shapes, and with the sign turned round."""
    for tokens, d_model, d_head, d_vocab, negative in [(3, 8, 4, 11, False), (5, 6, 3, 7, True), (2, 12, 5, 9, False)]:
        compare(
            random_logits,
            tokens=tokens,
            d_model=d_model,
            d_head=d_head,
            d_vocab=d_vocab,
            negative=negative,
            seed=seed,
        )
    compare(with_another_eps, eps=0.5, seed=seed)
    compare(of_a_faint_head, seed=seed)


@pytest.mark.supporting  # the scores are the same, whatever the seed is
@pytest.mark.points(3)
def test_scores(compare, seed):
    """The share of tokens among the k highest, where each token's rank is known."""
    for rows, d_vocab, ranks in [(6, 9, [0, 1, 2, 4, 5, 8]), (4, 30, [3, 0]), (10, 17, [1, 6, 16])]:
        found = compare(on_known_ranks, rows=rows, d_vocab=d_vocab, ranks=ranks, ks=[1, 2, 5, d_vocab], seed=seed)
        placed = np.array([ranks[row % len(ranks)] for row in range(rows)])
        for k, score in zip([1, 2, 5, d_vocab, 5], found, strict=True):
            expected = (placed < k).mean()
            assert abs(score - expected) < 1e-6, f"with k = {k} the tokens are at places {(placed + 1).tolist()}"
    # Higher is higher by however little: logits that are nearly equal (by a millionth of their size), and logits that are all small.
    compare(around_several_numbers, numbers=[1.0, -1.0, 0.0], ranks=[0, 2, 1, 5, 3, 8], ks=[1, 2, 3, 5], seed=seed)


@pytest.mark.points(1)
def test_simple_heads(compare):
    """A head that copies has copying score 1, one that does the opposite has it with the sign turned round."""
    for size, negative in [(6, False), (9, True)]:
        scores = compare(simple_heads, size=size, negative=negative)
        expected = {"copying": 0 if negative else 1, "anti": 1 if negative else 0}
        assert scores == expected, f"with negative={negative} the scores should be {expected}, not {scores}"


@pytest.mark.points(2)
def test_on_course_model(compare, seed):
    """What heads of the course model write for random tokens."""
    for tokens, layer, head, negative in [(6, -1, 0, False), (4, 1, 1, True)]:
        compare(on_course_model, tokens=tokens, layer=layer, head=head, negative=negative, seed=seed)


@pytest.mark.points(1)
def test_clear_errors(compare):
    """A k below 1 or above the vocabulary, or tokens that do not fit the rows, raise a ValueError; all others do not."""
    # More for k than there are rows, and one row alone.
    compare(on_known_ranks, rows=1, d_vocab=9, ranks=[6], ks=[1, 6, 7, 9], seed=0)
    cases = [(3, 3, 0), (3, 3, -1), (3, 3, 7), (7, 7, 7), (4, 3, 2), (4, 1, 2), (1, 4, 2), (3, 5, 2)]
    compare(on_misfits, cases=[list(case) for case in cases])
