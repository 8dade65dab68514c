"""Grader of `patch_residual_sweep`: the map of the stream, and those of its parts (`patch_component_sweep`)."""

import numpy as np
import pytest


def left(bench):
    """The first hook that is still on the model."""
    return next(iter(bench.open_hooks()), "nothing")


def what_changed(before, cache):
    """The first entry of a cache that is not as it was."""
    import torch

    if list(cache.keys()) != list(before):
        return "there are other entries"
    for name, value in before.items():
        if cache[name].shape != value.shape:
            return f"{name} has another shape"
        if not torch.equal(cache[name], value):
            return f"{name} has other values"
    return "nothing"


def difference_of(right, wrong):
    """The mean logit difference of two tokens at the last position."""

    def metric(logits):
        last = logits[:, -1]
        return (last.gather(1, right[:, None]) - last.gather(1, wrong[:, None])).mean()

    return metric


def swept(exercise, bench, clean, corrupted, metric):
    """The learner's map, the two runs without a patch, and how the model is left."""
    found = exercise.patch_residual_sweep(bench.model, clean, corrupted, metric)
    hooks_left = left(bench)
    bench.model.reset_hooks()  # or a hook that was left would falsify the two ends
    ends = {"clean": float(metric(bench.run(clean))), "corrupted": float(metric(bench.run(corrupted)))}
    return {"map": found, **ends, "hooks_left": hooks_left}


def on_random_tokens(exercise, bench, *, batch, pos, seed):
    clean = bench.integers(0, bench.d_vocab, (batch, pos), seed=seed)
    corrupted = (clean + bench.integers(1, bench.d_vocab, (batch, pos), seed=seed + 1)) % bench.d_vocab
    clean[:, 0] = corrupted[:, 0] = bench.bos
    right = bench.integers(0, bench.d_vocab, (batch,), seed=seed + 2)
    return swept(exercise, bench, clean, corrupted, difference_of(right, (right + 7) % bench.d_vocab))


def on_pairs_of_names(exercise, bench, *, batch, seed):
    """Short pairs that differ at S2 alone: "… Mary met John. John called" and "… Mary met John. Mary called"."""
    from interp.words import NAMES

    both = [form for name in NAMES for form in (name, " " + name)]
    lengths = [len(ids) for ids in bench.model.tokenizer(both, add_special_tokens=False)["input_ids"]]
    single = [name for place, name in enumerate(NAMES) if lengths[2 * place] == lengths[2 * place + 1] == 1]
    first = bench.integers(0, len(single), (batch,), seed=seed)
    second = (first + bench.integers(1, len(single), (batch,), seed=seed + 1)) % len(single)
    pairs = [(single[int(io)], single[int(subject)]) for io, subject in zip(first, second, strict=True)]
    clean = bench.tokens([f"{io} met {subject}. {subject} called" for io, subject in pairs])
    corrupted = bench.tokens([f"{io} met {subject}. {io} called" for io, subject in pairs])
    right, wrong = (bench.tokens([" " + pair[who] for pair in pairs])[:, 1] for who in (0, 1))
    return swept(exercise, bench, clean, corrupted, difference_of(right, wrong))


def deep_model(bench):
    """A small random model with eleven layers: the number of a layer can have two digits."""
    from interp.random_models import normal_weights, small_model

    sizes = {"n_layers": 11, "n_heads": 1, "d_model": 8, "d_head": 4, "d_mlp": 6, "d_vocab": 13, "n_ctx": 4}
    return small_model(bench, normal_weights(bench, 0.5), **sizes, act_fn="relu")


def of_all_logits(bench, batch, pos, seed):
    """A metric of the raw logits at every position: what is done to them before shows in it."""
    weights = bench.normal(batch, pos, 13, seed=seed)
    return lambda logits: (logits * weights).sum()


class MetricError(Exception):
    """What the metric raises in the scenario below."""


def failing_metric(calls):
    """A metric that fails when it is called for the last of some times."""
    left = [None] * calls

    def metric(logits):
        left.pop()
        if not left:
            raise MetricError
        return logits.mean()

    return metric


def on_other_prompts(exercise, bench, *, batch, pos, seed):
    """Two sweeps, with other prompts of the same shape the second time."""
    return [on_random_tokens(exercise, bench, batch=batch, pos=pos, seed=seed + place) for place in (0, 10)]


def on_a_deep_model(exercise, bench, *, pos, seed):
    """Eleven layers, one prompt, and a metric that looks at all logits."""
    clean, corrupted = (bench.integers(0, 13, (1, pos), seed=seed + place) for place in range(2))
    metric = of_all_logits(bench, 1, pos, seed + 2)
    return exercise.patch_residual_sweep(deep_model(bench), clean, corrupted, metric)


def with_a_metric_that_fails(exercise, bench, *, calls):
    """Whether a hook is left when the metric has failed."""
    tokens = bench.integers(0, bench.d_vocab, (1, 2), seed=0)
    try:
        exercise.patch_residual_sweep(bench.model, tokens, tokens.flip(1), failing_metric(calls))
    except MetricError:
        return {"hooks_left": left(bench)}
    return {"hooks_left": None}


@pytest.mark.points(2)
def test_on_random_tokens(compare, seed):
    """The course model on pairs of random tokens that share nothing but BOS."""
    found = [compare(on_random_tokens, batch=2, pos=4, seed=seed)]
    found += compare(on_other_prompts, batch=3, pos=2, seed=seed)
    for each in found:
        assert np.allclose(each["map"][0, 0], each["corrupted"], atol=1e-3), (
            "both prompts begin with BOS, so a patch at position 0 before layer 0 should change nothing"
        )
        assert each["hooks_left"] == "nothing", "a hook is still attached to the model after your sweep"


@pytest.mark.points(2)
def test_any_model_and_metric(compare, seed):
    """A model of eleven layers with a metric of all logits; and no hook is left when a metric fails."""
    found = compare(on_a_deep_model, pos=2, seed=seed)
    assert found.shape == (11, 2), "one row for each layer, one column for each position"
    compare(with_a_metric_that_fails, calls=2)


@pytest.mark.points(6)
@pytest.mark.needs(single_tokens=["Mary", " Mary", "John", " John"])
def test_on_pairs_of_names(compare, seed):
    """Short IOI prompts: nothing before S2, the clean value at S2 before layer 0, nothing after it there."""
    found = compare(on_pairs_of_names, batch=3, seed=seed)
    at_s2 = found["map"].shape[1] - 2
    assert np.allclose(found["map"][0, at_s2], found["clean"], atol=1e-3), (
        f"the prompts differ at position {at_s2} alone, so a patch there before layer 0 should give the clean value"
    )
    elsewhere = np.delete(found["map"][0], at_s2)
    assert np.allclose(elsewhere, found["corrupted"], atol=1e-3), (
        "before layer 0 the runs differ at one position alone; a patch anywhere else should change nothing"
    )
    assert np.allclose(found["map"][:, :at_s2], found["corrupted"], atol=1e-3), (
        "before the changed word the two runs are the same in every layer; a patch there should change nothing"
    )
    assert found["hooks_left"] == "nothing", "a hook is still attached to the model after your sweep"


# --- attention layers and MLPs ---


MAPS = ("attn_out", "mlp_out")
#: What the cache holds of every layer.
CACHED = ("hook_attn_out", "hook_mlp_out", "hook_resid_pre", "hook_resid_mid", "hook_resid_post")
INNER = ("attn.hook_z", "mlp.hook_post")


def swept_of_parts(exercise, bench, clean, corrupted, metric):
    """The learner's maps, the run without a patch, and how cache and model are left."""
    from transformer_lens import ActivationCache

    cache = ActivationCache(bench.cache(clean, bench.names([*CACHED, *INNER])), bench.model)
    before = {name: value.clone() for name, value in cache.items()}
    found = exercise.patch_component_sweep(bench.model, corrupted, cache, metric)
    hooks_left = left(bench)
    bench.model.reset_hooks()  # or a hook that was left would falsify the next run
    return {
        "maps": found,
        "corrupted": float(metric(bench.run(corrupted))),
        "cache_changes": what_changed(before, cache),
        "hooks_left": hooks_left,
    }


def on_random_tokens_of_parts(exercise, bench, *, batch, pos, seed):
    clean = bench.integers(0, bench.d_vocab, (batch, pos), seed=seed)
    corrupted = (clean + bench.integers(1, bench.d_vocab, (batch, pos), seed=seed + 1)) % bench.d_vocab
    clean[:, 0] = corrupted[:, 0] = bench.bos
    right = bench.integers(0, bench.d_vocab, (batch,), seed=seed + 2)
    return swept_of_parts(exercise, bench, clean, corrupted, difference_of(right, (right + 7) % bench.d_vocab))


def on_names(exercise, bench, *, batch, seed):
    """Three names in a row, of which one comes twice: "Mary John John" and "Mary John Mary"."""
    from interp.words import NAMES

    both = [form for name in NAMES for form in (name, " " + name)]
    lengths = [len(ids) for ids in bench.model.tokenizer(both, add_special_tokens=False)["input_ids"]]
    single = [name for place, name in enumerate(NAMES) if lengths[2 * place] == lengths[2 * place + 1] == 1]
    first = bench.integers(0, len(single), (batch,), seed=seed)
    second = (first + bench.integers(1, len(single), (batch,), seed=seed + 1)) % len(single)
    pairs = [(single[int(io)], single[int(subject)]) for io, subject in zip(first, second, strict=True)]
    clean = bench.tokens([f"{io} {subject} {subject}" for io, subject in pairs])
    corrupted = bench.tokens([f"{io} {subject} {io}" for io, subject in pairs])
    right, wrong = (bench.tokens([" " + pair[who] for pair in pairs])[:, 1] for who in (0, 1))
    return swept_of_parts(exercise, bench, clean, corrupted, difference_of(right, wrong))


def on_a_deep_model_of_parts(exercise, bench, *, pos, seed):
    """Eleven layers, one prompt, and a metric that looks at all logits."""
    clean, corrupted = (bench.integers(0, 13, (1, pos), seed=seed + place) for place in range(2))
    model = deep_model(bench)
    cache = model.run_with_cache(clean)[1]
    return exercise.patch_component_sweep(model, corrupted, cache, of_all_logits(bench, 1, pos, seed + 2))


def with_a_metric_that_fails_of_parts(exercise, bench, *, calls):
    """Whether a hook is left when the metric has failed."""
    from transformer_lens import ActivationCache

    tokens = bench.integers(0, bench.d_vocab, (1, 2), seed=0)
    cache = ActivationCache(bench.cache(tokens, bench.names([*CACHED, *INNER])), bench.model)
    try:
        exercise.patch_component_sweep(bench.model, tokens.flip(1), cache, failing_metric(calls))
    except MetricError:
        return {"hooks_left": left(bench)}
    return {"hooks_left": None}


def assert_sound(found):
    for name in MAPS:
        values, corrupted = found["maps"][name], found["corrupted"]
        assert np.allclose(values[:, 0], corrupted, atol=1e-3), (
            f"{name}: both prompts begin with BOS, so a patch at position 0 should change nothing in any layer"
        )
        assert np.allclose(values[-1, :-1], corrupted, atol=1e-3), (
            f"{name}: what the last layer writes before the last position cannot reach the prediction there any more"
        )
    assert found["cache_changes"] == "nothing", "your function changed the clean cache; the next experiment needs it"
    assert found["hooks_left"] == "nothing", "a hook is still attached to the model after your sweep"


@pytest.mark.points(2)
def test_on_random_tokens_of_parts(compare, seed):
    """The course model on pairs of random tokens that share nothing but BOS."""
    assert_sound(compare(on_random_tokens_of_parts, batch=3, pos=4, seed=seed))


@pytest.mark.points(1)
def test_any_model_and_metric_of_parts(compare, seed):
    """A model of eleven layers with a metric of all logits; and no hook is left when a metric fails."""
    compare(on_a_deep_model_of_parts, pos=2, seed=seed)
    compare(with_a_metric_that_fails_of_parts, calls=2)


@pytest.mark.points(2)
@pytest.mark.needs(single_tokens=["Mary", " Mary", "John", " John"])
def test_on_names(compare, seed):
    """Pairs of prompts that differ in their last word, a name, alone."""
    found = compare(on_names, batch=2, seed=seed)
    assert_sound(found)
    for name in MAPS:
        assert np.allclose(found["maps"][name][:, :-1], found["corrupted"], atol=1e-3), (
            f"{name}: before the changed word the two runs are the same; a patch there should change nothing"
        )
