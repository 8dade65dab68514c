"""Grader of `sae_decode`."""

import numpy as np
import pytest


def some_latents(bench, *shape, seed):
    """Random latents, about half of them silent."""
    return bench.normal(*shape, seed=seed).relu() * 2


def edited_latents(bench, *shape, seed):
    """As after an edit: nearly all of them active, and about half negative."""
    return bench.normal(*shape, seed=seed) * 2


def of_edited_latents(exercise, bench, *, leading, d_sae, d_in, latent, seed):
    latents = edited_latents(bench, *leading, d_sae, seed=seed)
    W_dec, b_dec = bench.normal(d_sae, d_in, seed=seed + 1), bench.normal(d_in, seed=seed + 2)
    return {
        "reconstruction": on_any_axes(lambda given: exercise.sae_decode(given, W_dec, b_dec), latents),
        "contribution": on_any_axes(lambda given: exercise.contribution(given, W_dec, latent), latents),
    }


def decoded(exercise, bench, *, leading, d_sae, d_in, seed):
    latents = some_latents(bench, *leading, d_sae, seed=seed)
    if leading and leading[0] > 1:
        latents[0] = 0
    W_dec, b_dec = bench.normal(d_sae, d_in, seed=seed + 1), bench.normal(d_in, seed=seed + 2) + 0.5
    return on_any_axes(lambda given: exercise.sae_decode(given, W_dec, b_dec), latents)


def on_any_axes(call, latents):
    """What a call gives; in words, where it stops with an error that comes from the number of leading axes."""
    try:
        return call(latents)
    except (RuntimeError, IndexError, ValueError):
        call(latents.reshape(-1, latents.shape[-1]))  # what is wrong with two axes too comes through
        return "stops with an error, though not with one leading axis"


def one_at_a_time(exercise, bench):
    """No latent, then each of three latents alone with the value 2."""
    import torch

    W_dec = torch.tensor([[1.0, 2.0], [-3.0, 0.0], [0.5, -0.5]], dtype=bench.dtype, device=bench.device)
    b_dec = torch.tensor([10.0, -20.0], dtype=bench.dtype, device=bench.device)
    alone = 2 * torch.eye(3, dtype=bench.dtype, device=bench.device)
    return exercise.sae_decode(torch.cat([torch.zeros_like(alone[:1]), alone]), W_dec, b_dec)


def of_one_latent(exercise, bench, *, leading, d_sae, d_in, latent, seed):
    latents, W_dec = some_latents(bench, *leading, d_sae, seed=seed), bench.normal(d_sae, d_in, seed=seed + 1)
    return on_any_axes(lambda given: exercise.contribution(given, W_dec, latent), latents)


def of_all_latents(exercise, bench, *, leading, d_sae, d_in, seed):
    latents, W_dec = some_latents(bench, *leading, d_sae, seed=seed), bench.normal(d_sae, d_in, seed=seed + 1)
    b_dec = bench.normal(d_in, seed=seed + 2)
    parts = [exercise.contribution(latents, W_dec, latent) for latent in range(d_sae)]
    return {"whole": exercise.sae_decode(latents, W_dec, b_dec), "parts": parts, "bias": b_dec}


@pytest.mark.points(2)
def test_random_decoders(compare, seed):
    """Random decoders with a bias and directions of any length; latents with none, one and two leading axes, also of length one."""
    for leading, d_sae, d_in in [([6], 5, 7), ([], 9, 4), ([2, 3], 11, 3), ([1], 6, 5), ([1, 1], 1, 1), ([4], 150, 3)]:
        compare(decoded, leading=leading, d_sae=d_sae, d_in=d_in, seed=seed)


@pytest.mark.points(1)
def test_one_at_a_time(compare):
    """Silent latents give the bias; one active latent gives the bias and a multiple of its direction."""
    expected = np.array([[10, -20], [12, -16], [4, -20], [11, -21]], dtype=float)
    assert np.allclose(compare(one_at_a_time), expected, atol=1e-4), f"by hand, it is {expected.tolist()}"


@pytest.mark.points(1)
def test_contribution(compare, seed):
    """What one latent adds to the reconstruction."""
    for leading, d_sae, d_in, latent in [([12], 6, 4, 0), ([3, 5], 4, 7, 2), ([], 5, 3, 4), ([1, 1], 3, 1, 1)]:
        compare(of_one_latent, leading=leading, d_sae=d_sae, d_in=d_in, latent=latent, seed=seed)
    compare(of_edited_latents, leading=[1, 1], d_sae=5, d_in=3, latent=2, seed=seed)


@pytest.mark.points(1)
def test_parts_and_whole(compare, seed):
    """The bias and the contributions of all latents sum to the reconstruction; latents may be negative after an edit."""
    compare(of_edited_latents, leading=[3], d_sae=80, d_in=4, latent=7, seed=seed)
    found = compare(of_all_latents, leading=[7], d_sae=6, d_in=5, seed=seed)
    total = found["bias"] + np.sum(found["parts"], axis=0)
    assert np.allclose(found["whole"], total, atol=1e-4), "bias and contributions do not sum to the reconstruction"
