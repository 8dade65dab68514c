"""Grader of `logit_lens`."""

import numpy as np
import pytest

COUNTRIES = ("France", "Spain", "Italy", "Germany", "Japan", "Egypt")


def with_own_answer(exercise, bench, tokens, targets):
    """What the learner's function gives, and the model's own probabilities."""
    import torch

    own = bench.run(tokens)[:, -1].softmax(-1)
    return {
        "by_layer": exercise.logit_lens(bench.model, tokens, targets),
        "own": own[torch.arange(len(targets)), targets],
        "hooks_left": next(iter(bench.open_hooks()), "nothing"),
    }


def on_random_tokens(exercise, bench, *, batch, pos, seed):
    """The targets are what the model itself would say, and some other token. One of many rows ends with end-of-text."""
    tokens = bench.integers(0, bench.d_vocab, (batch, pos), seed=seed)
    tokens[:, 0] = bench.bos
    tokens[2:3, -1] = bench.bos
    targets = bench.run(tokens)[:, -1].argmax(-1)
    targets[0] = bench.integers(0, bench.d_vocab, (1,), seed=seed + 1)[0]
    return with_own_answer(exercise, bench, tokens, targets)


def on_a_deep_model(exercise, bench, *, batch, pos, shift, seed):
    """Eleven layers, a stream so small that LayerNorm's `eps` counts, logits that are all large, and two batches of one
    shape.
    """
    import torch

    from interp.random_models import random_model

    model = random_model(bench, n_layers=11, seed=seed, loudness=0.003)
    with torch.no_grad():
        model.unembed.b_U.add_(shift)
    targets = bench.integers(0, 15, (batch,), seed=seed)
    tokens = [bench.integers(0, 15, (batch, pos), seed=seed + place) for place in (1, 2)]
    found = [exercise.logit_lens(model, each, targets) for each in tokens]
    # As numbers too: where all of a tensor is NaN, it says less than its entries.
    numbers = [each[:, 0].tolist() for each in found if isinstance(each, torch.Tensor) and each.ndim == 2]
    return {"found": found, "of_the_first_prompt": numbers}


def on_prompts(exercise, bench, *, countries):
    """The targets are the answers that the model itself finds most likely; one is the answer to another prompt."""
    tokens = bench.tokens([f"The capital of {country} is" for country in countries])
    targets = bench.run(tokens)[:, -1].argmax(-1)
    targets[-1] = targets[0]
    return with_own_answer(exercise, bench, tokens, targets)


def assert_lens(found):
    by_layer = found["by_layer"]
    assert np.all((by_layer >= 0) & (by_layer <= 1 + 1e-5)), "probabilities are between 0 and 1"
    assert np.allclose(by_layer[-1], found["own"], atol=1e-4), (
        "the last row should be the model's own probability: after the last layer comes the last step itself"
    )


@pytest.mark.points(4)
@pytest.mark.needs("linear_logits")
def test_on_random_tokens(compare, seed):
    """Random tokens; and a random model of eleven layers with large logits."""
    assert_lens(compare(on_random_tokens, batch=5, pos=6, seed=seed))
    compare(on_a_deep_model, batch=2, pos=4, shift=128.0, seed=seed)


@pytest.mark.points(5)
@pytest.mark.needs("linear_logits")
def test_on_prompts(compare):
    """Questions for capitals."""
    assert_lens(compare(on_prompts, countries=COUNTRIES[:4]))
    assert_lens(compare(on_prompts, countries=COUNTRIES[3:]))


@pytest.mark.points(1)
def test_on_one_prompt(compare, seed):
    """A batch of one."""
    assert_lens(compare(on_random_tokens, batch=1, pos=4, seed=seed))
