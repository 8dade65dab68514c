"""Broken: "Each token is the most likely one after all tokens before it." All new tokens are read from the first
run, as if its last answers were one text.
"""

import torch


def predict_repeat(model, prompts: list[str], n_tokens: int) -> list[str]:
    if n_tokens < 1:
        raise ValueError("n_tokens must be at least 1")
    answers = []
    for prompt in prompts:
        tokens = model.to_tokens(prompt)
        length = tokens.shape[1]
        with torch.no_grad():
            logits = model(tokens)
        best = logits[:, -1].topk(n_tokens, dim=-1).indices
        tokens = torch.cat([tokens, best], dim=1)
        answers.append(model.to_string(tokens[0, length:]))
    return answers
