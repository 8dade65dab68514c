"""Broken: "Each is continued by itself, with BOS in front." The prompt is tokenized without BOS when it has any
text.
"""

import torch


def predict_repeat(model, prompts: list[str], n_tokens: int) -> list[str]:
    if n_tokens < 1:
        raise ValueError("n_tokens must be at least 1")
    answers = []
    for prompt in prompts:
        tokens = model.to_tokens(prompt, prepend_bos=not prompt)
        length = tokens.shape[1]
        for _ in range(n_tokens):
            with torch.no_grad():
                logits = model(tokens)
            best = logits[:, -1].argmax(dim=-1, keepdim=True)
            tokens = torch.cat([tokens, best], dim=1)
        answers.append(model.to_string(tokens[0, length:]))
    return answers
