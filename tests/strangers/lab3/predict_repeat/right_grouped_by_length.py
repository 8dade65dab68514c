"""Runs prompts of equal length as one batch, and puts the answers back into the old order."""

from collections import defaultdict

import torch


def continued(model, tokens, n_tokens):
    with torch.no_grad():
        new = model(tokens)[:, -1, :].max(dim=-1).indices[:, None]
    if n_tokens == 1:
        return new
    return torch.hstack([new, continued(model, torch.hstack([tokens, new]), n_tokens - 1)])


def predict_repeat(model, prompts: list[str], n_tokens: int) -> list[str]:
    if n_tokens <= 0:
        raise ValueError("at least one token must be wanted")
    groups = defaultdict(list)
    for number, prompt in enumerate(prompts):
        tokens = model.to_tokens([prompt])
        groups[tokens.shape[-1]].append((number, tokens))
    answers = [""] * len(prompts)
    for members in groups.values():
        numbers, rows = zip(*members, strict=True)
        for number, new in zip(numbers, continued(model, torch.vstack(rows), n_tokens), strict=True):
            answers[number] = model.to_string(new)
    return answers
