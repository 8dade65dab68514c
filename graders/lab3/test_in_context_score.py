"""Grader of `in_context_score`."""

import math

import pytest


def together(scores):
    """Scores as one tensor: a score near 0 is a difference of large losses, and its rounding is theirs."""
    import torch

    if not all(isinstance(score, float) for score in scores):
        return scores
    return torch.tensor(scores, dtype=torch.float64)


def on_random_logits(exercise, bench, *, batch, pos, d_vocab, size, offset, windows, seed):
    """Logits that grow with the position: every window has a mean of its own. An offset changes no probability."""
    import torch

    growth = torch.linspace(0.5, 3.0, pos, dtype=bench.dtype, device=bench.device)[:, None]
    logits = bench.normal(batch, pos, d_vocab, seed=seed) * growth * size + offset
    tokens = bench.integers(0, d_vocab, (batch, pos), seed=seed + 1)
    return together([score_or_refusal(exercise, logits, tokens, *window) for window in windows])


def score_or_refusal(exercise, *arguments):
    """The score. Who refuses a window that is right does so with a message of their own, which says nothing here."""
    try:
        return exercise.in_context_score(*arguments)
    except ValueError:
        return "ValueError"


def on_a_late_learner(exercise, bench, *, batch, pos, d_vocab, learns_at, early, late, width, seed):
    """Logits that know nothing about the tokens before a position, and are certain of those from there on."""
    tokens = bench.integers(0, d_vocab, (batch, pos), seed=seed)
    logits = bench.normal(batch, pos, d_vocab, seed=seed) * 0
    for position in range(learns_at - 1, pos - 1):
        logits[:, position].scatter_(1, tokens[:, position + 1, None], 60.0)
    return exercise.in_context_score(logits, tokens, early, late, width)


def on_course_model(exercise, bench, *, batch, period, repeats, seed):
    """Tokens that come again and again: each repetition against the first time."""
    import torch

    unit = bench.repeated_tokens(batch=batch, half=period, seed=seed)
    tokens = torch.cat([unit[:, :1], *[unit[:, 1 : period + 1]] * repeats], dim=1)
    logits = bench.run(tokens)
    begins = range(1 + period, 1 + repeats * period, period)
    return together([score_or_refusal(exercise, logits.clone(), tokens, 1, begin, period) for begin in begins])


def on_windows_of_all_kinds(exercise, bench, *, pos, windows):
    """What is raised for some windows. The first ones are possible."""
    logits, tokens = bench.normal(2, pos, 5, seed=0), bench.integers(0, 5, (2, pos), seed=1)
    raised, given = {}, []
    for early, late, width in windows:
        try:
            found = exercise.in_context_score(logits, tokens, early, late, width)
            given.append(type(found).__name__)
            result = "nothing"
        except ValueError:
            result = "ValueError"
        except NotImplementedError:
            raise
        except Exception as error:
            result = type(error).__name__
        raised[f"early={early}, late={late}, width={width}"] = result
    return {"raised": raised, "result": given[0] if given else None}


@pytest.mark.points(2)
def test_on_random_logits(compare, seed):
    """Random logits and tokens, with windows of several widths, at both ends and overlapping; also very large logits."""
    kinds = [(3, 14, 7, 1, 0), (2, 12, 20, 30, 0), (1, 12, 6, 1, 100), (2, 12, 20, 100, 0)]
    for batch, pos, d_vocab, size, offset in kinds:
        windows = [[1, 8, 3], [2, 3, 5], [4, pos - 1, 1], [1, pos - 4, 4]]
        if size > 1:  # single tokens: which of them are out of a float's reach tells how the logarithm was taken
            windows += [[1, late, 1] for late in range(2, pos)]
        compare(
            on_random_logits,
            batch=batch,
            pos=pos,
            d_vocab=d_vocab,
            size=size,
            offset=offset,
            windows=windows,
            seed=seed,
        )


@pytest.mark.supporting  # the answer is the same, whatever the seed is
@pytest.mark.points(1)
def test_a_late_learner(compare, seed):
    """Logits that guess evenly up to a token and know all from there on: the score is -ln(d_vocab), or less of it."""
    for learns_at, early, late, width, share in [(7, 1, 7, 3, 1.0), (7, 3, 6, 2, 0.5), (7, 7, 9, 2, 0.0)]:
        score = compare(
            on_a_late_learner,
            batch=2,
            pos=12,
            d_vocab=9,
            learns_at=learns_at,
            early=early,
            late=late,
            width=width,
            seed=seed,
        )
        expected = -share * math.log(9)
        assert abs(score - expected) < 1e-3, (
            f"the model knows all tokens from position {learns_at} on, so that windows of {width} tokens from {early} and "
            f"{late} should give {expected:.3f}"
        )


@pytest.mark.points(1)
@pytest.mark.needs(context=29)
def test_on_course_model(compare, seed):
    """The course model on random tokens that come four times, each time against the first."""
    compare(on_course_model, batch=3, period=7, repeats=4, seed=seed)


@pytest.mark.points(1)
def test_clear_errors(compare):
    """Windows that do not fit into the text, or are in the wrong order, raise a ValueError; windows that just fit do not."""
    possible = [(1, 2, 1), (1, 2, 8), (8, 9, 1)]
    # Each clause in six cases, so that one which is left out can be told from others.
    no_early = [(0, 4, 2), (0, 1, 1), (0, 5, 3), (0, 2, 2), (0, 8, 1), (0, 3, 4), (-1, 4, 2), (-2, 6, 1)]
    same_place = [(5, 5, 2), (1, 1, 1), (3, 3, 4), (2, 2, 2), (6, 6, 1), (4, 4, 3)]
    other_order = [(6, 3, 2), (5, 2, 1), (4, 1, 3), (7, 6, 2), (3, 2, 2), (8, 1, 1)]
    no_width = [(first, late, 0) for first, late in [(2, 5), (1, 2), (3, 4), (1, 9), (4, 7), (6, 8)]]
    below_0 = [(first, late, width) for (first, late, _), width in zip(no_width, (-1, -1, -2, -3, -1, -2), strict=True)]
    one_beyond = [(2, 9, 2), (2, 10, 1), (1, 8, 3), (3, 7, 4), (1, 6, 5), (4, 5, 6)]
    far_beyond = [(2, 8, 4), (1, 9, 3), (3, 9, 5), (2, 7, 6), (1, 5, 7), (1, 9, 9), (2, 12, 1), (3, 11, 2)]
    impossible = [*no_early, *same_place, *other_order, *no_width, *below_0, *one_beyond, *far_beyond]
    compare(on_windows_of_all_kinds, pos=10, windows=possible + impossible)
