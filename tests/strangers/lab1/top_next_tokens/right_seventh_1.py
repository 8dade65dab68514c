# RIGHT: topk of the softmax at the last position, every token decoded as it is
# %%
from typing import Any

import torch


# %%
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
    tokens = model.to_tokens(prompt)
    with torch.no_grad():
        logits = model(tokens)[0, -1]
    if k < 1 or k > logits.shape[-1]:
        raise ValueError(f"k must be between 1 and {logits.shape[-1]}, not {k}")
    probabilities, ids = logits.softmax(dim=-1).topk(k)
    return [
        (model.tokenizer.decode([token], skip_special_tokens=False, clean_up_tokenization_spaces=False), probability)
        for token, probability in zip(ids.tolist(), probabilities.tolist())
    ]


