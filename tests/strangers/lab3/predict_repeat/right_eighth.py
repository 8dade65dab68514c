# RIGHT: correct in every promise
from functools import reduce

import torch


def predict_repeat(model, prompts, n_tokens):
    if n_tokens < 1:
        raise ValueError("n_tokens must be at least 1")

    def longer(tokens, _):
        return torch.cat([tokens, model(tokens)[:, -1].argmax(dim=-1, keepdim=True)], dim=1)

    def continuation(prompt):
        start = model.to_tokens(prompt)
        return model.to_string(reduce(longer, range(n_tokens), start)[0, start.shape[1] :])

    with torch.no_grad():
        return [continuation(prompt) for prompt in prompts]
