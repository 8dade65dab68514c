# WRONG: n_tokens is checked only when there is a prompt; promised: '`n_tokens` is below 1, whatever `prompts` is.'
import torch


def predict_repeat(model, prompts: list[str], n_tokens: int) -> list[str]:
    """The greedy continuation of each prompt."""
    if prompts and n_tokens < 1:
        raise ValueError(f"n_tokens must be at least 1, not {n_tokens}")
    answers = []
    with torch.no_grad():
        for prompt in prompts:
            tokens = model.to_tokens(prompt)
            start = tokens.shape[1]
            while tokens.shape[1] < start + n_tokens:
                best = model(tokens)[:, -1:].argmax(dim=-1)
                tokens = torch.cat([tokens, best], dim=1)
            answers.append(model.to_string(tokens[0, start:]))
    return answers
