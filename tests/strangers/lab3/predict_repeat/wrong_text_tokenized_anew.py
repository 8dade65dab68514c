"""Broken: "Each token is the most likely one after all tokens before it." After each step the text is tokenized
again, and a new piece may melt together with the one before it.
"""

import torch


def predict_repeat(model, prompts: list[str], n_tokens: int) -> list[str]:
    if n_tokens < 1:
        raise ValueError("n_tokens must be at least 1")
    answers = []
    for prompt in prompts:
        answer = ""
        for _ in range(n_tokens):
            with torch.no_grad():
                logits = model(model.to_tokens(prompt + answer))
            answer += model.to_string(logits[0, -1:].argmax(dim=-1))
        answers.append(answer)
    return answers
