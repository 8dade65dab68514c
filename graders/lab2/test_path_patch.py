"""Grader of `path_patch`."""

import numpy as np
import pytest

PARTS = ("hook_resid_pre", "hook_resid_mid", "hook_resid_post", "hook_attn_out", "hook_mlp_out", "ln1.hook_scale")
OF_HEADS = tuple(f"attn.hook_{part}" for part in ("z", "q", "k", "v", "pattern"))


def two_runs(bench, batch, pos, seed):
    """Random tokens, other random tokens, and what the model computes on both."""
    from transformer_lens import ActivationCache

    names = ["hook_embed", "ln_final.hook_scale", *bench.names(PARTS), *bench.names(OF_HEADS)]
    tokens = bench.integers(0, bench.d_vocab, (batch, pos), seed=seed)
    others = bench.integers(0, bench.d_vocab, (batch, pos), seed=seed + 1)
    return tokens, *(ActivationCache(bench.cache(text, names), bench.model) for text in (tokens, others))


def places(bench, heads):
    """Heads as (layer, head), whatever the model's size; negative numbers count from the end."""
    return [(layer % bench.n_layers, head % bench.n_heads) for layer, head in heads]


def some(logits):
    """A few columns of the logits: enough to compare."""
    return logits[..., 3::83]


def watched(cache):
    """A function that says what of the cache is not as it is now."""
    before = {name: value.clone() for name, value in cache.items()}
    return lambda: what_changed(before, cache)


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


def left(bench, logits, orig_changes, new_changes):
    """The logits, and how caches and model are left."""
    return {
        "logits": some(logits),
        "orig_cache_changes": orig_changes(),
        "new_cache_changes": new_changes(),
        "hooks_left": next(iter(bench.open_hooks()), "nothing"),
    }


def to_logits(exercise, bench, *, batch, pos, senders, seed):
    tokens, orig, new = two_runs(bench, batch, pos, seed)
    watches = watched(orig), watched(new)
    logits = exercise.path_patch_to_logits(bench.model, tokens, orig, new, places(bench, senders))
    return left(bench, logits, *watches)


def deep_runs(bench, seed):
    """A small random model with eleven layers, and two runs of it: a layer's number can have two digits."""
    from interp.random_models import normal_weights, small_model

    sizes = {"n_layers": 11, "n_heads": 2, "d_model": 8, "d_head": 4, "d_mlp": 6, "d_vocab": 13, "n_ctx": 4}
    model = small_model(bench, normal_weights(bench, 0.5), **sizes, act_fn="relu", normalization_type="LNPre")
    tokens, others = (bench.integers(0, 13, (1, 3), seed=seed + place) for place in range(2))
    return model, tokens, model.run_with_cache(tokens)[1], model.run_with_cache(others)[1]


def to_logits_in_a_deep_model(exercise, bench, *, senders, seed):
    model, tokens, orig, new = deep_runs(bench, seed)
    return exercise.path_patch_to_logits(model, tokens, orig, new, tuple(tuple(head) for head in senders))


def to_heads_in_a_deep_model(exercise, bench, *, senders, receivers, component, seed):
    model, tokens, orig, new = deep_runs(bench, seed)
    senders, receivers = (tuple(map(tuple, heads)) for heads in (senders, receivers))
    return exercise.path_patch_to_heads(model, tokens, orig, new, senders, receivers, component)


def without_receivers(exercise, bench, *, seed):
    """Somebody sends, or nobody, and nobody receives."""
    tokens, orig, new = two_runs(bench, 2, 4, seed)
    found = (
        exercise.path_patch_to_heads(bench.model, tokens, orig, new, senders, [], "q") for senders in ([(0, 0)], [])
    )
    return [some(logits) for logits in found]


def to_logits_by_all(exercise, bench, *, batch, pos, seed):
    """All heads send: the same as a run in which attention layers give the new and MLPs the original output."""
    import torch

    tokens, orig, new = two_runs(bench, batch, pos, seed)
    everyone = [(layer, head) for layer in range(bench.n_layers) for head in range(bench.n_heads)]
    logits = exercise.path_patch_to_logits(bench.model, tokens, orig, new, everyone)
    hooks = []
    for layer in range(bench.n_layers):
        hooks.append((f"blocks.{layer}.hook_attn_out", lambda out, hook, at=layer: new["attn_out", at].clone()))
        hooks.append((f"blocks.{layer}.hook_mlp_out", lambda out, hook, at=layer: orig["mlp_out", at].clone()))
    with torch.no_grad():
        frozen = bench.model.run_with_hooks(tokens, fwd_hooks=hooks)
    return {"logits": some(logits), "frozen_run": some(frozen)}


def to_heads(exercise, bench, *, batch, pos, senders, receivers, component, seed):
    tokens, orig, new = two_runs(bench, batch, pos, seed)
    senders, receivers = tuple(places(bench, senders)), tuple(places(bench, receivers))
    watches = watched(orig), watched(new)
    logits = exercise.path_patch_to_heads(bench.model, tokens, orig, new, senders, receivers, component)
    return left(bench, logits, *watches)


def without_a_change(exercise, bench, *, batch, pos, seed, nobody):
    """Nobody sends, or the senders say in the new run what they said before: beside the original run's own logits."""
    tokens, orig, _ = two_runs(bench, batch, pos, seed)
    senders, receivers = [] if nobody else [(0, 0), (0, 1)], [(bench.n_layers - 1, 0)]
    return {
        "original": some(bench.run(tokens)),
        "to_logits": some(exercise.path_patch_to_logits(bench.model, tokens, orig, orig, senders)),
        "to_heads": some(exercise.path_patch_to_heads(bench.model, tokens, orig, orig, senders, receivers, "v")),
    }


def on_bad_paths(exercise, bench, *, paths):
    """What is raised for some senders, receivers and components."""
    tokens, orig, new = two_runs(bench, 2, 3, 0)
    raised = []
    for senders, receivers, component in paths:
        asked = places(bench, senders), places(bench, receivers), component
        try:
            exercise.path_patch_to_heads(bench.model, tokens, orig, new, *asked)
            raised.append(f"nothing for {asked}")
        except ValueError:
            raised.append("ValueError")
        except NotImplementedError:
            raise
        except Exception as error:
            raised.append(f"{type(error).__name__} for {asked}")
    return raised


@pytest.mark.points(4)
@pytest.mark.needs("direct_heads")
def test_to_logits(compare, seed):
    """The direct path from one or several heads to the logits, on random tokens."""
    for batch, pos, senders in [(2, 5, [[0, 1]]), (3, 4, [[1, 0], [-1, 2]]), (2, 6, [[-1, -1]])]:
        found = compare(to_logits, batch=batch, pos=pos, senders=senders, seed=seed)
        assert found["hooks_left"] == "nothing", "hooks are left on the model: the next run would be patched too"
        assert found["orig_cache_changes"] == found["new_cache_changes"] == "nothing", (
            "a cache is changed: add to a copy"
        )
    compare(to_logits_in_a_deep_model, senders=[[10, 1], [2, 0]], seed=seed)


@pytest.mark.points(2)
@pytest.mark.needs("direct_heads")
def test_all_heads_together(compare, seed):
    """With every head a sender, attention gives the new run's output everywhere, and the MLPs the original's."""
    found = compare(to_logits_by_all, batch=2, pos=5, seed=seed)
    assert np.allclose(found["logits"], found["frozen_run"], atol=1e-3), (
        "when all heads send, the logits should be those of a run with the new attention outputs and the original MLP "
        "outputs"
    )


@pytest.mark.points(6)
@pytest.mark.needs("ungrouped_heads", "direct_heads", layers=2)
def test_to_heads(compare, seed):
    """The direct paths from heads to the queries, keys or values of later heads, on random tokens."""
    for batch, pos, senders, receivers, component in [
        (2, 6, [[0, 0]], [[-1, 1]], "q"),
        (3, 5, [[0, 1], [0, 2]], [[-1, 0], [-1, 2]], "k"),
        (2, 5, [[0, 0], [0, 1], [0, 2]], [[1, 0], [-1, 1]], "v"),
    ]:
        found = compare(
            to_heads, batch=batch, pos=pos, senders=senders, receivers=receivers, component=component, seed=seed
        )
        assert found["hooks_left"] == "nothing", "hooks are left on the model: the next run would be patched too"
        assert found["orig_cache_changes"] == found["new_cache_changes"] == "nothing", (
            "a cache is changed: add to a copy"
        )
    deep = {"senders": [[9, 1], [2, 0]], "receivers": [[10, 1], [10, 0]], "component": "q"}
    compare(to_heads_in_a_deep_model, **deep, seed=seed)


@pytest.mark.points(2)
@pytest.mark.needs("ungrouped_heads", "direct_heads", layers=2)
def test_nothing_changes(compare, seed):
    """Without a sender, or without a receiver, or with two equal runs, the logits are the original ones."""
    compare(without_receivers, seed=seed)
    for nobody in (True, False):
        found = compare(without_a_change, batch=2, pos=4, seed=seed, nobody=nobody)
        for name in ("to_logits", "to_heads"):
            assert np.allclose(found[name], found["original"], atol=1e-3), (
                f"path_patch_{name}: nothing was sent along the path, but the logits are not the original run's"
            )


@pytest.mark.points(1)
@pytest.mark.needs("ungrouped_heads", layers=3)
def test_clear_errors(compare):
    """A path backwards or within a layer, or to a component that a head does not have, raises a ValueError."""
    good = {"batch": 2, "pos": 3, "senders": [[1, 1], [0, 0]], "receivers": [[-1, 1]], "component": "k"}
    compare(to_heads, **good, seed=0)
    paths = [
        [[[1, 0]], [[1, 1]], "q"],
        [[[-1, 0]], [[1, 1]], "k"],
        [[[0, 0], [-1, 0]], [[1, 1]], "v"],
        [[[1, 0]], [[1, 1], [-1, 0]], "q"],
        [[[1, 0]], [[-1, 0], [1, 1]], "q"],
        [[[0, 0]], [[-1, 1]], "z"],
        [[[0, 0]], [[-1, 1]], "Q"],
        [[[0, 0]], [[-1, 1]], ""],
        [[[0, 0]], [[-1, 1]], "qk"],
        [[[0, 0]], [], "z"],
        [[], [], "pattern"],
    ]
    compare(on_bad_paths, paths=paths)
