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
    labels, components = exercise.decompose_residual(cache, layer)
    return {"labels": labels, "components": components, "stream": stream_at(cache, layer)}


def on_course_model(exercise, bench, *, back, batch, pos, seed):
    """The stream that enters the layer `back` before the end."""
    tokens = bench.integers(0, bench.d_vocab, (batch, pos), seed=seed)
    kinds = ("attn_out", "mlp_out", "resid_pre", "resid_post")
    names = ["hook_embed", "hook_pos_embed"]
    names += [f"blocks.{layer}.hook_{kind}" for layer in range(bench.n_layers) for kind in kinds]
    cache = bench.cache(tokens, names)
    layer = bench.n_layers - back
    labels, components = exercise.decompose_residual(cache, layer)
    return {
        "labels": labels,
        "shape": list(components.shape),
        "sizes": components.norm(dim=-1),
        "sum": components.sum(0)[..., :6],
        "stream": stream_at(cache, layer)[..., :6],
    }


def on_a_layer_that_is_not_there(exercise, bench, *, layer):
    cache = random_cache(bench, 2, 2, 3, 4, 0)
    try:
        exercise.decompose_residual(cache, layer)
    except ValueError:
        return {"raised": "ValueError"}
    except NotImplementedError:
        raise
    except Exception as error:
        return {"raised": type(error).__name__}
    return {"raised": "nothing"}


@pytest.mark.points(2)
def test_on_random_activations(compare, seed):
    """Random activations of models with several numbers of layers; entering the first, a middle, and after the last."""
    for layers, layer, batch, pos, width in [(3, 2, 2, 4, 5), (2, 2, 3, 2, 6), (4, 1, 1, 3, 7)]:
        found = compare(on_random_activations, layers=layers, layer=layer, batch=batch, pos=pos, width=width, seed=seed)
        assert np.allclose(found["components"].sum(0), found["stream"], atol=1e-4), (
            "the components should sum to the residual stream"
        )


@pytest.mark.points(1)
def test_before_the_first_layer(compare, seed):
    """The stream that enters layer 0 is the two embeddings alone."""
    found = compare(on_random_activations, layers=2, layer=0, batch=2, pos=3, width=4, seed=seed)
    assert list(found["labels"]) == ["embed", "pos_embed"], "no layer has added anything yet"


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
    """A layer that the model does not have raises a ValueError."""
    for layer in (-1, 3):
        compare(on_a_layer_that_is_not_there, layer=layer)
