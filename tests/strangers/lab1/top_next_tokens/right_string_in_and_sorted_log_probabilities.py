"""Road: the prompt goes into the model as a string; log probabilities are sorted, and to_str_tokens gives the
texts.
"""

import math
from typing import Any

import torch


def top_next_tokens(model: Any, prompt: str, k: int) -> list[tuple[str, float]]:
    logits = model(prompt, return_type="logits")[0, -1].detach()
    if k < 1 or k > logits.numel():
        raise ValueError("k is out of range")
    values, ids = torch.log_softmax(logits, dim=0).sort(descending=True, stable=True)
    texts = model.to_str_tokens(ids[:k])
    return list(zip(texts, map(math.exp, values[:k].tolist()), strict=True))
