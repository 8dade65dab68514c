"""Lets the library generate greedily, without its stop, and adds the first tokens by hand where it could take BOS
for padding.
"""

import torch


def predict_repeat(model, prompts: list[str], n_tokens: int) -> list[str]:
    if n_tokens < 1:
        raise ValueError("n_tokens must be at least 1")
    return [model.to_string(added(model, model.to_tokens(prompt), n_tokens)) for prompt in prompts]


def added(model, tokens, n_tokens):
    wanted = tokens.shape[1] + n_tokens
    start = tokens.shape[1]
    while tokens.shape[1] < wanted:
        if tokens.shape[1] > 1 and tokens[0, 1] != tokens[0, 0]:
            tokens = model.generate(
                tokens,
                max_new_tokens=wanted - tokens.shape[1],
                do_sample=False,
                stop_at_eos=False,
                return_type="tokens",
                verbose=False,
            )
        else:
            with torch.no_grad():
                tokens = torch.cat([tokens, model(tokens)[:, -1:].argmax(dim=-1)], dim=1)
    return tokens[0, start:]
