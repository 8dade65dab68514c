"""Grader of `ablate_head`."""

import numpy as np
import pytest

#: Several of each kind, so that it is seen which kind goes through: other words, capitals, spaces, parts of the two words.
WRONG_WORDS = (
    *("median", "none", "noise", "resample", "max", "one"),
    *("Zero", "ZERO", "zerO", "Mean", "MEAN", "mEan"),
    *(" zero", "zero ", " mean", "mean ", "  mean", "zero  "),
    *("ero", "zer", "mea", "ean", "z", "m", ""),
)
PAIRS = (("Mary", "John"), ("Mark", "Anna"), ("John", "Mary"))
LEFT = "hooks are still attached to the model after your function has returned"


def packed(rises):
    """The rises, by the size of the largest of which rounding is to be judged; and their types."""
    import torch

    rises = list(rises)  # it may be a generator
    numbers = torch.tensor([float(rise) for rise in rises], dtype=torch.float64)
    return {"rises": numbers, "types": sorted({type_of(rise) for rise in rises})}


def type_of(value):
    """The name of a type, with the library that it comes from: `int`, `numpy.int64`."""
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"


def left(bench):
    """The first hook that is still on the model."""
    return next(iter(bench.open_hooks()), "nothing")


def rises(exercise, bench, tokens, how, layers, *others):
    """The rise for one head of some layers, never of the same number as its layer; with others, the first once more and
    on those.
    """
    heads = [(layer, (layer + 1) % bench.n_heads) for layer in layers]
    # A function that edits activations in its hooks is at home here: what is checked is that the model stays clean.
    found = [exercise.ablate_head(bench.model, tokens, *place, how) for place in heads]
    hooks_left = left(bench)
    again = [exercise.ablate_head(bench.model, other, *heads[0], how) for other in (tokens, *others) if others]
    return {**packed([*again, *found]), "hooks_left": hooks_left}


def on_sentences(exercise, bench, *, pairs, how):
    template = "Then, {0} and {1} went to the store. {0} gave a bottle to {1}"
    return rises(
        exercise,
        bench,
        bench.tokens([template.format(subject, other) for other, subject in pairs]),
        how,
        [0, bench.n_layers - 1],
    )


def on_repeated_tokens(exercise, bench, *, batch, half, how, seed):
    """The first head also on other tokens of the same shape. Of several layers, as the rise of one head alone may be mere rounding."""
    tokens = [bench.repeated_tokens(batch=batch, half=half, seed=seed + place) for place in range(2)]
    return rises(exercise, bench, tokens[0], how, [layer for layer in (1, 0, 2) if layer < bench.n_layers], tokens[1])


def on_equal_rows(exercise, bench, *, batch, half, seed):
    """A batch of one sequence repeated: its mean is the sequence itself. Zero ablation keeps the numbers' size."""
    tokens = bench.repeated_tokens(batch=1, half=half, seed=seed).repeat(batch, 1)
    heads = [(layer, (layer + 1) % bench.n_heads) for layer in range(min(2, bench.n_layers))]
    return packed(exercise.ablate_head(bench.model, tokens, *place, how) for how in ("mean", "zero") for place in heads)


def on_a_deep_model(exercise, bench, *, heads, seed):
    """Eleven layers: the number of a layer can be the beginning of another's."""
    from interp.random_models import random_model

    model = random_model(bench, n_layers=11, seed=seed)
    tokens = bench.integers(0, 15, (2, 5), seed=seed)
    return packed(
        exercise.ablate_head(model, tokens, *head, how) for head, how in zip(heads, ("zero", "mean"), strict=True)
    )


def on_other_words(exercise, bench, *, words):
    """Which words are refused, and with which error; and whether a hook stays after an error."""
    tokens = bench.repeated_tokens(batch=2, half=3, seed=0)
    outcomes, hooks_left = {}, "nothing"
    for word in words:
        try:
            exercise.ablate_head(bench.model, tokens, 0, 1, word)
            outcomes[word] = "nothing"
        except NotImplementedError:
            raise
        except Exception as error:
            outcomes[word] = type(error).__name__
        hooks_left = left(bench) if hooks_left == "nothing" else hooks_left
    return {"raised": outcomes, "hooks_left": hooks_left}


def on_a_head_that_is_not_there(exercise, bench, *, how):
    """Whether a hook stays when the run ends in an error. Whether it does is not looked at."""
    tokens = bench.repeated_tokens(batch=2, half=3, seed=0)
    try:
        exercise.ablate_head(bench.model, tokens, 0, bench.n_heads, how)
    except NotImplementedError:
        raise
    except Exception:  # which error a missing head gives, the text does not say
        pass
    return {"hooks_left": left(bench)}


def assert_clean(found):
    assert found["hooks_left"] == "nothing", LEFT
    again, _, first = found["rises"][:3]
    assert np.isclose(again, first, rtol=1e-3, atol=1e-5), (
        "the same head, ablated a second time, gives another number: something of the first time is still there"
    )


@pytest.mark.points(3)
def test_zero_ablation(compare, seed):
    """Zero ablation of a head in several layers, on sentences and on repeated tokens."""
    assert compare(on_sentences, pairs=PAIRS, how="zero")["hooks_left"] == "nothing", LEFT
    assert_clean(compare(on_repeated_tokens, batch=2, half=6, how="zero", seed=seed))


@pytest.mark.points(4)
def test_mean_ablation(compare, seed):
    """Mean ablation of a head in several layers, on sentences and on repeated tokens; and in a model of eleven layers."""
    assert compare(on_sentences, pairs=PAIRS, how="mean")["hooks_left"] == "nothing", LEFT
    assert_clean(compare(on_repeated_tokens, batch=4, half=5, how="mean", seed=seed))
    compare(on_a_deep_model, heads=[(1, 0), (10, 1)], seed=seed)


@pytest.mark.points(2)
def test_on_equal_rows(compare, seed):
    """A batch of one, or of equal sequences: the mean over it is what the head gives anyway."""
    for batch in (3, 1):
        found = compare(on_equal_rows, batch=batch, half=5, seed=seed)
        means = found["rises"][: len(found["rises"]) // 2]
        assert np.allclose(means, 0, atol=1e-4), "replacing a head by what it gives anyway changes nothing"


@pytest.mark.points(1)
def test_clear_errors(compare):
    """Another word than zero or mean raises a ValueError; no error leaves a hook behind, whatever raised it."""
    compare(on_other_words, words=[*WRONG_WORDS, "zero", "mean"])
    compare(on_a_head_that_is_not_there, how="zero")
