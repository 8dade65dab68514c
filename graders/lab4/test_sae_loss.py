"""Grader of `sae_loss`."""

import numpy as np
import pytest


def on_random_inputs(exercise, bench, *, batch, d_in, d_sae, l1_coefficient, seed):
    return exercise.sae_loss(
        bench.normal(batch, d_in, seed=seed),
        bench.normal(batch, d_in, seed=seed + 1),
        bench.normal(batch, d_sae, seed=seed + 2).relu(),
        bench.normal(d_sae, d_in, seed=seed + 3),
        l1_coefficient,
    )


def by_hand(exercise, bench, *, l1_coefficient):
    import torch

    def tensor(values):
        return torch.tensor(values, dtype=bench.dtype, device=bench.device)

    return exercise.sae_loss(
        tensor([[1.0, 0.0], [2.0, 2.0]]),
        tensor([[0.0, 2.0], [2.0, 1.0]]),
        tensor([[2.0, 0.0, 1.0], [0.0, 3.0, 0.0]]),
        tensor([[3.0, 4.0], [0.0, 2.0], [1.0, 0.0]]),
        l1_coefficient,
    )


def rescaled(exercise, bench, *, factor, seed):
    """Latents made smaller and directions longer by the same factor: the reconstruction does not change."""
    x, latents = bench.normal(4, 3, seed=seed), bench.normal(4, 6, seed=seed + 1).relu()
    W_dec = bench.normal(6, 3, seed=seed + 2)
    return {
        "before": exercise.sae_loss(x, latents @ W_dec, latents, W_dec, 0.5),
        "after": exercise.sae_loss(x, latents @ W_dec, latents / factor, W_dec * factor, 0.5),
    }


def gradients(exercise, bench, *, batch, d_in, d_sae, seed):
    """Of all three results, in float64, at latents that are all active: where a latent is 0 the gradient is a convention."""
    import torch

    x = bench.normal(batch, d_in, seed=seed).double()
    reconstruction = bench.normal(batch, d_in, seed=seed + 1).double().requires_grad_()
    latents = (bench.uniform(batch, d_sae, seed=seed + 2).double() + 0.1).requires_grad_()
    W_dec = bench.normal(d_sae, d_in, seed=seed + 3).double().requires_grad_()
    with torch.enable_grad():
        results = exercise.sae_loss(x, reconstruction, latents, W_dec, 0.7)
    names, inputs = ["reconstruction", "latents", "W_dec"], [reconstruction, latents, W_dec]

    def of(result):
        found = [None] * 3
        if getattr(result, "requires_grad", False):
            found = torch.autograd.grad(result, inputs, allow_unused=True, retain_graph=True)
        # No gradient and one of zeros are the same. In words, as zeros do not tell where they come from.
        return {
            name: "no gradient" if gradient is None or not gradient.any() else gradient
            for name, gradient in zip(names, found, strict=True)
        }

    return {name: of(results[name]) for name in ("loss", "reconstruction", "sparsity")}


@pytest.mark.points(2)
def test_random_inputs(compare, seed):
    """The loss and its two terms, for several sizes and coefficients."""
    for batch, d_in, d_sae, l1_coefficient in [(5, 3, 8, 0.5), (2, 7, 4, 2.0), (1, 4, 6, 0.0), (9, 2, 1, 0.01)]:
        found = compare(on_random_inputs, batch=batch, d_in=d_in, d_sae=d_sae, l1_coefficient=l1_coefficient, seed=seed)
        total = found["reconstruction"] + l1_coefficient * found["sparsity"]
        assert np.allclose(found["loss"], total, rtol=1e-4), "the loss is not the weighted sum of its terms"


@pytest.mark.points(1)
def test_by_hand(compare):
    """Two activations and three latents, small enough to compute on paper."""
    found = compare(by_hand, l1_coefficient=0.5)
    expected = {"reconstruction": 3.0, "sparsity": 8.5, "loss": 7.25}
    for name, value in expected.items():
        assert np.allclose(found[name], value, atol=1e-4), f"by hand, `{name}` is {value}"


@pytest.mark.points(1)
def test_no_way_around_the_penalty(compare, seed):
    """Smaller latents with longer directions cost the same."""
    found = compare(rescaled, factor=4.0, seed=seed)
    assert np.allclose(found["before"]["loss"], found["after"]["loss"], rtol=1e-4), (
        "latents a quarter as large, with directions four times as long, give another loss"
    )


@pytest.mark.points(1)
def test_gradients(compare, seed):
    """The gradients of the loss and of its two terms, in float64."""
    compare(gradients, batch=3, d_in=4, d_sae=5, seed=seed)
