"""Road: softmax of the last position, topk, and the tokenizer's decode for each id."""

from typing import Any

import torch


@torch.no_grad()
def top_next_tokens(model: Any, prompt: str, k: int) -> list[tuple[str, float]]:
    if not 1 <= k <= model.cfg.d_vocab:
        raise ValueError(f"k must lie between 1 and {model.cfg.d_vocab}, not {k}")
    logits = model(model.to_tokens(prompt))
    top = logits[0, -1].softmax(dim=-1).topk(k)
    return [(model.tokenizer.decode([i]), p) for i, p in zip(top.indices.tolist(), top.values.tolist(), strict=True)]
