"""Breaks "a token's text, leading space included": the vocabulary's own spelling, with a letter for the space, is
given.
"""

from typing import Any

import torch


def top_next_tokens(model: Any, prompt: str, k: int) -> list[tuple[str, float]]:
    if k < 1 or k > model.cfg.d_vocab:
        raise ValueError(f"k must lie between 1 and {model.cfg.d_vocab}")
    with torch.no_grad():
        logits = model(model.to_tokens(prompt))[0, -1]
    probabilities, ids = logits.softmax(-1).topk(k)
    texts = model.tokenizer.convert_ids_to_tokens(ids.tolist())
    return list(zip(texts, probabilities.tolist(), strict=True))
