"""Breaks "the k tokens that a model finds most likely": the end-of-text token is never listed."""

from typing import Any

import torch


def top_next_tokens(model: Any, prompt: str, k: int) -> list[tuple[str, float]]:
    if k < 1 or k > model.cfg.d_vocab:
        raise ValueError(f"k must lie between 1 and {model.cfg.d_vocab}")
    with torch.no_grad():
        logits = model(model.to_tokens(prompt))[0, -1]
    distribution = logits.softmax(-1)
    distribution[model.tokenizer.all_special_ids] = -1.0
    probabilities, ids = distribution.topk(k)
    ids, probabilities = ids[probabilities >= 0], probabilities[probabilities >= 0]
    texts = [model.tokenizer.decode([token]) for token in ids.tolist()]
    return list(zip(texts, probabilities.tolist(), strict=True))
