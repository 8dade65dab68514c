"""Breaks "Tuples `(layer, head, attention)`": the flat index is divided by the number of layers, which is right when
there are as many heads.
"""

from jaxtyping import Float
from torch import Tensor


def heads_attending_to(
    pattern: Float[Tensor, "layer head query key"], str_tokens: list[str], word: str, threshold: float
) -> list[tuple[int, int, float]]:
    places = [i for i, token in enumerate(str_tokens) if token.strip() == word.strip()]
    if not places:
        raise ValueError(f"no token is {word!r}")
    flat = pattern[:, :, -1, places].sum(-1).flatten().tolist()
    return [(*divmod(i, pattern.shape[0]), value) for i, value in enumerate(flat) if value > threshold]
