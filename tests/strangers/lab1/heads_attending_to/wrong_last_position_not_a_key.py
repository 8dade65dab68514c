"""Breaks "the sum over all places of the word": the last position, which looks, is not counted as a place."""

from jaxtyping import Float
from torch import Tensor


def heads_attending_to(
    pattern: Float[Tensor, "layer head query key"], str_tokens: list[str], word: str, threshold: float
) -> list[tuple[int, int, float]]:
    places = [i for i, token in enumerate(str_tokens[:-1]) if token.strip() == word.strip()]
    if not any(token.strip() == word.strip() for token in str_tokens):
        raise ValueError(f"no token is {word!r}")
    attention = pattern[:, :, -1, places].sum(-1)
    found = []
    for layer in range(attention.shape[0]):
        for head in range(attention.shape[1]):
            value = attention[layer, head].item()
            if value > threshold:
                found.append((layer, head, value))
    return found
