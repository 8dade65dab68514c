"""Road: Python's heapq over the logits of all tokens, and the softmax with the math module."""

import heapq
import math
from typing import Any

import torch


@torch.no_grad()
def last_logits(model: Any, prompt: str) -> list[float]:
    return model(model.to_tokens(prompt))[:, -1, :].squeeze(0).double().tolist()


def top_next_tokens(model: Any, prompt: str, k: int) -> list[tuple[str, float]]:
    size = model.cfg.d_vocab
    if k not in range(1, size + 1):
        raise ValueError(f"k={k}, but the vocabulary has {size} tokens")
    logits = last_logits(model, prompt)
    highest = max(logits)
    total = math.fsum(math.exp(logit - highest) for logit in logits)
    best = heapq.nlargest(k, range(size), key=logits.__getitem__)
    return [(model.to_single_str_token(token), math.exp(logits[token] - highest) / total) for token in best]
