"""Grader of `describe_model`."""

import random

import pytest


def with_types(found):
    """The entries, and the type of each: a number of another library looks like a Python integer here."""
    return {**found, "types": {name: type_of(value) for name, value in found.items()}}


def type_of(value):
    """The name of a type, with the library that it comes from: `int`, `numpy.int64`."""
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"


def random_model(bench, sizes, norm):
    """A small untrained model: sizes that GPT-2 would not have."""
    from interp.random_models import normal_weights, small_model

    return small_model(bench, normal_weights(bench, 1.0), **sizes, act_fn="gelu_new", normalization_type=norm)


def on_course_model(exercise, bench):
    return with_types(exercise.describe_model(bench.model))


def on_random_model(exercise, bench, *, n_layers, n_heads, d_model, d_head, d_mlp, d_vocab, n_ctx):
    """The LayerNorms of a model with an even number of heads are folded: the count is the same."""
    sizes = {
        "n_layers": n_layers,
        "n_heads": n_heads,
        "d_model": d_model,
        "d_head": d_head,
        "d_mlp": d_mlp,
        "d_vocab": d_vocab,
        "n_ctx": n_ctx,
    }
    return with_types(exercise.describe_model(random_model(bench, sizes, "LN" if n_heads % 2 else "LNPre")))


def drawn(seed):
    """Sizes that nobody could have listed; no two of them are in a ratio that GPT-2 would have."""
    draw = random.Random(seed).randint
    return (draw(1, 4), draw(2, 5), draw(12, 40), draw(3, 9), draw(17, 70), draw(20, 90), draw(8, 50))


NAMES = ("n_layers", "n_heads", "d_model", "d_head", "d_mlp", "d_vocab", "n_ctx")


def described(compare, sizes):
    """What is found for a random model, held against its sizes."""
    found = compare(on_random_model, **dict(zip(NAMES, sizes, strict=True)))
    for name, size in zip(NAMES, sizes, strict=True):
        assert found[name] == size, f"this model has {name} = {size}"
    return found


# First the models that are the same whatever class the course model has: there every mistake shows in the same numbers.
@pytest.mark.points(3)
def test_on_other_models(compare):
    """Small models of other shapes: heads and MLPs as wide as their designer pleased."""
    found = described(compare, (2, 4, 20, 6, 50, 37, 16))
    assert found["n_params"] == 9_424, "counted by hand, this model has 9,424 parameters"
    described(compare, (1, 3, 16, 4, 24, 11, 40))


@pytest.mark.points(2)
def test_on_course_model(compare, seed):
    """The sizes and the parameter count of the course model; and of two more small models."""
    compare(on_course_model)
    # Few heads that are wide: a width that was computed from another is far off.
    described(compare, (1, 2, 12, 70, 24, 11, 8))
    described(compare, drawn(seed))
