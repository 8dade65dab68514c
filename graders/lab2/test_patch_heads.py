"""Grader of `patch_heads`."""

import re

import numpy as np
import pytest

from interp.words import IOI_WORDS

ACTIVATIONS = ("z", "q", "k", "v", "pattern")


def hook_names(bench, activations):
    return [f"blocks.{layer}.attn.hook_{name}" for layer in range(bench.n_layers) for name in activations]


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


def caches(bench, tokens, activations=ACTIVATIONS):
    """The activations of a run, as TransformerLens gives them: full and short names both work."""
    from transformer_lens import ActivationCache

    return ActivationCache(bench.cache(tokens, hook_names(bench, activations)), bench.model)


def between(right, wrong):
    """The mean logit difference at the last position."""

    def logit_difference(logits):
        last = logits[:, -1]
        return (last.gather(1, right[:, None]) - last.gather(1, wrong[:, None])).mean()

    return logit_difference


def random_prompts(bench, batch, pos, seed):
    """Two unrelated batches of random tokens, and a logit difference of two random tokens for each row."""
    clean = bench.integers(0, bench.d_vocab, (batch, pos), seed=seed)
    corrupted = bench.integers(0, bench.d_vocab, (batch, pos), seed=seed + 1)
    right = bench.integers(0, bench.d_vocab, (batch,), seed=seed + 2)
    return clean, corrupted, between(right, (right + 7) % bench.d_vocab)


def name_prompts(bench, count, template, seed):
    """IOI prompts, the same with the second subject swapped, and the logit difference of the two names."""
    from interp.prompts import ioi_prompts

    prompts = ioi_prompts(count, seed, template=template)
    right, wrong = bench.tokens([p.answer for p in prompts])[:, 1], bench.tokens([p.wrong for p in prompts])[:, 1]
    metric = between(right, wrong)
    return bench.tokens([p.clean for p in prompts]), bench.tokens([p.corrupted for p in prompts]), metric


def patched(exercise, bench, tokens, cache, metric, activation):
    """What the learner's function gives, and how it leaves cache and model behind."""
    before = {name: value.clone() for name, value in cache.items()}
    named = () if activation is None else (activation,)
    found = exercise.patch_heads(bench.model, tokens, cache, metric, *named)
    return {"map": found, "cache_changes": what_changed(before, cache), "hooks_left": left(bench)}


def on_random_tokens(exercise, bench, *, batch, pos, activation, seed):
    clean, corrupted, metric = random_prompts(bench, batch, pos, seed)
    return patched(exercise, bench, corrupted, caches(bench, clean), metric, activation)


def on_a_cache_of_one(exercise, bench, *, batch, pos, activation, seed):
    """The cache holds the named activation and no other."""
    clean, corrupted, metric = random_prompts(bench, batch, pos, seed)
    try:
        return patched(exercise, bench, corrupted, caches(bench, clean, (activation,)), metric, activation)
    except KeyError as error:
        return {"map": f"KeyError for {error}"}


def on_one_changed_head(exercise, bench, *, batch, pos, layer, head, activation, seed):
    """The clean run is the corrupted one but for a single head; counted from the last layer and the last head, and round again where there are fewer."""
    _, corrupted, metric = random_prompts(bench, batch, pos, seed)
    cache = caches(bench, corrupted)
    heads = bench.n_kv_heads if activation in ("k", "v") else bench.n_heads
    name = f"blocks.{(-1 - layer) % bench.n_layers}.attn.hook_{activation}"
    last = (-1 - head) % heads
    if activation == "pattern":
        cache[name][:, last] = bench.pattern(batch, pos, pos, seed=seed + 5)
    else:
        cache[name][:, :, last] += 3 * bench.normal(batch, pos, bench.d_head, seed=seed + 5)
    baseline = metric(bench.run(corrupted))
    found = patched(exercise, bench, corrupted, cache, metric, activation)
    return {"change": found["map"] - baseline, "hooks_left": found["hooks_left"]}


def another_model(bench, layers, heads, shared=None):
    """A small random model with another number of heads than of layers, whatever the course model has.

    Args:
        shared: how many heads of keys and values there are, where several heads share them.
    """
    from interp.grouped_models import small_grouped_model
    from interp.random_models import normal_weights, small_model

    sizes = {"n_layers": layers, "n_heads": heads, "d_model": 20, "d_head": 6, "d_mlp": 24, "d_vocab": 37, "n_ctx": 16}
    config = {**sizes, "act_fn": "gelu_new", "normalization_type": "LNPre"}
    if shared is None:
        return small_model(bench, normal_weights(bench, 0.3), **config)
    return small_grouped_model(bench, normal_weights(bench, 0.3), n_key_value_heads=shared, **config)


def on_another_model(exercise, bench, *, layers, heads, batch, pos, activation, seed, shared=None):
    """With a metric that looks at all logits: what is done to them before shows in it."""
    model = another_model(bench, layers, heads, shared)
    clean, corrupted = (bench.integers(0, 37, (batch, pos), seed=seed + n) for n in range(2))
    weights = bench.normal(batch, pos, 37, seed=seed + 2)
    _, cache = model.run_with_cache(clean)
    try:
        return exercise.patch_heads(model, corrupted, cache, lambda logits: (logits * weights).sum(), activation)
    except IndexError as error:
        # Messages differ with the way of indexing. A number that they share is that of the first head that is not there.
        missing = shared is not None and str(shared) in re.findall(r"\d+", str(error))
        return f"IndexError: {activation} has no head {shared}" if missing else f"IndexError: {error}"


class MetricError(Exception):
    """What the metric raises in the scenario below."""


def with_a_metric_that_fails(exercise, bench, *, calls):
    """Whether a hook is left when the metric has failed, at the last of some calls."""
    clean, corrupted, _ = random_prompts(bench, 1, 2, 0)
    rest = [None] * calls

    def metric(logits):
        rest.pop()
        if not rest:
            raise MetricError
        return logits.mean()

    try:
        exercise.patch_heads(bench.model, corrupted, caches(bench, clean), metric)
    except MetricError:
        return {"hooks_left": left(bench)}
    return {"hooks_left": None}


def on_names(exercise, bench, *, count, template, seed, activation):
    clean, corrupted, metric = name_prompts(bench, count, template, seed)
    found = patched(exercise, bench, corrupted, caches(bench, clean), metric, activation)
    return {**found, "clean": metric(bench.run(clean)).item(), "corrupted": metric(bench.run(corrupted)).item()}


def of_the_library(exercise, bench, *, count, template, seed, activation):
    """The map of the learner's function beside that of `transformer_lens.patching`."""
    import torch
    from transformer_lens import patching

    clean, corrupted, metric = name_prompts(bench, count, template, seed)
    cache = caches(bench, clean)
    name = "out" if activation == "z" else activation
    mine = exercise.patch_heads(bench.model, corrupted, cache, metric, activation)
    with torch.no_grad():
        theirs = getattr(patching, f"get_act_patch_attn_head_{name}_all_pos")(bench.model, corrupted, cache, metric)
    return {"yours": mine, "library": theirs}


def on_unknown_activations(exercise, bench, *, activations):
    _, corrupted, metric = random_prompts(bench, 2, 4, 0)
    cache, outcomes = caches(bench, corrupted), {}
    for activation in activations:
        try:
            exercise.patch_heads(bench.model, corrupted, cache, metric, activation)
            outcomes[repr(activation)] = "nothing"
        except NotImplementedError:
            raise
        except Exception as error:
            outcomes[repr(activation)] = type(error).__name__
    return outcomes


def assert_clean(found):
    assert found["hooks_left"] == "nothing", "hooks are left on the model: the next run would be patched too"
    assert found.get("cache_changes", "nothing") == "nothing", (
        "the clean cache is changed: write into a copy of the corrupted value"
    )


@pytest.mark.points(3)
def test_outputs(compare, seed):
    """The map of head outputs (z), on random tokens in several shapes, and on a model of another shape."""
    for layers, heads, batch, pos in [(2, 5, 2, 5), (11, 2, 1, 3)]:
        compare(on_another_model, layers=layers, heads=heads, batch=batch, pos=pos, activation="z", seed=seed)
    # Where no activation is named it is z.
    for batch, pos, activation in [(4, 6, "z"), (1, 9, None)]:
        assert_clean(compare(on_random_tokens, batch=batch, pos=pos, activation=activation, seed=seed))


@pytest.mark.points(2)
def test_inputs_and_pattern(compare, seed):
    """The maps of queries, keys, values and patterns; heads may share keys and values; the cache may hold the named activation alone."""
    for activation in ("q", "k", "v", "pattern"):
        # As few positions as there can be: a pattern must not be taken for vectors.
        batch, pos = (2, 2) if activation == "pattern" else (4, 7)
        assert_clean(compare(on_random_tokens, batch=batch, pos=pos, activation=activation, seed=seed))
    assert_clean(compare(on_a_cache_of_one, batch=1, pos=3, activation="q", seed=seed))
    for activation, shared in [("k", 3), ("v", 2)]:
        compare(on_another_model, layers=2, heads=6, shared=shared, batch=2, pos=4, activation=activation, seed=seed)


@pytest.mark.points(2)
def test_only_one_head(compare, seed):
    """Two runs that differ in a single head: no other head has any effect."""
    for layer, head, activation in [(0, 0, "z"), (1, 1, "z"), (1, 0, "v"), (0, 1, "pattern")]:
        found = compare(on_one_changed_head, batch=3, pos=5, layer=layer, head=head, activation=activation, seed=seed)
        change = np.abs(found["change"]).copy()
        change[(-1 - layer) % len(change), (-1 - head) % change.shape[1]] = 0
        assert np.all(change < 1e-3), (
            "the two runs differ in one head only, but your map shows an effect of other heads: something else than "
            "the head in question is patched along with it"
        )


@pytest.mark.points(2)
@pytest.mark.needs(single_tokens=IOI_WORDS)
def test_on_names(compare, seed):
    """Prompts with two names, on the course model: your maps equal those of transformer_lens.patching."""
    for activation in ("z", "pattern"):
        assert_clean(compare(on_names, count=3, template=1, seed=seed, activation=activation))
    found = compare(of_the_library, count=2, template=0, seed=seed, activation="v")
    assert np.allclose(found["yours"], found["library"], atol=1e-3), (
        "your map is not that of `get_act_patch_attn_head_v_all_pos` in `transformer_lens.patching`"
    )


@pytest.mark.points(1)
def test_clear_errors(compare):
    """An activation that is none of the five raises a ValueError; and no hook is left when a metric fails."""
    compare(with_a_metric_that_fails, calls=2)
    # Several of each kind: other activations, capitals, and parts of the five names.
    other, capitals = ["result", "attn_scores", "mlp", "out", "x", "attn"], ["Z", "Q", "K", "V", "Pattern", "PATTERN"]
    compare(on_unknown_activations, activations=[*other, *capitals, "", "at", "pat", "tern", "p", "er"])
