"""Grader of `latent_logits`."""

import numpy as np
import pytest


def the_sae(bench, d_in, d_sae, seed):
    from interp.saes import random_sae

    return random_sae(bench, "blocks.0.hook_resid_pre", d_in=d_in, d_sae=d_sae, seed=seed)


def on_random_weights(exercise, bench, *, d_in, d_sae, d_vocab, latents, seed):
    import torch

    W_U = bench.normal(d_in, d_vocab, seed=seed) + 0.5
    chosen = torch.tensor(latents, device=bench.device)
    return exercise.latent_logits(the_sae(bench, d_in, d_sae, seed + 1), W_U, chosen)


def on_a_known_decoder(exercise, bench):
    import torch

    sae = the_sae(bench, 2, 3, 0)
    sae.W_dec.copy_(torch.tensor([[1.0, 0.0], [0.0, 2.0], [-1.0, 1.0]]))
    W_U = torch.tensor([[3.0, 0.0, 0.0, 1.0], [1.0, 1.0, 2.0, 0.0]], dtype=bench.dtype, device=bench.device)
    return exercise.latent_logits(sae, W_U, torch.tensor([2, 1], device=bench.device))


def on_the_course_sae(exercise, bench, *, latents):
    """Spread over the course's SAE; every seventh token."""
    import torch

    chosen = torch.tensor([latent % bench.sae.cfg.d_sae for latent in latents], device=bench.device)
    return exercise.latent_logits(bench.sae, bench.model.W_U, chosen)[:, 2::7]


def of_both_ends(exercise, bench, *, n, d_vocab, k, seed):
    """Effects of which no two in a row are equal."""
    import torch

    steps = torch.arange(1, d_vocab + 1, device=bench.device).to(bench.dtype) / 4096
    logits = bench.integers(-40, 41, (n, d_vocab), seed=seed).to(bench.dtype) / 8 + steps - 0.5
    up, down = exercise.promoted_and_suppressed(logits, k)
    return {"promoted": up, "suppressed": down}


def of_known_ends(exercise, bench, *, k):
    import torch

    logits = torch.tensor(
        [[0.5, -3.0, 2.0, 0.0, -1.0], [9.0, 8.0, 7.0, 6.0, 5.0]], dtype=bench.dtype, device=bench.device
    )
    up, down = exercise.promoted_and_suppressed(logits, k)
    return {"promoted": up, "suppressed": down}


@pytest.mark.points(2)
def test_random_weights(compare, seed):
    """Decoders of several shapes with directions of unequal length; latents out of order, twice, and one alone."""
    for d_in, d_sae, d_vocab, latents in [
        (5, 9, 7, [0, 3, 8]),
        (4, 6, 11, [5, 2, 2, 0]),
        (3, 5, 4, [1, 4, 3, 0]),
        (4, 3, 9, [2]),
    ]:
        found = compare(on_random_weights, d_in=d_in, d_sae=d_sae, d_vocab=d_vocab, latents=latents, seed=seed)
        assert np.allclose(found.sum(-1), 0, atol=1e-4), "the effects of each latent have the mean 0"


@pytest.mark.points(1)
def test_known_decoder(compare):
    """Two latents and four tokens, small enough for paper."""
    expected = np.array([[-2, 1, 2, -1], [0, 0, 2, -2]], dtype=float)
    assert np.allclose(compare(on_a_known_decoder), expected, atol=1e-5), f"by hand, it is {expected.tolist()}"


@pytest.mark.points(1)
@pytest.mark.needs("sae", "linear_sae", "stream_sae")
def test_course_sae(compare):
    """Latents of the course's SAE and the model's unembedding."""
    compare(on_the_course_sae, latents=[3, 64, 129, 400])


@pytest.mark.points(1)
def test_both_ends(compare, seed):
    """The most promoted and the most suppressed tokens, for several k, from 0 to the whole vocabulary."""
    for n, d_vocab, k in [(3, 11, 4), (5, 8, 1), (2, 6, 6), (2, 5, 0), (1, 4, 2)]:
        compare(of_both_ends, n=n, d_vocab=d_vocab, k=k, seed=seed)
    found = compare(of_known_ends, k=2)
    expected = {"promoted": [[2, 0], [0, 1]], "suppressed": [[1, 4], [4, 3]]}
    assert {name: ids.tolist() for name, ids in found.items()} == expected, f"by hand, it is {expected}"
