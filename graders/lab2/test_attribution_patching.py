"""Grader of `attribution_patching`."""

import numpy as np
import pytest

from interp.words import IOI_WORDS


def between(right, wrong, passes):
    """The mean logit difference at the last position; it counts how often it is called and differentiated."""

    def count_backward(gradient):
        passes["backward"] += 1

    def logit_difference(logits):
        last = logits[:, -1]
        value = (last.gather(1, right[:, None]) - last.gather(1, wrong[:, None])).mean()
        passes["metric"] += 1
        if value.requires_grad:
            value.register_hook(count_backward)
        return value

    return logit_difference


def random_prompts(bench, batch, pos, seed):
    """Two unrelated batches of random tokens, and a logit difference of two random tokens for each row."""
    clean = bench.integers(0, bench.d_vocab, (batch, pos), seed=seed)
    corrupted = bench.integers(0, bench.d_vocab, (batch, pos), seed=seed + 1)
    right = bench.integers(0, bench.d_vocab, (batch,), seed=seed + 2)
    return clean, corrupted, right, (right + 7) % bench.d_vocab


def name_prompts(bench, count, template, seed):
    """IOI prompts, the same with the second subject swapped, and the two names."""
    from interp.prompts import ioi_prompts

    prompts = ioi_prompts(count, seed, template=template)
    right, wrong = bench.tokens([p.answer for p in prompts])[:, 1], bench.tokens([p.wrong for p in prompts])[:, 1]
    return bench.tokens([p.clean for p in prompts]), bench.tokens([p.corrupted for p in prompts]), right, wrong


def estimated(exercise, bench, clean, corrupted, right, wrong):
    """The estimate, what it cost, and how it leaves the model."""
    passes = {"metric": 0, "backward": 0}
    try:
        found = exercise.attribution_patching(bench.model, clean, corrupted, between(right, wrong, passes))
    except RuntimeError as error:
        found = nothing_to_differentiate(error)
    asks = bool(getattr(found, "requires_grad", False))
    return {
        "map": found,
        "backward_passes": "a single one" if passes["backward"] == 1 else f"{passes['backward']} in its place",
        "asks_for_gradients": "the map itself" if asks else "nothing",
        "weights_touched": touched(bench.model),
        "hooks_left": left(bench),
    }


def nothing_to_differentiate(error):
    """What PyTorch says where a graph is missing. Any other error goes on."""
    if not any(words in str(error) for words in ("does not require grad", "not have been used in the graph")):
        raise error
    return f"RuntimeError: {error}"


def touched(model):
    """The first weight that requires gradients or has one. Afterwards none does."""
    found = "nothing"
    for name, weight in model.named_parameters():
        if found == "nothing" and (weight.requires_grad or weight.grad is not None):
            what = "requires gradients" if weight.requires_grad else "holds a gradient"
            found = f"{name} {what}"
        weight.requires_grad_(False)
        weight.grad = None
    return found


def left(bench):
    """The first hook that is still on the model."""
    return next((f"a hook at {name}" for name in bench.open_hooks()), "nothing")


def on_random_tokens(exercise, bench, *, batch, pos, seed):
    return estimated(exercise, bench, *random_prompts(bench, batch, pos, seed))


def another_model(bench, layers, heads):
    """A small random model with another number of heads than of layers, whatever the course model has."""
    from interp.random_models import normal_weights, small_model

    sizes = {"n_layers": layers, "n_heads": heads, "d_model": 20, "d_head": 6, "d_mlp": 24, "d_vocab": 37, "n_ctx": 16}
    return small_model(bench, normal_weights(bench, 0.3), **sizes, act_fn="gelu_new", normalization_type="LNPre")


def on_another_model(exercise, bench, *, layers, heads, batch, pos, seed):
    """With a metric that looks at all logits: what is done to them before shows in it."""
    model = another_model(bench, layers, heads)
    clean, corrupted = (bench.integers(0, 37, (batch, pos), seed=seed + n) for n in range(2))
    weights = bench.normal(batch, pos, 37, seed=seed + 2)
    try:
        found = exercise.attribution_patching(model, clean, corrupted, lambda logits: (logits * weights).sum())
    except RuntimeError as error:
        return nothing_to_differentiate(error)
    return found.detach() if hasattr(found, "detach") else found


class MetricError(Exception):
    """What the metric raises in the scenario below."""


def with_a_metric_that_fails(exercise, bench, *, batch, pos):
    """How the model is left when the metric has failed."""
    clean, corrupted, _, _ = random_prompts(bench, batch, pos, 0)
    found = {"failed": False}

    def metric(logits):
        raise MetricError

    try:
        exercise.attribution_patching(bench.model, clean, corrupted, metric)
    except MetricError:
        found["failed"] = True
    return {**found, "hooks_left": left(bench), "weights_touched": touched(bench.model)}


def on_names(exercise, bench, *, count, template, seed):
    return estimated(exercise, bench, *name_prompts(bench, count, template, seed))


def beside_the_slope(exercise, bench, *, batch, pos, seed, step):
    """The estimate beside the slope of the true effect, for some heads: each is patched a small way, both ways."""
    import torch

    clean, corrupted, right, wrong = random_prompts(bench, batch, pos, seed)
    try:
        estimate = exercise.attribution_patching(
            bench.model, clean, corrupted, between(right, wrong, {"metric": 0, "backward": 0})
        )
    except RuntimeError as error:
        return nothing_to_differentiate(error)
    names = [f"blocks.{layer}.attn.hook_z" for layer in range(bench.n_layers)]
    difference = {name: bench.cache(clean, names)[name] - bench.cache(corrupted, names)[name] for name in names}
    metric = between(right, wrong, {"metric": 0, "backward": 0})

    def moved(name, head, by):
        def hook_function(z, hook):
            z = z.clone()
            z[:, :, head] += by * difference[name][:, :, head]
            return z

        with torch.no_grad():
            return metric(bench.model.run_with_hooks(corrupted, fwd_hooks=[(name, hook_function)])).item()

    places = [(layer, head) for layer in range(bench.n_layers) for head in range(bench.n_heads)]
    places = places[:: max(1, len(places) // 9)]
    slope = [
        (moved(names[layer], head, step) - moved(names[layer], head, -step)) / (2 * step) for layer, head in places
    ]
    return {"estimate": [estimate[place].item() for place in places], "slope": slope}


def without_gradients(exercise, bench, *, batch, pos, seed):
    """Called under `torch.no_grad()`, as a caller may who does not know of the gradient inside."""
    import torch

    with torch.no_grad():
        return estimated(exercise, bench, *random_prompts(bench, batch, pos, seed))["map"]


def on_tokens_that_do_not_fit(exercise, bench, *, shapes):
    """What is raised for two batches of different shapes."""
    outcomes = {}
    for shape, other in shapes:
        clean = bench.integers(0, bench.d_vocab, shape, seed=1)
        corrupted = bench.integers(0, bench.d_vocab, other, seed=2)
        right = bench.integers(0, bench.d_vocab, (other[0],), seed=3)
        passes = {"metric": 0, "backward": 0}
        try:
            exercise.attribution_patching(bench.model, clean, corrupted, between(right, right - 1, passes))
            outcomes[f"shapes {shape} and {other}"] = "nothing"
        except NotImplementedError:
            raise
        except Exception as error:
            outcomes[f"shapes {shape} and {other}"] = type(error).__name__
    return outcomes


@pytest.mark.points(3)
def test_on_random_tokens(compare, seed):
    """The estimated map on random tokens, in several shapes and on other models, from a single backward pass."""
    for layers, heads, batch, pos in [(2, 5, 2, 5), (11, 2, 1, 3)]:
        compare(on_another_model, layers=layers, heads=heads, batch=batch, pos=pos, seed=seed)
    for batch, pos in [(3, 7), (4, 5)]:
        found = compare(on_random_tokens, batch=batch, pos=pos, seed=seed)
        assert found["backward_passes"] == "a single one", "one backward pass is enough for all heads"


@pytest.mark.points(2)
def test_it_is_the_slope(compare, seed):
    """For a small step from the corrupted towards the clean run, the estimate is the true effect of patching."""
    found = compare(beside_the_slope, batch=3, pos=6, seed=seed, step=0.05)
    estimate, slope = np.array(found["estimate"]), np.array(found["slope"])
    assert np.corrcoef(estimate, slope)[0, 1] > 0.98, (
        "moving each head's output a twentieth of the way towards its clean value changes the metric by something else "
        f"than your estimate says: {slope.round(3).tolist()} against {estimate.round(3).tolist()} for the full way"
    )


@pytest.mark.points(2)
@pytest.mark.needs(single_tokens=IOI_WORDS)
def test_on_names(compare, seed):
    """Prompts with two names, on the course model."""
    for count, template in [(4, 1), (3, 4)]:
        compare(on_names, count=count, template=template, seed=seed)


@pytest.mark.points(2)
def test_leaves_the_model_alone(compare, seed):
    """No hook, no gradient and no weight that requires one is left, even by an error; a caller's no_grad does not matter."""
    found = compare(on_random_tokens, batch=2, pos=4, seed=seed)
    assert found["hooks_left"] == found["weights_touched"] == "nothing", "the model is not as it was before the call"
    compare(without_gradients, batch=2, pos=4, seed=seed)
    compare(with_a_metric_that_fails, batch=1, pos=3)


@pytest.mark.points(1)
def test_clear_errors(compare):
    """Prompts of different lengths, or numbers of prompts, raise a ValueError; one prompt of one token is fine."""
    compare(on_random_tokens, batch=1, pos=1, seed=0)
    # Several of each kind: another length, another number of prompts, and one prompt for many.
    lengths = [
        ([2, 5], [2, 6]),
        ([2, 4], [2, 3]),
        ([1, 3], [1, 5]),
        ([3, 4], [3, 2]),
        ([2, 2], [2, 5]),
        ([1, 6], [1, 4]),
    ]
    numbers = [([3, 4], [2, 4]), ([2, 3], [4, 3])]
    one = [([1, 4], [3, 4]), ([1, 3], [2, 3]), ([1, 2], [4, 2]), ([1, 5], [2, 5]), ([1, 2], [3, 2]), ([1, 3], [4, 3])]
    compare(on_tokens_that_do_not_fit, shapes=[*lengths, *numbers, *one])
