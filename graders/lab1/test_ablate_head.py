"""Grader of `ablate_head`."""

import numpy as np
import pytest

PAIRS = (("Mary", "John"), ("Mark", "Anna"), ("John", "Mary"))


def rises(exercise, bench, tokens, how):
    """The rise for one head of each layer, never of the same number as its layer; then once more for the first."""
    import torch

    heads = [(layer, (layer + 1) % bench.n_heads) for layer in range(min(bench.n_layers, 3))]
    # A function that edits activations in its hooks is at home here: what is checked is that the model stays clean.
    found = [float(exercise.ablate_head(bench.model, tokens, *place, how)) for place in heads]
    hooks_left = bool(bench.open_hooks())
    again = float(exercise.ablate_head(bench.model, tokens, *heads[0], how))
    return {"rises": torch.tensor([*found, again], dtype=torch.float64), "hooks_left": hooks_left}


def on_sentences(exercise, bench, *, pairs, how):
    template = "Then, {0} and {1} went to the store. {0} gave a bottle to {1}"
    return rises(exercise, bench, bench.tokens([template.format(subject, other) for other, subject in pairs]), how)


def on_repeated_tokens(exercise, bench, *, batch, half, how, seed):
    return rises(exercise, bench, bench.repeated_tokens(batch=batch, half=half, seed=seed), how)


def on_equal_rows(exercise, bench, *, batch, half, seed):
    """A batch of one sequence repeated: its mean is the sequence itself. Zero ablation keeps the numbers' size."""
    import torch

    tokens = bench.repeated_tokens(batch=1, half=half, seed=seed).repeat(batch, 1)
    heads = [(layer, (layer + 1) % bench.n_heads) for layer in range(2)]
    return torch.tensor(
        [
            [float(exercise.ablate_head(bench.model, tokens, *place, how)) for place in heads]
            for how in ("mean", "zero")
        ],
        dtype=torch.float64,
    )


def on_another_word(exercise, bench, *, how):
    tokens = bench.repeated_tokens(batch=2, half=3, seed=0)
    try:
        exercise.ablate_head(bench.model, tokens, 0, 1, how)
    except ValueError:
        return {"raised": "ValueError"}
    except NotImplementedError:
        raise
    except Exception as error:
        return {"raised": type(error).__name__}
    return {"raised": "nothing"}


def assert_clean(found):
    assert not found["hooks_left"], "hooks are still attached to the model after your function has returned"
    assert np.isclose(found["rises"][0], found["rises"][-1], rtol=1e-3, atol=1e-5), (
        "the same head, ablated a second time, gives another number: something of the first time is still there"
    )


@pytest.mark.points(3)
def test_zero_ablation(compare, seed):
    """Zero ablation of a head in each layer, on sentences and on repeated tokens."""
    assert_clean(compare(on_sentences, pairs=PAIRS, how="zero"))
    assert_clean(compare(on_repeated_tokens, batch=2, half=6, how="zero", seed=seed))


@pytest.mark.points(4)
def test_mean_ablation(compare, seed):
    """Mean ablation of a head in each layer, on sentences and on repeated tokens."""
    assert_clean(compare(on_sentences, pairs=PAIRS, how="mean"))
    assert_clean(compare(on_repeated_tokens, batch=4, half=5, how="mean", seed=seed))


@pytest.mark.points(2)
def test_on_equal_rows(compare, seed):
    """A batch whose sequences are all the same: the mean over it is what the head gives anyway."""
    found = compare(on_equal_rows, batch=3, half=5, seed=seed)
    assert np.allclose(found[0], 0, atol=1e-4), "replacing a head by what it gives anyway should change nothing"


@pytest.mark.points(1)
def test_clear_errors(compare):
    """Another word than zero or mean raises a ValueError."""
    compare(on_another_word, how="median")
