"""Road: a matrix product with a vector of zeros and ones; a dict by (layer, head), then filtered and sorted."""

from itertools import product

from jaxtyping import Float
from torch import Tensor


def heads_attending_to(
    pattern: Float[Tensor, "layer head query key"], str_tokens: list[str], word: str, threshold: float
) -> list[tuple[int, int, float]]:
    indicator = pattern.new_tensor([float(text.strip() == word.strip()) for text in str_tokens])
    if indicator.sum() == 0:
        raise ValueError(word)
    attention = pattern.select(2, pattern.shape[2] - 1) @ indicator
    table = {place: attention[place].item() for place in product(*map(range, attention.shape))}
    return sorted((*place, value) for place, value in table.items() if value > threshold)
