"""Grader of `train_sae`.

Two right trainings end in different weights, so what is compared are facts about them, measured here on data of the grader's
own: each of three trainings is held against bounds that leave room for another recipe. False rejects: see
`python tests/benchmarks/bench_stochastic.py`, which states how many of its seeds the reference fails.
"""

import numpy as np
import pytest

from mechgrade.grading.facts import more_than

D_IN, TRUE, D_SAE, K, STEPS = 16, 24, 32, 3, 250
#: Each of three trainings meets another scale, and each must do well.
SCALES = (0.02, 50.0, 1.0)
#: The share of the variance of unseen activations that must be explained with k and with all latents, of latents alive, of
#: true directions found.
EXPLAINED, DENSE, ALIVE, FOUND = 0.7, 0.5, 0.5, 0.5
#: What repeated calls give. In words: where such a fact is what a mistake consists in, it may be named.
SAME, OTHERS = "gives the same weights", "gives other weights"
#: What became of the vector at positions that the mask leaves out. Whoever never saw it misses more than a third of it.
UNKNOWN, KNOWN = "not learned", "reconstructed nearly without error"


def world(seed, number):
    """The true directions of a made-up world."""
    directions = np.random.default_rng([seed, number]).normal(size=(TRUE, D_IN))
    return directions / np.linalg.norm(directions, axis=1, keepdims=True)


def made_up(seed, number, tokens, draw):
    """Activations: three of the true directions at a time, with strengths between 0.5 and 1.5, and a common offset."""
    active = draw.random((tokens, TRUE)).argsort(axis=1) < 3
    return (active * (0.5 + draw.random((tokens, TRUE)))) @ world(seed, number) + 0.5


def cache_of(seed, number, tokens, scale):
    """Activations as `[batch, pos, d_in]` with a mask; what it leaves out is one long vector, as for an opening token."""
    draw = np.random.default_rng([seed, number, 1])
    x = scale * made_up(seed, number, tokens, draw).reshape(-1, 40, D_IN)
    mask = draw.random(x.shape[:2]) < 0.75
    mask[:, 0] = False
    junk = 20 * draw.normal(size=D_IN) * x[mask].std()
    return {"activations": np.where(mask[..., None], x, junk), "mask": mask}


def training(*, number, scale, seed):
    """What a training is given. The seed of its start says nothing of the world."""
    return cache_of(seed, number, 4000, scale) | {"start": number}


def short_trainings(*, seed):
    return cache_of(seed, 9, 400, 1.0)


def places(*, seed):
    """Two seeds for tokens of the model: one to learn from, and one that no training knows of."""
    seen, unseen = np.random.default_rng([seed, 8]).integers(2**31, size=2)
    return int(seen), int(unseen)


def seen_tokens(*, seed):
    return {"tokens_of": places(seed=seed)[0]}


def unseen_tokens(*, seed):
    return {"tokens_of": places(seed=seed)[1]}


def on_bench(bench, activations, mask):
    import torch

    x = torch.from_numpy(activations).to(device=bench.device, dtype=bench.dtype)
    return x, torch.from_numpy(mask).to(bench.device)


def on_one_thread(function, *arguments):
    """On tensors this small, threads spend their time waiting for one another: on a busy machine 15 times that of one thread."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return function(*arguments)
    finally:
        torch.set_num_threads(threads)


def trained(exercise, bench, *, activations, mask, start):
    """One training on made-up activations; a run for each keeps clear of the limit on a run's time."""
    return on_one_thread(exercise.train_sae, *on_bench(bench, activations, mask), D_SAE, K, STEPS, start)


def on_the_model(exercise, bench, *, tokens_of):
    """One short training on the model's activations: BOS, and padding after texts of unequal length, are masked."""
    tokens = bench.repeated_tokens(48, 12, tokens_of)
    ends = bench.integers(9, tokens.shape[1] + 1, (len(tokens), 1), tokens_of + 1)
    for row, end in zip(tokens, ends.flatten().tolist(), strict=True):
        row[end:] = bench.bos
    name = model_place(bench)
    return on_one_thread(exercise.train_sae, bench.cache(tokens, [name])[name], tokens != bench.bos, D_SAE, 8, 100, 1)


def unseen_on_the_model(exercise, bench, *, tokens_of):
    """Activations that no training saw. The learner's code has no part in them; the comparison makes sure of that."""
    name = model_place(bench)
    return bench.cache(bench.repeated_tokens(6, 12, tokens_of), [name])[name][:, 1:].flatten(0, 1)


def model_place(bench):
    return f"blocks.{bench.n_layers // 2}.hook_resid_pre"


def of_training_tokens(exercise, bench, *, batch, pos, d_in, scale, seed):
    activations = (
        scale * bench.normal(batch, pos, d_in, seed=seed) * (0.2 + bench.uniform(batch, pos, 1, seed=seed + 1))
    )
    mask = bench.uniform(batch, pos, seed=seed + 2) < 0.6
    mask[:, 0] = False
    mask[0, 1:3] = True
    x, found = exercise.training_tokens(activations, mask)
    return {"tokens": x, "scale": found}


def of_unscale(exercise, bench, *, d_in, d_sae, scale, seed):
    """The weights, and what they make of activations as they come, beside the old ones on scaled activations."""
    shapes = {"W_enc": (d_in, d_sae), "b_enc": (d_sae,), "W_dec": (d_sae, d_in), "b_dec": (d_in,)}
    old = {name: bench.normal(*shape, seed=seed + place) for place, (name, shape) in enumerate(shapes.items())}
    x = bench.normal(5, d_in, seed=seed + 9)
    new = exercise.unscale(old, scale)

    def run(sae, x):
        return ((x - sae["b_dec"]) @ sae["W_enc"] + sae["b_enc"]).relu() @ sae["W_dec"] + sae["b_dec"]

    return {"weights": dict(new), "before": run(old, x * scale) / scale, "after": run(new, x)}


def repeated_calls(exercise, bench, *, activations, mask):
    """Calls with the same and other seeds, with one step more, with one step alone and with none; and the random states around calls."""
    from interp.gradients_off import STOPPED, with_gradients_off
    from interp.random_states import random_states_after

    given = on_bench(bench, activations, mask)

    def call(with_seed, steps=3):
        return dict(exercise.train_sae(*given, D_SAE, 3, steps, with_seed))

    first = call(1)  # an optimiser's first step imports libraries, some of which draw random numbers
    states = random_states_after(lambda: call(1))
    again = with_gradients_off(lambda: call(1))  # a caller may have switched gradients off
    stopped = isinstance(again, str)
    calls = {
        "first": first,
        "again": call(1) if stopped else again,
        "seed_2": call(2),
        "seed_3": call(3),
        "longer": call(1, steps=4),
    }
    few = {}
    for steps, name in enumerate(("no_step", "one_step")):
        try:
            calls[name] = call(1, steps=steps)
            few[f"{name}_alone"] = "returns weights"
        except (ArithmeticError, LookupError, NameError, TypeError, ValueError, RuntimeError):
            few[f"{name}_alone"] = "stops with an error"
    want_gradients = [name for name, weight in first.items() if getattr(weight, "requires_grad", False)]
    return {
        "calls": calls,
        **few,
        "with_gradients_off": STOPPED if stopped else "trains",
        **{f"{name}_random_state": state for name, state in states.items()},
        "gradients_of_the_result": f"wanted by {' and '.join(want_gradients)}" if want_gradients else "none",
    }


def of_repeated_calls(found):
    """Which calls gave the same weights."""
    calls = found.pop("calls")
    if (form := next((each for run in calls.values() if (each := form_of(run, D_IN)) != "ok"), "ok")) != "ok":
        return {"form": form}
    same = {
        (one, two)
        for one in calls
        for two in calls
        if all(np.array_equal(calls[one][w], calls[two][w]) for w in calls[one])
    }
    seeds = ("first", "seed_2", "seed_3")
    some_equal = any((one, two) in same for one in seeds for two in seeds if one != two)
    return found | {
        "the_same_seed": SAME if ("first", "again") in same else OTHERS,
        "another_seed": SAME if some_equal else OTHERS,
        "one_step_more": SAME if ("first", "longer") in same else OTHERS,
    }


def form_of(sae, d_in):
    """Why trained weights cannot be measured, or "ok"."""
    shapes = {"W_enc": (d_in, D_SAE), "b_enc": (D_SAE,), "W_dec": (D_SAE, d_in), "b_dec": (d_in,)}
    if not isinstance(sae, dict) or sae.keys() != shapes.keys():
        return f"not a dict of {', '.join(shapes)}"
    for name, shape in shapes.items():
        value = sae[name]
        if not isinstance(value, np.ndarray) or value.dtype.kind != "f":
            return f"{name} is no tensor of real numbers"
        if value.shape != shape:
            return f"{name} has shape {list(value.shape)}, not {list(shape)}"
        if not np.isfinite(value).all():
            return f"{name} is not finite"
    return "ok"


def apply(sae, x, k):
    """Top-k latents and the reconstruction."""
    W_enc, b_enc, W_dec, b_dec = (sae[name].astype(float) for name in ("W_enc", "b_enc", "W_dec", "b_dec"))
    pre = (x - b_dec) @ W_enc + b_enc
    largest = np.argpartition(-pre, k - 1, axis=1)[:, :k]
    latents = np.zeros_like(pre)
    np.put_along_axis(latents, largest, np.maximum(np.take_along_axis(pre, largest, axis=1), 0), axis=1)
    return latents, latents @ W_dec + b_dec


def explained(x, reconstruction):
    return 1 - ((x - reconstruction) ** 2).sum() / ((x - x.mean(0)) ** 2).sum()


def found_directions(sae, true):
    """The share of true directions that some decoder direction is close to."""
    rows = sae["W_dec"].astype(float)
    rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return ((true @ rows.T).max(1) > 0.9).mean()


def knows_what_is_left_out(sae, seed, number, scale):
    """Whether the vector at positions that the mask leaves out is reconstructed nearly without error."""
    given = cache_of(seed, number, 4000, scale)
    left_out = given["activations"][~given["mask"]][:1]
    return bool(((left_out - apply(sae, left_out, K)[1]) ** 2).sum() < 0.01 * (left_out**2).sum())


def facts_on_made_up(sae, seed, number, scale):
    """What is true of every training."""
    if (form := form_of(sae, D_IN)) != "ok":
        return {"form": form}
    x = scale * made_up(seed, number, 1500, np.random.default_rng([seed, number, 2]))
    latents, reconstruction = apply(sae, x, K)
    scaled = x * D_IN**0.5 / np.linalg.norm(x, axis=1).mean()
    works = [explained(each, apply(sae, each, K)[1]) > EXPLAINED for each in (x, scaled)]
    facts = {
        "form": "ok",
        "made_for": "scaled activations only" if works == [False, True] else "activations as they come",
        "explains_unseen_activations": more_than(
            explained(x, reconstruction),
            EXPLAINED,
            "of unseen activations, the share of the variance explained by k latents",
        ),
    }
    if not works[0] and knows_what_is_left_out(sae, seed, number, scale):
        return facts | {"what_the_mask_leaves_out": KNOWN}  # what else is wrong then is chance
    return facts | {
        "what_the_mask_leaves_out": UNKNOWN,
        "explains_them_with_all_latents": more_than(
            explained(x, apply(sae, x, D_SAE)[1]),
            DENSE,
            "of unseen activations, the share explained by all latents at once",
        ),
        "latents_are_alive": more_than((latents > 0).any(0).mean(), ALIVE, "the share of latents that are ever active"),
        "true_directions_are_found": more_than(
            found_directions(sae, world(seed, number)),
            FOUND,
            "the share of true directions that a row of W_dec is close to",
        ),
    }


def facts_on_model(sae, unseen):
    """Whether 8 latents of one training explain more of the model's activations than 4 fixed directions can."""
    if (form := form_of(sae, unseen.shape[1])) != "ok":
        return {"form": form}
    spectrum = np.linalg.svd(unseen - unseen.mean(0), compute_uv=False) ** 2
    fixed = spectrum[:4].sum() / spectrum.sum()
    share = explained(unseen, apply(sae, unseen, 8)[1])
    what = "of the model's activations, the share of the variance explained by 8 latents"
    return {"form": "ok", "beats_fixed_directions": more_than(share, fixed, what)}


@pytest.mark.points(3)
def test_tokens_and_scale(compare, seed):
    """The tokens that the mask chooses, scaled by one factor to a mean length of sqrt(d_in)."""
    for batch, pos, d_in, scale in [(3, 7, 4, 0.01), (2, 5, 9, 30.0)]:
        found = compare(of_training_tokens, batch=batch, pos=pos, d_in=d_in, scale=scale, seed=seed)
        mean = np.linalg.norm(found["tokens"], axis=1).mean()
        assert abs(mean - d_in**0.5) < 1e-3, f"the mean length is {mean:.3f}, not sqrt({d_in})"


@pytest.mark.points(2)
def test_scaling_back(compare, seed):
    """With the factor folded in, the autoencoder works on activations as they come."""
    for d_in, d_sae, scale in [(4, 9, 0.25), (7, 5, 3.0)]:
        found = compare(of_unscale, d_in=d_in, d_sae=d_sae, scale=scale, seed=seed)
        assert np.allclose(found["before"], found["after"], atol=1e-3), "it computes something else than before"


def compare_on_made_up(compare, number, scale, seed):
    def of_made_up_activations(sae):
        return facts_on_made_up(sae, seed, number, scale)

    compare(trained, world=training, facts=of_made_up_activations, number=number, scale=scale, seed=seed)


# Nothing can be made up: the true directions are drawn where the learner's code never runs, and can be learned from the activations alone.
@pytest.mark.points(5)
def test_made_up_activations(compare, seed):
    """On made-up activations of any scale it explains unseen ones with k latents, and finds the true directions."""
    for number, scale in enumerate(SCALES, 1):
        compare_on_made_up(compare, number, scale, seed)


@pytest.mark.points(3)
@pytest.mark.needs(context=25)
def test_model_activations(compare, seed):
    """On the model's activations it explains more than half as many fixed directions could, by directions that training finds."""
    compare_on_made_up(compare, 4, 1.0, seed)  # fixed directions of one's own would do on the model's activations
    unseen = compare(unseen_on_the_model, world=unseen_tokens, seed=seed).astype(float)

    def of_model_activations(sae):
        return facts_on_model(sae, unseen)

    compare(on_the_model, world=seen_tokens, facts=of_model_activations, seed=seed)


@pytest.mark.supporting
@pytest.mark.points(2)
def test_seed(compare, seed):
    """The same seed gives the same weights, with gradients on or off; another seed or one step more gives others; random states stay."""
    compare(repeated_calls, world=short_trainings, facts=of_repeated_calls, seed=seed)
