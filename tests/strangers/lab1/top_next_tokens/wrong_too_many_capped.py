"""Breaks "ValueError: ... more than the size of the vocabulary": k is brought down to it."""

from typing import Any

import torch


def top_next_tokens(model: Any, prompt: str, k: int) -> list[tuple[str, float]]:
    k = min(k, model.cfg.d_vocab)
    if k < 1:
        raise ValueError(f"k must lie between 1 and {model.cfg.d_vocab}")
    with torch.no_grad():
        logits = model(model.to_tokens(prompt))[0, -1]
    probabilities, ids = logits.softmax(-1).topk(k)
    texts = [model.tokenizer.decode([token]) for token in ids.tolist()]
    return list(zip(texts, probabilities.tolist(), strict=True))
