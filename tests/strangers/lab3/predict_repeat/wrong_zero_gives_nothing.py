"""Broken: "ValueError: `n_tokens` is below 1." With 0 every answer is empty."""

import torch


def predict_repeat(model, prompts: list[str], n_tokens: int) -> list[str]:
    if n_tokens < 0:
        raise ValueError("n_tokens must be at least 1")
    answers = []
    for prompt in prompts:
        tokens = model.to_tokens(prompt)
        length = tokens.shape[1]
        for _ in range(n_tokens):
            with torch.no_grad():
                logits = model(tokens)
            best = logits[:, -1].argmax(dim=-1, keepdim=True)
            tokens = torch.cat([tokens, best], dim=1)
        answers.append(model.to_string(tokens[0, length:]))
    return answers
