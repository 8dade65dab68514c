# WRONG: k = 0 gives an empty list and no error; promised: '`k` is less than 1 or more than the size of the vocabulary.'
from typing import Any

import torch


def top_next_tokens(model: Any, prompt: str, k: int) -> list[tuple[str, float]]:
    """The k most likely next tokens with their probabilities."""
    if not 0 <= k <= model.cfg.d_vocab:
        raise ValueError(f"k must be between 1 and {model.cfg.d_vocab}, not {k}")
    tokens = model.to_tokens(prompt)
    with torch.no_grad():
        logits = model(tokens)[0, -1].float()
    order = torch.sort(logits, descending=True, stable=True).indices[:k]
    chances = torch.exp(logits[order] - logits.logsumexp(dim=0))
    return [(model.to_string([token]), chance) for token, chance in zip(order.tolist(), chances.tolist(), strict=True)]
