"""Grader of `decompose_residual`."""

import numpy as np
import pytest


def random_cache(bench, layers, batch, pos, width, seed):
    """A cache in which the parts are random and the sums are right."""
    names = ["hook_embed", "hook_pos_embed"]
    names += [f"blocks.{layer}.hook_{kind}_out" for layer in range(layers) for kind in ("attn", "mlp")]
    cache = {name: bench.normal(batch, pos, width, seed=seed + place) for place, name in enumerate(names)}
    stream = cache["hook_embed"] + cache["hook_pos_embed"]
    for layer in range(layers):
        cache[f"blocks.{layer}.hook_resid_pre"] = stream
        stream = stream + cache[f"blocks.{layer}.hook_attn_out"]
        cache[f"blocks.{layer}.hook_resid_mid"] = stream
        stream = stream + cache[f"blocks.{layer}.hook_mlp_out"]
        cache[f"blocks.{layer}.hook_resid_post"] = stream
    return cache


def stream_at(cache, layer):
    return cache["blocks.0.hook_resid_pre" if layer == 0 else f"blocks.{layer - 1}.hook_resid_post"]


def on_random_activations(exercise, bench, *, layers, layer, batch, pos, width, seed):
    cache = random_cache(bench, layers, batch, pos, width, seed)
    try:
        labels, components = exercise.decompose_residual(cache, layer)
    except ValueError as error:
        return refusal(error, layers, layer)
    return {"labels": labels, "components": components, "stream": stream_at(cache, layer)}


def refusal(error, layers, layer):
    """What is said where a layer that there is was refused. An error of PyTorch's is another one."""
    if "unpack" in str(error):
        raise error
    return {"labels": f"ValueError for layer {layer} of {layers}"}


def on_many_layers(exercise, bench, *, layers, layer, batch, pos, width, seed):
    """A cache that holds the parts alone, in the opposite order of their names as text: from `blocks.9` down to `blocks.0`,
    with `blocks.10` before `blocks.1`.
    """
    cache = random_cache(bench, layers, batch, pos, width, seed)
    parts = {name: value.double() for name, value in sorted(cache.items(), reverse=True) if "resid" not in name}
    try:
        labels, components = exercise.decompose_residual(parts, layer)
    except ValueError as error:
        return refusal(error, layers, layer)
    return {"labels": labels, "components": components}


def on_course_model(exercise, bench, *, back, batch, pos, seed):
    """The stream that enters the layer `back` before the end."""
    tokens = bench.integers(0, bench.d_vocab, (batch, pos), seed=seed)
    kinds = ("attn_out", "mlp_out", "resid_pre", "resid_post")
    names = ["hook_embed"] + ["hook_pos_embed"] * bench.has_learned_positions
    names += [f"blocks.{layer}.hook_{kind}" for layer in range(bench.n_layers) for kind in kinds]
    cache = bench.cache(tokens, names)
    # Positions that are not learned add nothing to the stream.
    cache.setdefault("hook_pos_embed", cache["hook_embed"] * 0)
    layer = bench.n_layers - back
    try:
        labels, components = exercise.decompose_residual(cache, layer)
    except ValueError as error:
        return refusal(error, bench.n_layers, layer)
    return {
        "labels": labels,
        "shape": list(components.shape),
        "sizes": components.norm(dim=-1),
        "sum": components.sum(0)[..., :6],
        "stream": stream_at(cache, layer)[..., :6],
    }


def refused(exercise, bench, *, depths, width):
    """Which layers are refused, and with which error; once more with the parts alone in the cache."""
    outcomes = {}
    for layers in depths:
        cache = random_cache(bench, layers, 2, 3, width, 0)
        parts = {name: value for name, value in cache.items() if "resid" not in name}
        for held, what in ((cache, "all"), (parts, "parts")):
            for layer in (-layers - 1, -1, 0, layers, layers + 1, layers + 2):
                case = f"{what}, layer {layer} of {layers}"
                try:
                    exercise.decompose_residual(held, layer)
                    outcomes[case] = "nothing"
                except NotImplementedError:
                    raise
                except Exception as error:
                    outcomes[case] = type(error).__name__
    return outcomes


@pytest.mark.points(2)
def test_on_random_activations(compare, seed):
    """Random activations of models with several numbers of layers; entering a middle one, and after the last."""
    for layers, layer, batch, pos, width in [(3, 2, 2, 4, 5), (2, 2, 3, 2, 6), (4, 1, 1, 3, 7)]:
        found = compare(on_random_activations, layers=layers, layer=layer, batch=batch, pos=pos, width=width, seed=seed)
        assert np.allclose(found["components"].sum(0), found["stream"], atol=1e-4), (
            "the components should sum to the residual stream"
        )
    for layers, layer in [(12, 11), (11, 11)]:
        compare(on_many_layers, layers=layers, layer=layer, batch=2, pos=1, width=2, seed=seed)


@pytest.mark.points(1)
def test_before_the_first_layer(compare, seed):
    """The stream that enters layer 0 is the two embeddings alone; the next one has two components more."""
    found = compare(on_random_activations, layers=2, layer=0, batch=2, pos=3, width=4, seed=seed)
    assert list(found["labels"]) == ["embed", "pos_embed"], "no layer has added anything yet"
    compare(on_random_activations, layers=2, layer=1, batch=1, pos=2, width=3, seed=seed)


@pytest.mark.points(1)
def test_on_course_model(compare, seed):
    """The course model's activations: at the end, and one layer before."""
    for back, batch, pos in [(0, 2, 5), (1, 3, 4)]:
        found = compare(on_course_model, back=back, batch=batch, pos=pos, seed=seed)
        assert np.allclose(found["sum"], found["stream"], atol=1e-3 * np.abs(found["stream"]).max()), (
            "the components should sum to the model's own residual stream"
        )


@pytest.mark.points(1)
def test_clear_errors(compare):
    """A layer that the model does not have raises a ValueError; 0 and the number of layers do not."""
    compare(refused, depths=[1, 2, 3], width=4)
