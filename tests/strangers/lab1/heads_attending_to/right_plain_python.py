"""Road: the pattern becomes nested lists, and only Python's own loops and numbers are used."""

from jaxtyping import Float
from torch import Tensor


def heads_attending_to(
    pattern: Float[Tensor, "layer head query key"], str_tokens: list[str], word: str, threshold: float
) -> list[tuple[int, int, float]]:
    places = [place for place, token in enumerate(str_tokens) if token.strip() == word.strip()]
    if not places:
        raise ValueError(f"{word!r} is not among {str_tokens}")
    found = []
    for layer, heads in enumerate(pattern[:, :, -1].tolist()):
        for head, row in enumerate(heads):
            attention = sum(row[place] for place in places)
            if attention > threshold:
                found.append((layer, head, attention))
    return found
