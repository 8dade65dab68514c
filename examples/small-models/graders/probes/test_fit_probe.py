"""Grader of `fit_probe`: random hidden states, the extremes, and the model's own."""

import numpy as np
import pytest

from mechgrade.grading.functions import checks_of_function, number, reals

checks_of_function(
    __name__,
    4,
    hidden=reals("item", "feature"),
    target=reals("item"),
    penalty=number(0.5, 4),
)


def on_the_model(exercise, bench, *, layer, batch, length, seed):
    tokens = bench.strings(batch, length, seed=seed)
    hidden = bench.hidden_states(tokens)[layer].flatten(0, 1)
    return exercise.fit_probe(hidden, bench.depths(tokens).flatten(), 1.0)


def by_hand(exercise, bench):
    import torch

    hidden = torch.tensor([[1.0], [3.0]], dtype=bench.dtype, device=bench.device)
    return exercise.fit_probe(hidden, hidden[:, 0] * 2 - 2, 2.0)


@pytest.mark.points(2)
def test_on_the_model(compare, seed):
    """The example of the text, and the number of open brackets in the model's hidden states."""
    weight, bias = compare(by_hand)
    assert np.allclose(weight, 1, atol=1e-4) and abs(float(bias)) < 1e-4, "by hand, the weight is 1 and the bias 0"
    for layer in range(3):
        compare(on_the_model, layer=layer, batch=20, length=16, seed=seed)
