# WRONG: an end-of-text token ends the continuation; promised: 'An end-of-text token is a token like any other: it stops nothing, and it is part of the text.'
import torch


def predict_repeat(model, prompts: list[str], n_tokens: int) -> list[str]:
    """The greedy continuation of each prompt."""
    if n_tokens < 1:
        raise ValueError(f"n_tokens must be at least 1, not {n_tokens}")
    answers = []
    with torch.no_grad():
        for prompt in prompts:
            tokens = model.to_tokens(prompt)
            start = tokens.shape[1]
            while tokens.shape[1] < start + n_tokens:
                best = model(tokens)[:, -1:].argmax(dim=-1)
                if best.item() == model.tokenizer.eos_token_id:
                    break
                tokens = torch.cat([tokens, best], dim=1)
            answers.append(model.to_string(tokens[0, start:]))
    return answers
