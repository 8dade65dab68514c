"""Grader of `qk_previous_token`."""

import numpy as np
import pytest


def on_random_weights(exercise, bench, *, pos, d_model, heads, d_head, scale, seed):
    W_Q, W_K = (bench.normal(heads, d_model, d_head, seed=seed + n) * (2 * scale / d_model**0.5) for n in (1, 2))
    b_Q, b_K = (bench.normal(heads, d_head, seed=seed + n) for n in (3, 4))
    return exercise.qk_previous_token(bench.normal(pos, d_model, seed=seed), W_Q, W_K, b_Q, b_K, scale)


def on_a_small_stream(exercise, bench, *, pos, d_model, heads, d_head, scale, seed):
    """Position embeddings as small as the scale: what LayerNorm gives is of ordinary size."""
    W_Q, W_K = (bench.normal(heads, d_model, d_head, seed=seed + n) * (2 / d_model**0.5) for n in (1, 2))
    b_Q, b_K = (bench.normal(heads, d_head, seed=seed + n) for n in (3, 4))
    return exercise.qk_previous_token(bench.normal(pos, d_model, seed=seed) * scale, W_Q, W_K, b_Q, b_K, scale)


def on_known_heads(exercise, bench, *, pos, sharpness):
    """Heads that look at a fixed distance, in a space with a direction for each position: back by 1, by 0, evenly, ahead, elsewhere."""
    import torch

    eye = torch.eye(pos, dtype=bench.dtype, device=bench.device)
    W_K = torch.stack([eye, eye, 0 * eye, eye, eye])
    # The query at i asks for the key at i - 1, at i, at none in particular, at i + 1 (the last one for that at 0), not at i.
    W_Q = torch.stack([eye.roll(-1, dims=1), eye, eye, eye.roll(1, dims=1), -eye]) * sharpness * pos**0.5
    nothing = torch.zeros(5, pos, dtype=bench.dtype, device=bench.device)
    return exercise.qk_previous_token(eye * 2, W_Q, W_K, nothing, nothing, 2.0)


def on_another_key_bias(exercise, bench, *, pos, d_model, heads, d_head, seed):
    """The same weights with two key biases."""
    W_Q, W_K = (bench.normal(heads, d_model, d_head, seed=seed + n) for n in (1, 2))
    b_Q = bench.normal(heads, d_head, seed=seed + 3)
    W_pos = bench.normal(pos, d_model, seed=seed)
    biases = [bench.normal(heads, d_head, seed=seed + n) for n in (4, 5)]
    return [exercise.qk_previous_token(W_pos, W_Q, W_K, b_Q, bias, 3.0) for bias in biases]


def on_course_model(exercise, bench, *, pos, seed):
    model = bench.model
    name = "blocks.0.ln1.hook_scale"
    scale = bench.cache(bench.repeated_tokens(batch=2, half=pos // 2, seed=seed), [name])[name].mean().item()
    W_pos = model.pos_embed.W_pos[:pos]
    return exercise.qk_previous_token(W_pos, model.W_Q[0], model.W_K[0], model.b_Q[0], model.b_K[0], scale)


def on_inputs_of_all_kinds(exercise, bench, *, inputs):
    """What is raised for some numbers of positions and scales. The first ones are possible."""
    W_Q, W_K = (bench.normal(2, 5, 3, seed=n) for n in (1, 2))
    b_Q, b_K = (bench.normal(2, 3, seed=n) for n in (3, 4))
    raised, given = {}, []
    for pos, scale in inputs:
        try:
            found = exercise.qk_previous_token(bench.normal(pos, 5, seed=0), W_Q, W_K, b_Q, b_K, scale)
            given.append(len(found))
            result = "nothing"
        except ValueError:
            result = "ValueError"
        except NotImplementedError:
            raise
        except Exception as error:
            result = type(error).__name__
        raised[f"{pos} positions, scale={scale}"] = result
    return {"raised": raised, "result": given[0] if given else None}


def assert_causal(pattern):
    assert np.allclose(pattern.sum(-1), 1, atol=1e-4), "each query's attention should sum to 1"
    assert np.all(pattern[:, ~np.tri(pattern.shape[-1], dtype=bool)] == 0), "no query may attend to a later position"


@pytest.mark.points(4)
def test_on_random_weights(compare, seed):
    """Random weights and biases, in several asymmetric shapes."""
    for pos, d_model, heads, d_head, scale in [
        (7, 10, 3, 4, 0.5),
        (5, 6, 2, 9, 3.0),
        (12, 16, 1, 2, 1.5),
        (2, 4, 3, 5, 1.0),
    ]:
        pattern, previous = compare(
            on_random_weights, pos=pos, d_model=d_model, heads=heads, d_head=d_head, scale=scale, seed=seed
        )
        assert_causal(pattern)
        diagonal = pattern[:, range(1, pos), range(pos - 1)].mean(-1)
        assert np.allclose(previous, diagonal, atol=1e-4), "the score should be the mean of the pattern's own diagonal"
    # A stream may be small. What is added to the scale, or compared with it, must not matter.
    for scale in (2**-7, 2**-20):
        compare(on_a_small_stream, pos=6, d_model=8, heads=2, d_head=3, scale=scale, seed=seed)


@pytest.mark.points(2)
def test_known_heads(compare):
    """Heads that look one back, at themselves, evenly, ahead, and elsewhere, with scores of ordinary size and very large ones."""
    for pos, sharpness in [(9, 2000.0), (6, 15.0)]:
        pattern, previous = compare(on_known_heads, pos=pos, sharpness=sharpness)
        assert_causal(pattern)
        evenly = [1 / (query + 1) for query in range(1, pos)]
        ahead = [
            *evenly[:-1],
            0,
        ]  # nothing ahead may be seen, so this head is even too; its last query asks for position 0
        elsewhere = [1 / query for query in range(1, pos)]
        expected = [1, 0, np.mean(evenly), np.mean(ahead), np.mean(elsewhere)]
        assert np.allclose(previous, expected, atol=1e-3), (
            "the heads look one position back, at themselves, evenly at all positions up to their own, one position ahead, "
            f"and anywhere but at themselves: the scores should be {np.round(expected, 3).tolist()}"
        )


@pytest.mark.points(1)
def test_key_bias(compare, seed):
    """The key bias changes nothing: it adds the same to all scores of a query."""
    (one, _), (other, _) = compare(on_another_key_bias, pos=6, d_model=8, heads=2, d_head=3, seed=seed)
    assert np.allclose(one, other, atol=1e-4), "two key biases should give the same pattern"


@pytest.mark.points(2)
@pytest.mark.needs("learned_positions", context=25)
def test_on_course_model(compare, seed):
    """The heads of layer 0 of the course model."""
    pattern, previous = compare(on_course_model, pos=24, seed=seed)
    assert_causal(pattern)
    assert np.all((previous >= 0) & (previous <= 1 + 1e-5)), "a mean of attention is between 0 and 1"


@pytest.mark.points(1)
def test_clear_errors(compare):
    """A single position, or a scale that is not positive, raises a ValueError; two positions and a small scale do not."""
    possible = [(2, 0.25), (4, 1.0)]
    # Each clause in six cases, so that one which is left out can be told from others.
    impossible = [(1, scale) for scale in (0.25, 0.5, 1.0, 2.0, 3.0, 40.0)]
    impossible += [(pos, 0.0) for pos in (2, 3, 4, 5, 6, 9)]
    impossible += [(pos, scale) for pos, scale in [(4, -2.0), (2, -1.0), (3, -0.5), (5, -4.0), (6, -1e-3), (9, -10.0)]]
    impossible += [(0, 1.0), (1, -1.0)]
    compare(on_inputs_of_all_kinds, inputs=[*possible, *impossible])
