"""Broken: "Each is continued by itself, with BOS in front." The prompts are tokenized together, and the shorter ones
are continued after their padding.
"""

import torch


def predict_repeat(model, prompts: list[str], n_tokens: int) -> list[str]:
    if n_tokens < 1:
        raise ValueError("n_tokens must be at least 1")
    if not prompts:
        return []
    tokens = model.to_tokens(prompts)
    length = tokens.shape[1]
    for _ in range(n_tokens):
        with torch.no_grad():
            best = model(tokens)[:, -1].argmax(dim=-1, keepdim=True)
        tokens = torch.cat([tokens, best], dim=1)
    return [model.to_string(row[length:]) for row in tokens]
