"""Broken: "For each prompt, in the same order" The prompts are sorted by their length."""

import torch


def predict_repeat(model, prompts: list[str], n_tokens: int) -> list[str]:
    if n_tokens < 1:
        raise ValueError("n_tokens must be at least 1")
    answers = []
    for prompt in sorted(prompts, key=len):
        tokens = model.to_tokens(prompt)
        length = tokens.shape[1]
        for _ in range(n_tokens):
            with torch.no_grad():
                logits = model(tokens)
            best = logits[:, -1].argmax(dim=-1, keepdim=True)
            tokens = torch.cat([tokens, best], dim=1)
        answers.append(model.to_string(tokens[0, length:]))
    return answers
