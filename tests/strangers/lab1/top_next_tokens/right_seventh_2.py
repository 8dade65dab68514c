# RIGHT: full sort in float64, texts by model.to_string, helpers
# %%
from typing import Any

import torch


# %%
def _log_probabilities(model, prompt):
    """Log-probabilities of the token after the whole prompt, in double precision."""
    with torch.no_grad():
        logits = model(model.to_tokens(prompt), return_type="logits")
    last = logits[:, -1, :].squeeze(0).to(torch.float64).cpu()
    return last - torch.logsumexp(last, dim=-1)


def _text(model, token):
    return model.to_string(torch.tensor([token]))


def top_next_tokens(model: Any, prompt: str, k: int) -> list[tuple[str, float]]:
    """Give the k tokens that a model finds most likely to continue a prompt.

    Source: Radford et al. 2019 (GPT-2).

    Args:
        model: a `TransformerBridge` or a `HookedTransformer`, with its tokenizer.
        prompt: a text; BOS is put before it once, as `model.to_tokens` does by default. A text that begins with
            `<|endoftext|>` gets BOS too. The text is taken as it is: spaces around it belong to it, and it may be
            empty. Then BOS alone is the input.
        k: how many tokens.

    Returns:
        `k` pairs of a token's text, leading space included, and its probability (a Python float, from the softmax over
        the whole vocabulary), the most likely first. Special tokens such as `<|endoftext|>` count like all others, and
        two tokens with the same text are two pairs.

    Raises:
        ValueError: `k` is less than 1 or more than the size of the vocabulary.

    """
    if k < 1:
        raise ValueError("k is less than 1")
    logs = _log_probabilities(model, prompt)
    if k > logs.numel():
        raise ValueError("k is more than the size of the vocabulary")
    order = torch.argsort(logs, descending=True, stable=True)
    pairs = []
    for place in range(k):
        token = int(order[place])
        pairs.append((_text(model, token), float(logs[token].exp())))
    return pairs


