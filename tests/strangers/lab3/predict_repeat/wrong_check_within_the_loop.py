# WRONG: n_tokens is checked for each prompt, so there is no error without prompts; promised: ValueError when 'n_tokens is below 1, whatever prompts is'
import torch


def _continue(model, prompt, n_tokens):
    if n_tokens < 1:
        raise ValueError("n_tokens must be positive")
    tokens = model.to_tokens(prompt)
    start = tokens.shape[1]
    for _ in range(n_tokens):
        best = model(tokens)[0, -1].argmax()
        tokens = torch.cat([tokens, best.reshape(1, 1)], dim=1)
    return model.to_string(tokens[0, start:])


@torch.no_grad()
def predict_repeat(model, prompts, n_tokens):
    return [_continue(model, prompt, n_tokens) for prompt in prompts]
