"""Grader of `direct_logit_attribution`."""

import numpy as np
import pytest


def attributed(exercise, model, logits, tokens, correct, wrong):
    """What the learner's function gives, and the model's own logit difference. The rest may be small, or what is left of
    large numbers: it goes beside the logit difference, by whose size its rounding is to be judged.
    """
    import torch

    last, rows = logits[:, -1], torch.arange(len(tokens))
    own = last[rows, correct] - last[rows, wrong]
    found = dict(exercise.direct_logit_attribution(model, tokens, correct, wrong))
    if isinstance(found.get("rest"), torch.Tensor) and found["rest"].shape == own.shape:
        found["rest"] = torch.stack([found["rest"].to(own), own])
    return found, own


def with_true_difference(exercise, bench, tokens, correct, wrong):
    found, own = attributed(exercise, bench.model, bench.run(tokens), tokens, correct, wrong)
    return {"contributions": found, "logit_difference": own, "hooks_left": next(iter(bench.open_hooks()), "nothing")}


def on_a_deep_model(exercise, bench, *, batch, pos, seed):
    """Eleven layers whose weights are not centred, and a stream so small that LayerNorm's `eps` counts."""
    from interp.random_models import random_model

    model = random_model(bench, n_layers=11, d_mlp=5, seed=seed, loudness=0.003)
    tokens = bench.integers(0, 15, (batch, pos), seed=seed)
    correct = bench.integers(0, 7, (batch,), seed=seed)
    found, own = attributed(exercise, model, model(tokens), tokens, correct, correct + 7)
    return {"contributions": found, "logit_difference": own}


def on_random_tokens(exercise, bench, *, batch, pos, seed):
    tokens = bench.integers(0, bench.d_vocab, (batch, pos), seed=seed)
    tokens[:, 0] = bench.bos
    correct = bench.integers(0, bench.d_vocab, (batch,), seed=seed + 1)
    wrong = (correct + bench.integers(1, bench.d_vocab, (batch,), seed=seed + 2)) % bench.d_vocab
    return with_true_difference(exercise, bench, tokens, correct, wrong)


def on_names(exercise, bench, *, pairs):
    """Prompts in which an indirect object and a subject compete."""
    import torch

    template = "Then, {0} and {1} went to the store. {0} gave a bottle to"
    tokens = bench.tokens([template.format(subject, indirect) for indirect, subject in pairs])
    correct, wrong = (torch.tensor([bench.model.to_single_token(" " + pair[i]) for pair in pairs]) for i in (0, 1))
    return with_true_difference(exercise, bench, tokens, correct.to(bench.device), wrong.to(bench.device))


def on_swapped_answers(exercise, bench, *, batch, pos, seed):
    tokens = bench.integers(0, bench.d_vocab, (batch, pos), seed=seed)
    answers = bench.integers(0, bench.d_vocab // 2, (batch,), seed=seed + 1)
    others = answers + bench.d_vocab // 2
    return {
        "as_asked": attributed(exercise, bench.model, bench.run(tokens), tokens, answers, others)[0],
        "swapped": attributed(exercise, bench.model, bench.run(tokens), tokens, others, answers)[0],
    }


def assert_sums(found):
    parts = found["contributions"]
    total = parts["heads"].sum((1, 2)) + parts["mlps"].sum(1) + parts["rest"][0]
    assert np.allclose(total, found["logit_difference"], atol=1e-3), (
        "heads, MLPs and the rest should sum to the logit difference of each prompt: yours sum to "
        f"{np.round(total, 3).tolist()}, and it is {np.round(found['logit_difference'], 3).tolist()}"
    )


@pytest.mark.points(5)
@pytest.mark.needs("learned_positions", "layer_norm")
def test_on_random_tokens(compare, seed):
    """Random tokens and random answers; and a random model of eleven layers, one text at a time."""
    assert_sums(compare(on_random_tokens, batch=4, pos=6, seed=seed))
    assert_sums(compare(on_a_deep_model, batch=1, pos=3, seed=seed))


@pytest.mark.points(4)
@pytest.mark.needs("learned_positions", "layer_norm")
@pytest.mark.needs(single_tokens=[" Mary", " John", " Mark", " Anna"])
def test_on_names(compare):
    """Prompts in which two names compete for the answer."""
    assert_sums(compare(on_names, pairs=[["Mary", "John"], ["Mark", "Anna"], ["John", "Mary"]]))


@pytest.mark.points(1)
@pytest.mark.needs("learned_positions", "layer_norm")
def test_swapped_answers(compare, seed):
    """With the two answers swapped, every contribution changes its sign."""
    found = compare(on_swapped_answers, batch=2, pos=4, seed=seed)
    for name in ("heads", "mlps", "rest"):
        assert np.allclose(found["as_asked"][name], -found["swapped"][name], atol=1e-3), (
            f"{name}: what speaks for the one answer speaks against the other, by the same amount"
        )
