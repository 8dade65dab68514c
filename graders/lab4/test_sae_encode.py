"""Grader of `sae_encode`.

Numbers are multiples of 1/8 (biases of latents: of 1/4096, all different), so that every sum is exact in float32: which
latents are the largest, and which equal a threshold, depends on nobody's rounding.
"""

import numpy as np
import pytest


def eighths(bench, *shape, seed):
    return bench.integers(-16, 17, shape, seed).to(bench.dtype) / 8


def without_ties(bench, *shape, seed):
    """Random values of which no two in a row are equal, and none is 0."""
    import torch

    steps = torch.arange(1, shape[-1] + 1, device=bench.device).to(bench.dtype) / 4096
    return eighths(bench, *shape, seed=seed) + steps


def encoder(bench, d_in, d_sae, seed):
    return {
        "W_enc": eighths(bench, d_in, d_sae, seed=seed + 1),
        "b_enc": without_ties(bench, d_sae, seed=seed + 2),
        "b_dec": eighths(bench, d_in, seed=seed + 3) + 0.25,
    }


def with_relu(exercise, bench, *, leading, d_in, d_sae, seed):
    x, weights = eighths(bench, *leading, d_in, seed=seed), encoder(bench, d_in, d_sae, seed)
    try:
        return exercise.sae_encode(x, **weights)
    except (RuntimeError, IndexError, ValueError):
        exercise.sae_encode(x.reshape(-1, d_in), **weights)  # what is wrong with two axes too comes through
        return "stops with an error, though not with one leading axis"


def with_another_activation(exercise, bench, *, leading, d_in, d_sae, seed):
    x = eighths(bench, *leading, d_in, seed=seed)
    return exercise.sae_encode(x, **encoder(bench, d_in, d_sae, seed), activation=lambda pre: pre.abs() + 1)


def with_negative_latents(exercise, bench, *, leading, d_in, d_sae, seed):
    """An activation function whose results are negative in places, as those of tanh are."""
    x = eighths(bench, *leading, d_in, seed=seed)
    return exercise.sae_encode(x, **encoder(bench, d_in, d_sae, seed), activation=lambda pre: pre / 2 - 1)


def with_an_activation_of_the_row(exercise, bench, *, leading, d_in, d_sae, seed):
    """An activation function that looks at all latents of an activation together, as top-k and softmax do."""
    x = eighths(bench, *leading, d_in, seed=seed)
    weights = encoder(bench, d_in, d_sae, seed)
    return exercise.sae_encode(x, **weights, activation=lambda pre: pre - pre.amax(dim=-1, keepdim=True))


def on_a_known_encoder(exercise, bench):
    import torch

    def tensor(values):
        return torch.tensor(values, dtype=bench.dtype, device=bench.device)

    return exercise.sae_encode(
        tensor([[3.0, 1.0], [1.0, 4.0]]),
        tensor([[1.0, 0.0, -1.0], [0.0, 2.0, 1.0]]),
        tensor([0.5, -1.0, 0.25]),
        tensor([1.0, 2.0]),
    )


def of_topk(exercise, bench, *, leading, d_sae, k, seed):
    pre = without_ties(bench, *leading, d_sae, seed=seed)
    try:
        return exercise.topk(pre, k)
    except ValueError:
        return f"a ValueError, although k = {k} is allowed"


def of_topk_known(exercise, bench, *, k):
    import torch

    pre = torch.tensor([[3.0, -5.0, 1.0, 2.0], [-1.0, -4.0, 0.5, -2.0]], dtype=bench.dtype, device=bench.device)
    return exercise.topk(pre, k)


def of_topk_with_ties(exercise, bench, *, k):
    """Equal pre-activations at the border: which of them are kept is not laid down, how many is."""
    import torch

    pre = torch.tensor([[2.0, 1.0, 1.0, 1.0, 3.0], [1.0, 1.0, 1.0, 1.0, 1.0], [0.0, 2.0, 0.0, -1.0, 0.0]])
    pre = torch.cat([pre, torch.tensor([[2.0**-30, 3.0, -1.0, 2.0**-31, 0.0]])])  # what is very small is positive too
    latents = exercise.topk(pre.to(device=bench.device, dtype=bench.dtype), k)
    return {"sorted": latents.sort(dim=-1).values, "active": (latents != 0).sum(dim=-1)}


def of_topk_out_of_range(exercise, bench, *, d_sae):
    """The two k just outside of the range, and the two just inside: which error they raise."""
    outcomes = {}
    for k in (-1, 0, d_sae, d_sae + 1):
        try:
            exercise.topk(bench.normal(3, d_sae, seed=0), k)
            outcomes[f"k = {k}"] = "nothing" if 0 <= k <= d_sae else "nothing at all"
        except ValueError:
            outcomes[f"k = {k}"] = "ValueError"
        except NotImplementedError:
            raise
        except Exception as error:
            outcomes[f"k = {k}"] = f"{type(error).__name__} and no ValueError"
    return outcomes


def of_jumprelu(exercise, bench, *, leading, d_sae, seed):
    threshold = bench.integers(1, 9, (d_sae,), seed + 1).to(bench.dtype) / 8
    threshold[::3] = 0
    pre = eighths(bench, *leading, d_sae, seed=seed)
    near = (bench.uniform(*pre.shape, seed=seed + 2) < 0.3) * (bench.integers(0, 2, pre.shape, seed + 3) * 2 - 1)
    at_first = bench.uniform(*pre.shape, seed=seed + 4) < 0.2
    return exercise.jumprelu(threshold.where(at_first, pre) + near * 2.0**-20, threshold)


def of_jumprelu_in_float64(exercise, bench, *, tokens, d_sae, seed):
    """Pre-activations in float64: how far an active latent is from its pre-activation, in units of 1e-12."""
    pre = bench.normal(tokens, d_sae, seed=seed).double() + 1e-9 * bench.normal(tokens, d_sae, seed=seed + 1).double()
    latents = exercise.jumprelu(pre, bench.uniform(d_sae, seed=seed + 2).double() / 8)
    return {"dtype": str(latents.dtype), "off": ((latents - pre) * (latents != 0)).abs().max() * 1e12}


def of_jumprelu_known(exercise, bench):
    import torch

    pre = torch.tensor([[0.5, 0.5, -3.0], [0.75, 2.0, 0.25]], dtype=bench.dtype, device=bench.device)
    return exercise.jumprelu(pre, torch.tensor([0.5, 0.25, 1.0], dtype=bench.dtype, device=bench.device))


@pytest.mark.points(2)
def test_encoder(compare, seed):
    """Random encoders with biases that are not zero; activations with none, one and two leading axes, also of length one."""
    for leading, d_in, d_sae in [([6], 3, 11), ([2, 5], 7, 4), ([], 4, 9), ([1], 5, 6), ([1, 1], 1, 3), ([3], 4, 1)]:
        latents = compare(with_relu, leading=leading, d_in=d_in, d_sae=d_sae, seed=seed)
        assert np.all(latents >= 0), "after ReLU no latent is negative"


@pytest.mark.points(1)
def test_other_activation(compare, seed):
    """The activation function that is handed over is the one that is used."""
    compare(with_another_activation, leading=[6], d_in=4, d_sae=6, seed=seed)
    compare(with_negative_latents, leading=[4], d_in=3, d_sae=7, seed=seed)
    compare(with_an_activation_of_the_row, leading=[6], d_in=4, d_sae=5, seed=seed)


@pytest.mark.points(1)
def test_known_encoder(compare):
    """Two activations and three latents, small enough to compute on paper."""
    expected = np.array([[2.5, 0, 0], [0.5, 3, 2.25]])
    assert np.allclose(compare(on_a_known_encoder), expected, atol=1e-5), f"by hand, it is {expected.tolist()}"


@pytest.mark.points(3)
def test_topk(compare, seed):
    """Top-k for several k, from none to all latents, where fewer than k are positive, and where several are equal."""
    for leading, d_sae, k in [
        ([5], 9, 3),
        ([], 6, 2),
        ([1], 1, 1),
        ([2, 4], 7, 1),
        ([6], 8, 0),
        ([3, 2], 6, 6),
        ([20], 6, 4),
    ]:
        latents = compare(of_topk, leading=leading, d_sae=d_sae, k=k, seed=seed)
        assert np.all((latents > 0).sum(-1) <= k), f"more than k = {k} latents are active"
    for k in (0, 2, 3, 5):
        compare(of_topk_with_ties, k=k)
    expected = np.array([[3.0, 0, 0, 2.0], [0, 0, 0.5, 0]])
    assert np.allclose(compare(of_topk_known, k=2), expected, atol=1e-5), f"by hand, it is {expected.tolist()}"


@pytest.mark.points(2)
def test_jumprelu(compare, seed):
    """JumpReLU with a threshold for each latent, some of them 0; some pre-activations equal theirs; axes of length one."""
    for leading, d_sae in [([30], 5), ([4, 6], 8), ([], 7), ([1, 3], 1)]:
        compare(of_jumprelu, leading=leading, d_sae=d_sae, seed=seed)
    compare(of_jumprelu_in_float64, tokens=9, d_sae=5, seed=seed)
    expected = np.array([[0, 0.5, 0], [0.75, 2.0, 0]])
    assert np.allclose(compare(of_jumprelu_known), expected, atol=1e-5), f"by hand, it is {expected.tolist()}"


@pytest.mark.points(1)
def test_clear_errors(compare):
    """A k that is negative or larger than the number of latents raises a ValueError."""
    compare(of_topk_out_of_range, d_sae=5)
