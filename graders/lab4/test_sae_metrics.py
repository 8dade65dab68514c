"""Grader of `sae_metrics`."""

import pytest


def case(bench, tokens, d_in, d_sae, seed):
    """Activations with a common part and dimensions of unequal size; half the latents silent, the first two always.

    The third latent is active on one activation only, and very weakly: it still counts.
    """
    import torch

    size = torch.linspace(0.2, 2, d_in, device=bench.device, dtype=bench.dtype)
    length = 0.5 + bench.uniform(tokens, 1, seed=seed + 4)
    x = (bench.normal(tokens, d_in, seed=seed) * size + bench.normal(d_in, seed=seed + 1)) * length
    reconstruction = x + 0.5 * bench.normal(tokens, d_in, seed=seed + 2)
    latents = bench.normal(tokens, d_sae, seed=seed + 3).relu()
    latents[:, :3] = 0
    latents[tokens // 2, 2] = 1e-6
    return x, reconstruction, latents


def on_random_inputs(exercise, bench, *, tokens, d_in, d_sae, seed):
    return exercise.sae_metrics(*case(bench, tokens, d_in, d_sae, seed))


def at_the_ends(exercise, bench, *, tokens, d_in, d_sae, seed):
    """A perfect SAE, one that knows the mean alone, and one that returns next to nothing."""
    import torch

    x, _, latents = case(bench, tokens, d_in, d_sae, seed)
    nothing = torch.zeros_like(latents)
    return {
        "perfect": exercise.sae_metrics(x, x.clone(), latents + 1),
        "mean": exercise.sae_metrics(x, x.mean(0).expand_as(x).clone(), nothing),
        "tiny": exercise.sae_metrics(x - x.mean(0), 1e-5 * (x - x.mean(0)), nothing),
    }


def by_hand(exercise, bench):
    import torch

    def tensor(values):
        return torch.tensor(values, dtype=bench.dtype, device=bench.device)

    return exercise.sae_metrics(
        tensor([[3.0, 0.0], [0.0, 4.0], [0.0, 2.0]]),
        tensor([[3.0, 0.0], [3.0, 4.0], [0.0, -2.0]]),
        tensor([[2.0, 0.0, 0.0, 1.0], [0.5, 0.0, 0.0, 0.0], [0.0, 0.0, 0.25, 3.0]]),
    )


def on_course_sae(exercise, bench):
    texts = ["The capital of France is", "John and Mary went to the store. John gave a bottle to", "abc def ghi abc"]
    tokens = bench.tokens(texts)
    name = bench.sae.cfg.metadata.hook_name
    x = bench.cache(tokens, [name])[name][tokens != bench.bos]
    latents = bench.sae.encode(x)
    return exercise.sae_metrics(x, bench.sae.decode(latents), latents)


def of_losses(exercise, bench, *, clean, spliced, ablated):
    return exercise.loss_recovered(clean, spliced, ablated)


def of_useless_ablation(exercise, bench, *, clean, spliced):
    try:
        exercise.loss_recovered(clean, spliced, clean)
    except ValueError:
        return {"raised": "ValueError"}
    except NotImplementedError:
        raise
    except Exception as error:
        return {"raised": type(error).__name__}
    return {"raised": "nothing"}


@pytest.mark.points(3)
def test_random_inputs(compare, seed):
    """Random activations, reconstructions and latents of several sizes."""
    for tokens, d_in, d_sae in [(7, 3, 11), (12, 8, 5), (250, 4, 6)]:
        found = compare(on_random_inputs, tokens=tokens, d_in=d_in, d_sae=d_sae, seed=seed)
        assert 2 / d_sae - 1e-6 <= found["dead"] <= 1, "at least two latents are dead here, and `dead` is a share"


@pytest.mark.points(1)
def test_by_hand(compare):
    """Three activations and four latents, small enough to compute on paper."""
    expected = {"l0": 5 / 3, "explained_variance": 1 - 25 / 14, "dead": 0.25, "cosine": (1 + 0.8 - 1) / 3}
    for name, value in compare(by_hand).items():
        assert abs(value - expected[name]) < 1e-5, f"by hand, `{name}` is {expected[name]:.4f}"


@pytest.mark.points(2)
def test_ends(compare, seed):
    """What is perfect explains everything; the mean explains nothing, and next to nothing explains nothing either."""
    found = compare(at_the_ends, tokens=9, d_in=4, d_sae=6, seed=seed)
    assert abs(found["perfect"]["explained_variance"] - 1) < 1e-5, "a perfect reconstruction explains all the variance"
    for end in ("mean", "tiny"):
        assert abs(found[end]["explained_variance"]) < 1e-4, f"{end}: nothing is explained"
        assert (found[end]["l0"], found[end]["dead"]) == (0, 1), f"{end}: no latent ever fires, so all are dead"


@pytest.mark.points(1)
@pytest.mark.needs("sae")
def test_course_sae(compare):
    """The course's own SAE on a few sentences."""
    compare(on_course_sae)


@pytest.mark.points(2)
def test_loss_recovered(compare):
    """Both ends, between them, and beyond them; and where ablating costs very little, or even helps."""
    cases = [
        (1.5, 1.5, 6.0, 1.0),
        (1.5, 6.0, 6.0, 0.0),
        (2.0, 3.0, 6.0, 0.75),
        (1.0, 7.0, 5.0, -0.5),
        (2.0, 1.0, 6.0, 1.25),
        (3.0, 3.0 + 2**-12, 3.0 + 2**-10, 0.75),
        (3.0, 3.0 + 2**-42, 3.0 + 2**-40, 0.75),
        (3.0, 2.75, 2.0, 0.75),
    ]
    for clean, spliced, ablated, expected in cases:
        found = compare(of_losses, clean=clean, spliced=spliced, ablated=ablated)
        assert abs(found - expected) < 1e-6, f"by hand, it is {expected}"


@pytest.mark.points(1)
def test_clear_error(compare):
    """Where ablating changes nothing there is a ValueError."""
    for clean, spliced in [(2.5, 2.75), (2.5, 2.5)]:
        compare(of_useless_ablation, clean=clean, spliced=spliced)
