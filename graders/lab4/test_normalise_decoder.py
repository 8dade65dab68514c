"""Grader of `normalise_decoder`."""

import numpy as np
import pytest


def directions(bench, d_sae, d_in, seed):
    """Random directions, with lengths from a half to about three times that of a random vector."""
    return bench.normal(d_sae, d_in, seed=seed) * (0.5 + 2.5 * bench.uniform(d_sae, 1, seed=seed + 1))


def with_a_silent_direction(bench, d_sae, d_in, seed):
    W_dec = directions(bench, d_sae, d_in, seed)
    W_dec[d_sae // 2] = 0
    return W_dec


def hard_directions(bench, d_in):
    """Very short and very long rows, one whose entries add up to 0, one with a single entry, one of zeros."""
    import torch

    rows = bench.normal(8, d_in, seed=3)
    rows[0] *= 1e-5
    rows[1] *= 1e-3
    rows[2] *= 1e4
    rows[3] = torch.tensor([3.0, -3.0] + [0.0] * (d_in - 2))
    rows[4] = 0
    rows[4, -1] = -0.5
    rows[5] = 0
    rows[6] *= 2.0**-30
    return rows


def of_hard_directions(exercise, bench, *, d_in, seed):
    """Both functions; what comes back of the short and long rows is given at their own scale."""
    W_dec = hard_directions(bench, d_in)
    W_enc, b_enc = bench.normal(d_in, len(W_dec), seed=seed), bench.normal(len(W_dec), seed=seed + 1)
    gradient = bench.normal(len(W_dec), d_in, seed=seed + 2)
    W_enc_new, b_enc_new, W_dec_new = exercise.normalise_decoder(W_enc, b_enc, W_dec)
    length = W_dec.norm(dim=1)
    length[5] = 1
    return {
        "W_enc_over_length": W_enc_new / length,
        "b_enc_over_length": b_enc_new / length,
        "W_dec": W_dec_new,
        "gradient": exercise.remove_parallel(gradient, W_dec),
    }


def of_random_weights(exercise, bench, *, d_in, d_sae, seed):
    W_enc, b_enc = bench.normal(d_in, d_sae, seed=seed), bench.normal(d_sae, seed=seed + 1)
    return exercise.normalise_decoder(W_enc, b_enc, directions(bench, d_sae, d_in, seed + 2))


def of_a_direction_of_zeros(exercise, bench, *, d_in, d_sae, seed):
    W_enc, b_enc = bench.normal(d_in, d_sae, seed=seed), bench.normal(d_sae, seed=seed + 1)
    return exercise.normalise_decoder(W_enc, b_enc, with_a_silent_direction(bench, d_sae, d_in, seed + 2))


def by_hand(exercise, bench):
    import torch

    def tensor(values):
        return torch.tensor(values, dtype=bench.dtype, device=bench.device)

    return exercise.normalise_decoder(
        tensor([[1.0, 2.0, 1.0], [0.0, -1.0, 4.0]]),
        tensor([0.5, 1.0, -1.0]),
        tensor([[3.0, 4.0], [0.0, -2.0], [0.25, 0.0]]),
    )


def before_and_after(exercise, bench, *, batch, d_in, d_sae, seed):
    """What an SAE computes with the weights as they were, and with the normalised ones."""
    x, b_dec = bench.normal(batch, d_in, seed=seed), bench.normal(d_in, seed=seed + 1)
    W_enc, b_enc = bench.normal(d_in, d_sae, seed=seed + 2), bench.normal(d_sae, seed=seed + 3)
    W_dec = with_a_silent_direction(bench, d_sae, d_in, seed + 4)

    def reconstruct(W_enc, b_enc, W_dec):
        return ((x - b_dec) @ W_enc + b_enc).relu() @ W_dec + b_dec

    return {
        "before": reconstruct(W_enc, b_enc, W_dec),
        "after": reconstruct(*exercise.normalise_decoder(W_enc, b_enc, W_dec)),
    }


def without_the_parallel_part(exercise, bench, *, d_in, d_sae, seed):
    W_dec = with_a_silent_direction(bench, d_sae, d_in, seed + 1)
    found = exercise.remove_parallel(bench.normal(d_sae, d_in, seed=seed), W_dec)
    return {"gradient": found, "directions": W_dec}


def parallel_and_orthogonal(exercise, bench):
    """A gradient along its direction, one at right angles to it, one of both."""
    import torch

    def tensor(values):
        return torch.tensor(values, dtype=bench.dtype, device=bench.device)

    return exercise.remove_parallel(
        tensor([[6.0, 8.0], [-8.0, 6.0], [1.0, 7.0]]), tensor([[3.0, 4.0], [3.0, 4.0], [0.0, 2.0]])
    )


@pytest.mark.points(1)
def test_random_weights(compare, seed):
    """Random weights with directions of many lengths, very short and very long ones too; one may be all zeros."""
    for d_in, d_sae in [(4, 9), (7, 3)]:
        _, _, W_dec = compare(of_random_weights, d_in=d_in, d_sae=d_sae, seed=seed)
        lengths = np.linalg.norm(W_dec, axis=-1)
        assert np.allclose(lengths, 1, atol=1e-5), (
            f"the directions should have length 1, not {lengths.round(3).tolist()}"
        )
    compare(of_a_direction_of_zeros, d_in=5, d_sae=8, seed=seed)
    compare(of_hard_directions, d_in=4, seed=seed)


@pytest.mark.points(1)
def test_by_hand(compare):
    """Three latents, small enough to compute on paper."""
    W_enc, b_enc, W_dec = compare(by_hand)
    assert np.allclose(W_enc, [[5, 4, 0.25], [0, -2, 1]], atol=1e-5), "by hand, `W_enc` is [[5, 4, 0.25], [0, -2, 1]]"
    assert np.allclose(b_enc, [2.5, 2, -0.25], atol=1e-5), "by hand, `b_enc` is [2.5, 2, -0.25]"
    assert np.allclose(W_dec, [[0.6, 0.8], [0, -1], [1, 0]], atol=1e-5), (
        "by hand, `W_dec` is [[0.6, 0.8], [0, -1], [1, 0]]"
    )


@pytest.mark.points(1)
def test_same_function(compare, seed):
    """A ReLU autoencoder reconstructs the same after as before."""
    found = compare(before_and_after, batch=6, d_in=5, d_sae=11, seed=seed)
    assert np.allclose(found["before"], found["after"], atol=1e-4), "the reconstructions have changed"


@pytest.mark.points(2)
def test_gradient(compare, seed):
    """What is left of the gradient is at right angles to the directions."""
    for d_in, d_sae in [(4, 9), (6, 5)]:
        found = compare(without_the_parallel_part, d_in=d_in, d_sae=d_sae, seed=seed)
        dots = (found["gradient"] * found["directions"]).sum(-1)
        assert np.abs(dots).max() < 1e-3, "some rows still have a part along their direction"
    expected = np.array([[0, 0], [-8, 6], [1, 0]], dtype=float)
    assert np.allclose(compare(parallel_and_orthogonal), expected, atol=1e-4), f"by hand, it is {expected.tolist()}"
