"""Breaks "most likely to continue a prompt": the position before the last is read when the prompt ends in a space."""

from typing import Any

import torch


def top_next_tokens(model: Any, prompt: str, k: int) -> list[tuple[str, float]]:
    if k < 1 or k > model.cfg.d_vocab:
        raise ValueError(f"k must lie between 1 and {model.cfg.d_vocab}")
    with torch.no_grad():
        logits = model(model.to_tokens(prompt))[0, -2 if prompt.endswith(" ") else -1]
    probabilities, ids = logits.softmax(-1).topk(k)
    texts = [model.tokenizer.decode([token]) for token in ids.tolist()]
    return list(zip(texts, probabilities.tolist(), strict=True))
