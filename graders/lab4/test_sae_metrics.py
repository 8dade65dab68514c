"""Grader of `sae_metrics`."""

import pytest


def case(bench, tokens, d_in, d_sae, seed):
    """Activations with a common part and dimensions of unequal size; half the latents silent, the first two always.

    The third latent is active very weakly, the next two on one activation only: they still count. On two activations no latent is active.
    """
    import torch

    size = torch.linspace(0.2, 2, d_in, device=bench.device, dtype=bench.dtype)
    length = 0.5 + bench.uniform(tokens, 1, seed=seed + 4)
    x = (bench.normal(tokens, d_in, seed=seed) * size + bench.normal(d_in, seed=seed + 1)) * length
    reconstruction = x + 0.5 * bench.normal(tokens, d_in, seed=seed + 2)
    latents = bench.normal(tokens, d_sae, seed=seed + 3).relu()
    latents[:, :5] = latents[:2] = 0
    latents[2::2, 2] = 1e-12
    latents[3, 3] = latents[tokens // 2, 4] = 2
    return x, reconstruction, latents


def on_random_inputs(exercise, bench, *, tokens, d_in, d_sae, seed, size=1.0):
    x, reconstruction, latents = case(bench, tokens, d_in, d_sae, seed)
    return exercise.sae_metrics(size * x, size * reconstruction, latents)


def at_the_ends(exercise, bench, *, tokens, d_in, d_sae, seed):
    """A perfect SAE, one that knows the mean alone, and one that returns next to nothing."""
    import torch

    x, _, latents = case(bench, tokens, d_in, d_sae, seed)
    nothing = torch.zeros_like(latents)
    found = {
        "perfect": exercise.sae_metrics(x, x.clone(), latents + 1),
        "mean": exercise.sae_metrics(x, x.mean(0).expand_as(x).clone(), nothing),
        "tiny": exercise.sae_metrics(x - x.mean(0), 1e-5 * (x - x.mean(0)), nothing),
    }
    for numbers in found.values():  # where the result is 0 exactly, rounding is all that there is
        if isinstance(numbers, dict) and isinstance(value := numbers.get("explained_variance"), float):
            numbers["explained_variance"] = round(value, 5)
    return found


def of_bad_reconstructions(exercise, bench, *, tokens, d_in, d_sae, seed):
    """Reconstructions that are worse than the mean activation, one worse than the other."""
    x, _, latents = case(bench, tokens, d_in, d_sae, seed)
    noise = bench.normal(tokens, d_in, seed=seed + 7)
    return [exercise.sae_metrics(x, x + size * noise, latents)["explained_variance"] for size in range(3, 10)]


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


def of_losses(exercise, bench, *, losses):
    """What is recovered for each triple of losses; where none of them may be refused, a refusal is told."""
    found = {}
    for clean, spliced, ablated in losses:
        case = f"clean {clean}, spliced {spliced}, ablated {ablated}"
        try:
            found[case] = exercise.loss_recovered(clean, spliced, ablated)
        except ValueError:
            found[case] = "a ValueError, although the losses differ"
    return found


def of_useless_ablation(exercise, bench, *, losses):
    """Ablating changes nothing: which error is raised."""
    outcomes = {}
    for clean, spliced in losses:
        case = f"clean {clean}, spliced {spliced}, ablated {clean}"
        try:
            exercise.loss_recovered(clean, spliced, clean)
            outcomes[case] = "nothing at all"
        except ValueError:
            outcomes[case] = "ValueError"
        except NotImplementedError:
            raise
        except Exception as error:
            outcomes[case] = f"{type(error).__name__} and no ValueError"
    return outcomes


@pytest.mark.points(3)
def test_random_inputs(compare, seed):
    """Random activations, reconstructions and latents of several sizes."""
    for tokens, d_in, d_sae, size in [(250, 4, 6, 1), (7, 3, 11, 1), (12, 8, 7, 1), (2500, 3, 6, 1), (9, 4, 7, 2**-10)]:
        found = compare(on_random_inputs, tokens=tokens, d_in=d_in, d_sae=d_sae, size=size, seed=seed)
        assert 2 / d_sae - 1e-6 <= found["dead"] <= 1, "at least two latents are dead here, and `dead` is a share"


@pytest.mark.points(1)
def test_by_hand(compare):
    """Three activations and four latents, small enough to compute on paper."""
    expected = {"l0": 5 / 3, "explained_variance": 1 - 25 / 14, "dead": 0.25, "cosine": (1 + 0.8 - 1) / 3}
    for name, value in compare(by_hand).items():
        assert abs(value - expected[name]) < 1e-5, f"by hand, `{name}` is {expected[name]:.4f}"


@pytest.mark.points(2)
def test_ends(compare, seed):
    """What is perfect explains everything, the mean and next to nothing explain nothing, and what is worse explains less."""
    found = compare(at_the_ends, tokens=9, d_in=4, d_sae=6, seed=seed)
    assert abs(found["perfect"]["explained_variance"] - 1) < 1e-5, "a perfect reconstruction explains all the variance"
    for end in ("mean", "tiny"):
        assert abs(found[end]["explained_variance"]) < 1e-4, f"{end}: nothing is explained"
        assert (found[end]["l0"], found[end]["dead"]) == (0, 1), f"{end}: no latent ever fires, so all are dead"
    compare(of_bad_reconstructions, tokens=9, d_in=4, d_sae=6, seed=seed)


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
        (2.0, 8.0, 4.0, -2.0),
        (3.0, 1.0, 4.0, 3.0),
        (1.0, 4.0, 3.0, -0.5),
        (2.5, 1.5, 3.0, 3.0),
        (2.0, 1.5, 4.0, 1.25),
        (1.0, 0.5, 2.0, 1.5),
        (4.0, 2.0, 5.0, 3.0),
        (3.0, 4.0, 3.5, -1.0),
        (2.0, 5.0, 4.0, -0.5),
        (1.5, 4.0, 2.0, -4.0),
        (3.0, 3.0 + 2**-12, 3.0 + 2**-10, 0.75),
        (3.0, 3.0 + 2**-42, 3.0 + 2**-40, 0.75),
        (3.0, 2.75, 2.0, 0.75),
    ]
    found = compare(of_losses, losses=[list(losses) for *losses, _ in cases])
    for value, (*_, expected) in zip(found.values(), cases, strict=True):
        assert abs(value - expected) < 1e-6, f"by hand, it is {expected}"


@pytest.mark.points(1)
def test_clear_error(compare):
    """Where ablating changes nothing there is a ValueError."""
    compare(of_useless_ablation, losses=[[2.5, 2.75], [2.5, 2.5]])
