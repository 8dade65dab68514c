"""Broken: "Each token is the most likely one after all tokens before it." The token is drawn from the probabilities."""

import torch


def predict_repeat(model, prompts: list[str], n_tokens: int) -> list[str]:
    if n_tokens < 1:
        raise ValueError("n_tokens must be at least 1")
    answers = []
    for prompt in prompts:
        tokens = model.to_tokens(prompt)
        length = tokens.shape[1]
        for _ in range(n_tokens):
            with torch.no_grad():
                logits = model(tokens)
            best = torch.multinomial(logits[:, -1].softmax(dim=-1), 1)
            tokens = torch.cat([tokens, best], dim=1)
        answers.append(model.to_string(tokens[0, length:]))
    return answers
