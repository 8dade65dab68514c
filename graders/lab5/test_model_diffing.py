"""Grader of `model_diffing`, on random crosscoders and on some whose latents are known."""

import numpy as np
import pytest


def numbers(bench, values):
    import torch

    return torch.tensor(values, dtype=bench.dtype, device=bench.device)


def of_encode(exercise, bench, *, samples, models, d_model, latents, seed):
    return exercise.crosscoder_encode(
        bench.normal(samples, models, d_model, seed=seed),
        bench.normal(models, d_model, latents, seed=seed + 1),
        bench.normal(latents, seed=seed + 2),
    )


def of_decode(exercise, bench, *, samples, models, d_model, latents, seed):
    return exercise.crosscoder_decode(
        bench.normal(samples, latents, seed=seed).relu(),
        bench.normal(latents, models, d_model, seed=seed + 1),
        bench.normal(models, d_model, seed=seed + 2),
    )


def parts_of_a_loss(bench, samples, models, d_model, latents, seed):
    return (
        bench.normal(samples, models, d_model, seed=seed),
        bench.normal(samples, latents, seed=seed + 1).relu(),
        bench.normal(latents, models, d_model, seed=seed + 2)
        * (0.3 + 2 * bench.uniform(latents, models, 1, seed=seed)),
        bench.normal(models, d_model, seed=seed + 3),
    )


def of_the_loss(exercise, bench, *, samples, models, d_model, latents, sparsity, seed):
    return exercise.crosscoder_loss(*parts_of_a_loss(bench, samples, models, d_model, latents, seed), sparsity)


def of_its_gradients(exercise, bench, *, samples, models, d_model, latents, seed):
    """In float64, at latents that are all active: of the latents, the decoder rows, one of them zero, and the decoder biases."""
    import torch

    x, values, *parts = (part.double() for part in parts_of_a_loss(bench, samples, models, d_model, latents, seed))
    parts[0][1, 0] = 0
    leaves = [part.detach().requires_grad_() for part in (values + 0.1, *parts)]
    with torch.enable_grad():
        loss = exercise.crosscoder_loss(x, *leaves, 0.7)
    if not getattr(loss, "requires_grad", False):
        return dict.fromkeys(("latents", "W_dec", "b_dec"), "no gradient: the loss has none at all")
    found = torch.autograd.grad(loss, leaves, allow_unused=True)
    return {
        name: torch.zeros_like(leaf) if gradient is None else gradient
        for name, leaf, gradient in zip(("latents", "W_dec", "b_dec"), leaves, found, strict=True)
    }


def of_random_decoders(exercise, bench, *, samples, latents, d_model, seed):
    """Rows of very different lengths; some rows are zero in A, some in B, some in both."""
    W_dec = bench.normal(latents, 2, d_model, seed=seed) * 4 ** bench.normal(latents, 2, 1, seed=seed + 1)
    values = bench.normal(samples, latents, seed=seed + 2).relu()
    if latents > 3:
        W_dec[0, 0], W_dec[1, 1], W_dec[2] = 0, 0, 0
        # Short, and not zero; long enough for who adds 1e-8 to a divisor.
        W_dec[4] *= numbers(bench, [[1e-4], [3e-4]]) / W_dec[4].norm(dim=1, keepdim=True)
        values[:, 3] = 0
    return dict(exercise.model_diffing(values, W_dec))


def of_planted_changes(exercise, bench, *, d_model, seed):
    """A latent that means the same in both models, one only in A, one only in B, and one with another direction in B."""
    import torch

    rows = bench.normal(5, d_model, seed=seed)
    rows = torch.linalg.qr(rows.double().T).Q.T.to(rows)
    W_dec = torch.stack([rows[:4], rows[:4]], dim=1) * 2
    W_dec[1, 1], W_dec[2, 0], W_dec[3, 1] = 0, 0, 2 * rows[4]
    values = 0.2 + bench.uniform(6, 4, seed=seed + 1)
    values[0] = numbers(bench, [9.0, 3.0, 2.0, 4.0])
    return dict(exercise.model_diffing(values, W_dec))


def of_steering(exercise, bench, *, shape, latents, latent, strength, seed):
    """The moved activations, and how those given are left."""
    x, W_dec = bench.normal(*shape, seed=seed), bench.normal(latents, 2, shape[-1], seed=seed + 1)
    before = x.clone()
    found = exercise.steer_by_difference(x, W_dec, latent, strength)
    return {
        "moved": found,
        "activations given": "as they were" if bool((x == before).all()) else "changed by the call",
        "tensor": "a new one" if found.data_ptr() != x.data_ptr() else "the very one that was given",
    }


def of_a_changed_latent(exercise, bench, *, samples, d_model, seed):
    """Where one latent has another row in B and all else is the same, steering A by its value gives B."""
    latents = bench.normal(samples, 5, seed=seed).relu() + 0.1
    W_dec = bench.normal(5, 1, d_model, seed=seed + 1).repeat(1, 2, 1)
    W_dec[3, 1] = bench.normal(d_model, seed=seed + 2)
    b_dec = bench.normal(1, d_model, seed=seed + 3).repeat(2, 1)
    both = exercise.crosscoder_decode(latents, W_dec, b_dec)
    moved = [
        exercise.steer_by_difference(both[place, 0], W_dec, 3, float(latents[place, 3])) for place in range(samples)
    ]
    return {"A_steered": moved, "B": both[:, 1]}


def of_the_small_example(exercise, bench):
    W_dec = numbers(bench, [[[3.0, 4.0], [0, 0]], [[1.0, 0], [0, 1.0]]])
    latents = numbers(bench, [[2.0, 0.5], [1.0, 1.0], [0, 0]])
    return {
        "numbers": dict(exercise.model_diffing(latents, W_dec)),
        "moved": exercise.steer_by_difference(numbers(bench, [10.0, 10.0]), W_dec, 1, 3.0),
    }


def refused(exercise, bench, *, models):
    outcomes = {}
    for count in models:
        try:
            exercise.model_diffing(bench.normal(3, 4, seed=0).relu(), bench.normal(4, count, 5, seed=1))
            outcomes[f"{count} models"] = "nothing"
        except ValueError:
            outcomes[f"{count} models"] = "ValueError"
        except NotImplementedError:
            raise
        except Exception as error:
            outcomes[f"{count} models"] = type(error).__name__
    return outcomes


SIZES = [
    {"samples": 5, "models": 2, "d_model": 3, "latents": 7},
    {"samples": 4, "models": 3, "d_model": 6, "latents": 2},
    {"samples": 1, "models": 1, "d_model": 4, "latents": 5},
]


@pytest.mark.points(3)
def test_encode_and_decode(compare, seed):
    """The latents, and the reconstructions of all models: two models, three, and one alone."""
    for sizes in SIZES:
        compare(of_encode, **sizes, seed=seed)
        compare(of_decode, **sizes, seed=seed)


@pytest.mark.points(2)
def test_loss(compare, seed):
    """The loss for several sizes and factors, and its gradients."""
    for sizes, sparsity in zip(SIZES, (0.5, 3.0, 0.0), strict=True):
        compare(of_the_loss, **sizes, sparsity=sparsity, seed=seed)
    compare(of_its_gradients, samples=3, models=2, d_model=4, latents=5, seed=seed)


@pytest.mark.points(3)
def test_three_numbers(compare, seed):
    """Relative norm, cosine similarity and change: random rows, rows of zeros, planted changes, the small example."""
    for samples, latents, d_model in [(6, 80, 5), (6, 8, 5), (1, 3, 2), (4, 5, 7)]:
        compare(of_random_decoders, samples=samples, latents=latents, d_model=d_model, seed=seed)
    compare(of_planted_changes, d_model=6, seed=seed)
    found = compare(of_the_small_example)["numbers"]
    assert np.allclose(found["relative_norm"], [0, 0.5]), "in the small example the relative norms are 0 and 0.5"
    assert np.allclose(found["change"], [10, 2**0.5], atol=1e-3), "in the small example the changes are 10 and 1.41"


@pytest.mark.points(1)
def test_steering(compare, seed):
    """Activations of several shapes are moved by one latent; the changed latent turns A into B."""
    for shape, latents, latent, strength in [((3, 4), 5, 2, 1.5), ((6,), 3, 0, -2.0), ((2, 3, 5), 4, 3, 0.0)]:
        found = compare(of_steering, shape=shape, latents=latents, latent=latent, strength=strength, seed=seed)
        assert found["tensor"] == "a new one", "`steer_by_difference` gives back the very tensor that it is given"
        assert found["activations given"] == "as they were", (
            "`steer_by_difference` writes into the activations that it is given"
        )
    found = compare(of_a_changed_latent, samples=3, d_model=4, seed=seed)
    assert np.allclose(found["A_steered"], found["B"], rtol=1e-3, atol=1e-3), "steering A by its value does not give B"


@pytest.mark.points(1)
def test_clear_errors(compare):
    """One model, or three, raise a ValueError; two do not."""
    compare(refused, models=[1, 3, 4, 5, 6, 7, 8, 2])
