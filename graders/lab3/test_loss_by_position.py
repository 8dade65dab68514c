"""Grader of `loss_by_position`."""

import numpy as np
import pytest


def on_random_logits(exercise, bench, *, batch, half, d_vocab, scale, seed):
    logits = bench.normal(batch, 1 + 2 * half, d_vocab, seed=seed) * scale
    tokens = bench.integers(0, d_vocab, (batch, 1 + 2 * half), seed=seed + 1)
    return exercise.loss_by_position(logits, tokens)


def on_a_perfect_copier(exercise, bench, *, batch, half, d_vocab, seed):
    """Logits that know nothing about the first half, and are certain of the second."""
    tokens = bench.integers(0, d_vocab, (batch, 1 + 2 * half), seed=seed)
    logits = bench.normal(batch, 1 + 2 * half, d_vocab, seed=seed) * 0
    for position in range(half, 2 * half):
        logits[:, position].scatter_(1, tokens[:, position + 1, None], 60.0)
    return exercise.loss_by_position(logits, tokens)


def on_course_model(exercise, bench, *, batch, half, seed):
    tokens = bench.repeated_tokens(batch=batch, half=half, seed=seed)
    own = bench.model(tokens, return_type="loss", loss_per_token=True)
    return {"yours": exercise.loss_by_position(bench.run(tokens), tokens), "model_s_own_loss": own}


def on_shapes_of_all_kinds(exercise, bench, *, shapes):
    """What is raised for some shapes of logits and tokens, `[batch, pos]` each. The first one is possible."""
    raised, given = {}, []
    for logits_shape, tokens_shape in shapes:
        logits, tokens = bench.normal(*logits_shape, 7, seed=0), bench.integers(0, 7, tokens_shape, seed=1)
        try:
            loss, _ = exercise.loss_by_position(logits, tokens)
            given.append(loss.numel())
            result = "nothing"
        except ValueError:
            result = "ValueError"
        except NotImplementedError:
            raise
        except Exception as error:
            result = type(error).__name__
        raised[f"logits {list(logits_shape)}, tokens {list(tokens_shape)}"] = result
    return {"raised": raised, "result": given[0] if given else None}


@pytest.mark.points(1)
def test_on_random_logits(compare, seed):
    """Random logits and tokens, in several asymmetric shapes."""
    for batch, half, d_vocab in [(3, 4, 11), (2, 7, 5), (1, 3, 30), (4, 1, 6)]:
        loss, half_means = compare(on_random_logits, batch=batch, half=half, d_vocab=d_vocab, scale=2.0, seed=seed)
        assert np.all(loss >= -1e-6), "a loss is never negative: no probability is above 1"
        assert abs(half_means.mean() - loss.mean()) < 1e-4, (
            "the two half means should average to the mean of all losses"
        )


@pytest.mark.supporting  # the answer is the same, whatever the seed is
@pytest.mark.points(1)
def test_perfect_copier(compare, seed):
    """Logits that guess evenly on the first half and know the second: the mean losses are ln(d_vocab) and 0."""
    for batch, half, d_vocab in [(3, 5, 9), (2, 2, 40)]:
        _, half_means = compare(on_a_perfect_copier, batch=batch, half=half, d_vocab=d_vocab, seed=seed)
        expected = [np.log(d_vocab), 0.0]
        assert np.allclose(half_means, expected, atol=1e-4), f"the half means should be ln({d_vocab}) and 0, in nats"


@pytest.mark.points(1)
def test_large_logits(compare, seed):
    """Very confident logits: the loss is large where the model is wrong, but finite."""
    loss, _ = compare(on_random_logits, batch=2, half=6, d_vocab=13, scale=100.0, seed=seed)
    assert loss.max() > 100, "a confident model that is wrong should pay for it"


@pytest.mark.points(1)
@pytest.mark.needs(context=25)
def test_on_course_model(compare, seed):
    """The course model on repeated random tokens, also against the model's own loss."""
    for batch, half in [(3, 12), (2, 5)]:
        found = compare(on_course_model, batch=batch, half=half, seed=seed)
        loss, _ = found["yours"]
        assert np.allclose(loss, found["model_s_own_loss"], atol=1e-3), "your losses differ from the model's own"


@pytest.mark.points(1)
def test_clear_errors(compare):
    """Positions that are not BOS and two equal halves, and logits that do not fit the tokens, raise a ValueError."""
    # Each clause in six cases or more, so that one which is left out can be told from others.
    even = [((2, pos), (2, pos)) for pos in (2, 4, 6, 8, 10, 12, 14)]
    alone = [((batch, 1), (batch, 1)) for batch in (1, 2, 3, 4, 5, 7)]
    longer = [
        ((2, 9), (2, 7)),
        ((2, 8), (2, 7)),
        ((2, 6), (2, 5)),
        ((1, 4), (1, 3)),
        ((3, 7), (3, 3)),
        ((2, 12), (2, 11)),
    ]
    shorter = [
        ((2, 6), (2, 7)),
        ((2, 4), (2, 5)),
        ((1, 2), (1, 3)),
        ((3, 8), (3, 9)),
        ((2, 10), (2, 11)),
        ((4, 4), (4, 5)),
    ]
    one_row = [
        ((1, 7), (2, 7)),
        ((1, 7), (3, 7)),
        ((1, 5), (2, 5)),
        ((1, 3), (4, 3)),
        ((1, 9), (2, 9)),
        ((1, 5), (5, 5)),
    ]
    more_rows = [
        ((3, 7), (2, 7)),
        ((2, 7), (1, 7)),
        ((4, 5), (1, 5)),
        ((5, 3), (2, 3)),
        ((3, 9), (2, 9)),
        ((2, 7), (3, 7)),
    ]
    impossible = [*even, *alone, *longer, *shorter, ((2, 5), (2, 7)), *one_row, *more_rows]
    compare(on_shapes_of_all_kinds, shapes=[((2, 3), (2, 3)), *impossible])
