"""Results of chance are judged by facts about them: nothing made up may pass, and nothing of a wrong form may break the grader.

Without this, an untrained or constant answer could earn points, or a learner's wrong shape be reported as the course's fault.
"""

from __future__ import annotations

import pytest
from support import ROOT

SUPERPOSITION = """
import torch
def toy_loss(W, b, x, importance): return (importance * (x - torch.relu(x @ W.T @ W + b)) ** 2).sum(1).mean()
def feature_dimensionality(W):
    shared = (torch.nn.functional.normalize(W, dim=0).T @ W).pow(2).sum(1)
    return torch.where(shared > 0, W.pow(2).sum(0) / shared, 0)
def superposition(batches, n_hidden, importance, seed):
    n = batches.shape[2]
    return {body}
"""

ANSWERS = {
    "constant": "torch.full((n_hidden, n), 0.6), torch.full((n,), 0.1)",
    "zeros": "torch.zeros(n_hidden, n), torch.zeros(n)",
    "one_feature_a_dimension": "torch.eye(n)[:n_hidden], torch.full((n,), 0.01)",
    "not_finite": "torch.full((n_hidden, n), float('nan')), torch.zeros(n)",
    "transposed": "torch.zeros(n, n_hidden), torch.zeros(n)",
    "whole_numbers": "torch.zeros(n_hidden, n, dtype=torch.int64), torch.zeros(n)",
    "texts": "'W', 'b'",
    "nothing": "None, None",
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_made_up_weights_earn_no_points_for_training(answer, grade_text):
    checks = grade_text("superposition", SUPERPOSITION.replace("{body}", ANSWERS[answer])).checks
    trained = {check.name: check for check in checks if check.name in ("rare_features", "frequent_features")}
    assert trained["rare_features"].verdict == "wrong"
    # Keeping one feature for each dimension is right there, but what is dropped still wants its mean in the bias.
    assert trained["frequent_features"].verdict == "wrong"


@pytest.mark.parametrize("body", ["{}", "None", "{'W_enc': 1, 'b_enc': 2, 'W_dec': 3, 'b_dec': 4}", "[1, 2]"])
def test_a_wrong_form_is_the_answer_s_fault(body, grade_text):
    source = (ROOT / "solutions/lab4/train_sae.py").read_text().split("# %% [markdown]\n# **Look at it.**")[0]
    source += f"\n\ndef train_sae(activations, mask, d_sae, k, steps, seed):\n    return {body}\n"
    verdicts = {check.name: check.verdict for check in grade_text("train_sae", source).checks}
    assert verdicts["tokens_and_scale"] == verdicts["scaling_back"] == "passed"
    assert verdicts["made_up_activations"] == verdicts["model_activations"] == "wrong"
