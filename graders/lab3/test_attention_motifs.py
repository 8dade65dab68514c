"""Grader of `attention_motifs`."""

import numpy as np
import pytest

MOTIFS = ("previous", "current", "first", "duplicate")


def uneven_repeats(bench, batch, pos, d_vocab, seed):
    """Tokens of which many repeat several times; but in the first row only one repeats, once."""
    import torch

    tokens = bench.integers(0, d_vocab, (batch, pos), seed=seed)
    tokens[0] = torch.arange(d_vocab, d_vocab + pos, device=bench.device)
    tokens[0, pos - 2] = tokens[0, 2]
    return tokens


def on_random_patterns(exercise, bench, *, layers, batch, heads, pos, d_vocab, seed):
    pattern = bench.pattern(layers, batch, heads, pos, pos, seed=seed)
    return exercise.attention_motifs(pattern, uneven_repeats(bench, batch, pos, d_vocab, seed + 1))


def on_simple_heads(exercise, bench, *, batch, half):
    """Six heads that look at one place each, or everywhere; where there is no such place, they look at position 0."""
    import torch

    pos = 1 + 2 * half
    second = range(half + 1, pos)
    looks_at = [
        {query: query - 1 for query in range(1, pos)},  # L0H0: previous token
        {query: query for query in range(pos)},  # L0H1: current token
        {},  # L1H0: first token
        {query: query - half for query in second},  # L1H1: duplicate token
        {query: query - half + 1 for query in second},  # L2H0: induction
    ]
    pattern = torch.zeros(6, pos, pos, dtype=bench.dtype, device=bench.device)
    for head, keys in enumerate(looks_at):
        for query in range(pos):
            pattern[head, query, keys.get(query, 0)] = 1
    for query in range(pos):
        pattern[5, query, : query + 1] = 1 / (query + 1)  # L2H1: everywhere
    row = [0, *range(1, half + 1), *range(1, half + 1)]
    tokens = torch.tensor([[token + 100 * number for token in row] for number in range(batch)], device=bench.device)
    return exercise.attention_motifs(pattern.reshape(3, 1, 2, pos, pos).repeat(1, batch, 1, 1, 1), tokens)


def on_silent_heads(exercise, bench, *, layers, batch, heads, pos, d_vocab, seed):
    """Some heads never look at the position before, and some never at the first one: their scores are 0, and others' are not."""
    import torch

    pattern = bench.pattern(layers, batch, heads, pos, pos, seed=seed)
    not_before, not_first = (bench.uniform(layers, 1, heads, 1, seed=seed + n) < 0.5 for n in (2, 3))
    rows = torch.arange(1, pos, device=bench.device)
    pattern[..., rows, rows - 1] = pattern[..., rows, rows - 1].masked_fill(not_before, 0)
    pattern[..., rows, 0] = pattern[..., rows, 0].masked_fill(not_first, 0)
    pattern = pattern / pattern.sum(-1, keepdim=True)
    return exercise.attention_motifs(pattern, uneven_repeats(bench, batch, pos, d_vocab, seed + 1))


def on_tokens_without_repeats(exercise, bench, *, layers, batch, heads, pos, seed):
    import torch

    pattern = bench.pattern(layers, batch, heads, pos, pos, seed=seed)
    return exercise.attention_motifs(pattern, torch.arange(batch * pos, device=bench.device).reshape(batch, pos))


def on_many_tokens_without_repeats(exercise, bench, *, sizes, seed):
    """The same for several sizes."""
    return {
        f"batch={batch}, pos={pos}": on_tokens_without_repeats(
            exercise, bench, layers=2, batch=batch, heads=3, pos=pos, seed=seed
        )
        for batch, pos in sizes
    }


def on_one_copy(exercise, bench, *, layers, heads, pos, seed):
    """A single text in which a single token repeats, once."""
    pattern = bench.pattern(layers, 1, heads, pos, pos, seed=seed)
    return exercise.attention_motifs(pattern, uneven_repeats(bench, 1, pos, 3, seed + 1))


def on_course_model(exercise, bench, *, batch, half, seed):
    tokens = bench.repeated_tokens(batch=batch, half=half, seed=seed)
    return exercise.attention_motifs(bench.patterns(tokens), tokens)


def on_course_model_with_many_copies(exercise, bench, *, batch, pos, d_vocab, seed):
    tokens = uneven_repeats(bench, batch, pos, d_vocab, seed)
    tokens[:, 0] = bench.bos
    return exercise.attention_motifs(bench.patterns(tokens), tokens)


def on_shapes_of_all_kinds(exercise, bench, *, shapes):
    """What is raised for some shapes of a pattern, `[batch, query, key]`, and of tokens, `[batch, pos]`. The first is possible."""
    raised, given = {}, []
    for (batch, queries, keys), tokens_shape in shapes:
        pattern, tokens = bench.uniform(2, batch, 3, queries, keys, seed=0), bench.integers(0, 4, tokens_shape, seed=1)
        try:
            found = exercise.attention_motifs(pattern, tokens)
            given.append(sorted(found))
            result = "nothing"
        except ValueError:
            result = "ValueError"
        except NotImplementedError:
            raise
        except Exception as error:
            result = type(error).__name__
        raised[f"batch, queries, keys {batch, queries, keys}, tokens {list(tokens_shape)}"] = result
    return {"raised": raised, "result": given[0] if given else None}


def assert_between_0_and_1(motifs):
    for name in MOTIFS:
        inside = np.all((motifs[name] >= 0) & (motifs[name] <= 1 + 1e-5))
        assert inside, f"the score {name!r} should be between 0 and 1: it is a mean of attention"


@pytest.mark.points(3)
def test_on_random_patterns(compare, seed):
    """Random attention patterns and tokens that repeat often, in several asymmetric shapes."""
    shapes = [(2, 3, 4, 9, 3), (1, 4, 3, 14, 4), (5, 2, 2, 8, 2)]
    assert_between_0_and_1(compare(on_silent_heads, layers=4, batch=2, heads=5, pos=7, d_vocab=3, seed=seed))
    for layers, batch, heads, pos, d_vocab in shapes:
        motifs = compare(
            on_random_patterns, layers=layers, batch=batch, heads=heads, pos=pos, d_vocab=d_vocab, seed=seed
        )
        assert_between_0_and_1(motifs)
    assert_between_0_and_1(compare(on_one_copy, layers=2, heads=3, pos=7, seed=seed))


@pytest.mark.points(3)
def test_on_simple_heads(compare):
    """Heads whose scores are known: they look at one simple place each, or everywhere."""
    for batch, half in [(2, 5), (3, 3)]:
        motifs = compare(on_simple_heads, batch=batch, half=half)
        rows = 2 * half  # all queries but BOS's own
        everywhere = np.mean([1 / (query + 1) for query in range(1, rows + 1)])
        expected = {
            "previous": [[1, 0], [1 / rows, 1 / rows], [1 / rows, everywhere]],
            "current": [[0, 1], [0, 0], [0, everywhere]],
            "first": [[1 / rows, 0], [1, 0.5], [0.5, everywhere]],
            "duplicate": [[0, 0], [0, 1], [0, np.mean([1 / (query + 1) for query in range(half + 1, rows + 1)])]],
        }
        for name in MOTIFS:
            assert np.allclose(motifs[name], expected[name], atol=1e-4), (
                "the heads are, in layer 0: previous token, current token; in layer 1: first token, duplicate token; "
                "in layer 2: induction, all positions evenly. "
                f"The score {name!r} should be {np.round(expected[name], 3).tolist()}"
            )


@pytest.mark.points(1)
def test_without_repeats(compare, seed):
    """Tokens that never repeat: the duplicate-token score is 0 for every head."""
    compare(on_many_tokens_without_repeats, sizes=[[1, 3], [2, 2], [2, 4], [3, 3], [1, 8], [4, 5]], seed=seed)
    compare(on_tokens_without_repeats, layers=3, batch=1, heads=2, pos=2, seed=seed)
    motifs = compare(on_tokens_without_repeats, layers=2, batch=3, heads=4, pos=6, seed=seed)
    assert np.all(motifs["duplicate"] == 0), "without a repeated token there is nothing to look back at: the score is 0"


@pytest.mark.points(2)
@pytest.mark.needs(context=37)
def test_on_course_model(compare, seed):
    """The attention patterns of the course model on repeated random tokens, and on tokens with many copies."""
    assert_between_0_and_1(compare(on_course_model, batch=2, half=18, seed=seed))
    assert_between_0_and_1(compare(on_course_model_with_many_copies, batch=3, pos=20, d_vocab=6, seed=seed))


@pytest.mark.points(1)
def test_clear_errors(compare):
    """Tokens that do not belong to the pattern, by their batch or their positions, raise a ValueError."""
    # Each clause in six cases, so that one which is left out can be told from others.
    one_row = [(3, 6), (2, 6), (4, 5), (5, 4), (2, 3), (3, 2)]
    batches = [((batch, pos, pos), (1, pos)) for batch, pos in one_row]
    batches += [((1, pos, pos), (batch, pos)) for batch, pos in one_row]
    batches += [((batch, pos, pos), (batch + 1, pos)) for batch, pos in one_row]
    batches += [((batch + 1, pos, pos), (batch, pos)) for batch, pos in one_row]
    surplus = [(3, 6, 8), (2, 5, 6), (1, 4, 7), (3, 2, 3), (2, 6, 7), (4, 3, 5)]
    positions = [((batch, pos, keys), (batch, pos)) for batch, pos, keys in surplus]
    positions += [((batch, queries, pos), (batch, pos)) for batch, pos, queries in surplus]
    positions += [((batch, larger, larger), (batch, pos)) for batch, pos, larger in surplus]
    positions += [((batch, pos, pos), (batch, larger)) for batch, pos, larger in surplus]
    positions += [((batch, 1, 1), (batch, 1)) for batch in (1, 2, 3, 4, 5, 6)]
    compare(on_shapes_of_all_kinds, shapes=[((1, 2, 2), (1, 2)), *batches, *positions])
