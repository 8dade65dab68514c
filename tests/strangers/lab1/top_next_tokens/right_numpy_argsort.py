"""Road: numpy's argsort of the logits, a softmax by hand with the largest logit taken off, and batch_decode."""

from typing import Any

import numpy as np
import torch


def top_next_tokens(model: Any, prompt: str, k: int) -> list[tuple[str, float]]:
    with torch.inference_mode():
        logits, _ = model.run_with_cache(prompt, names_filter=[])
    scores = logits[0, -1].cpu().numpy().astype(np.float64)
    if not 0 < k <= scores.size:
        raise ValueError(k)
    weights = np.exp(scores - scores.max())
    weights /= weights.sum()
    order = np.argsort(-scores, kind="stable")[:k]
    texts = model.tokenizer.batch_decode([[int(token)] for token in order], clean_up_tokenization_spaces=False)
    return [(text, float(weights[token])) for text, token in zip(texts, order, strict=True)]
