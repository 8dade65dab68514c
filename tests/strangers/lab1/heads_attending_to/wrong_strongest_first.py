"""Breaks "in ascending order of `(layer, head)`": the strongest head comes first."""

from jaxtyping import Float
from torch import Tensor


def heads_attending_to(
    pattern: Float[Tensor, "layer head query key"], str_tokens: list[str], word: str, threshold: float
) -> list[tuple[int, int, float]]:
    places = [i for i, token in enumerate(str_tokens) if token.strip() == word.strip()]
    if not places:
        raise ValueError(f"no token is {word!r}")
    attention = pattern[:, :, -1, places].sum(-1)
    found = []
    for layer in range(attention.shape[0]):
        for head in range(attention.shape[1]):
            value = attention[layer, head].item()
            if value > threshold:
                found.append((layer, head, value))
    return sorted(found, key=lambda row: -row[2])
