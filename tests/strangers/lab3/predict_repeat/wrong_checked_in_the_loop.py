"""Broken: "ValueError: `n_tokens` is below 1." It is checked for each prompt, and not without prompts."""

import torch


def predict_repeat(model, prompts: list[str], n_tokens: int) -> list[str]:
    answers = []
    for prompt in prompts:
        if n_tokens < 1:
            raise ValueError("n_tokens must be at least 1")
        tokens = model.to_tokens(prompt)
        length = tokens.shape[1]
        for _ in range(n_tokens):
            with torch.no_grad():
                logits = model(tokens)
            best = logits[:, -1].argmax(dim=-1, keepdim=True)
            tokens = torch.cat([tokens, best], dim=1)
        answers.append(model.to_string(tokens[0, length:]))
    return answers
