# WRONG: tokenizes all prompts together and reads the last column, which is padding for the shorter ones; promised: 'texts, which may differ in length. Each is continued by itself'
import torch


def predict_repeat(model, prompts, n_tokens):
    if n_tokens < 1:
        raise ValueError("n_tokens must be positive")
    if not prompts:
        return []
    tokens = model.to_tokens(prompts)
    start = tokens.shape[1]
    with torch.no_grad():
        for _ in range(n_tokens):
            new = model(tokens)[:, -1, :].argmax(-1)
            tokens = torch.cat([tokens, new[:, None]], dim=1)
    return [model.to_string(row[start:]) for row in tokens]
