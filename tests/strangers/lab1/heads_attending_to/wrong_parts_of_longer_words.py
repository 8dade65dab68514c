"""Breaks "A token counts when its text equals the word": a run of tokens that together spell the word counts as
well.
"""

from jaxtyping import Float
from torch import Tensor


def heads_attending_to(
    pattern: Float[Tensor, "layer head query key"], str_tokens: list[str], word: str, threshold: float
) -> list[tuple[int, int, float]]:
    places = set()
    for start in range(len(str_tokens)):
        for stop in range(start + 1, min(start + 4, len(str_tokens)) + 1):
            if "".join(str_tokens[start:stop]).strip() == word.strip():
                places.update(range(start, stop))
    places = sorted(places)
    if not places:
        raise ValueError(f"no token is {word!r}")
    attention = pattern[:, :, -1, places].sum(-1)
    found = []
    for layer in range(attention.shape[0]):
        for head in range(attention.shape[1]):
            value = attention[layer, head].item()
            if value > threshold:
                found.append((layer, head, value))
    return found
