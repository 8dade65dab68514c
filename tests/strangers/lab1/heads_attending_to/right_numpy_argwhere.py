"""Road: numpy on a detached copy, with a generator of Python numbers at the end."""

import numpy as np
from jaxtyping import Float
from torch import Tensor


def heads_attending_to(
    pattern: Float[Tensor, "layer head query key"], str_tokens: list[str], word: str, threshold: float
) -> list[tuple[int, int, float]]:
    places = np.flatnonzero(np.char.strip(np.array(str_tokens, dtype=object).astype(str), " ") == word.strip(" "))
    if places.size == 0:
        raise ValueError(f"no token is {word!r}")
    last_rows = pattern.detach().cpu().double().numpy()[:, :, -1, :]
    attention = np.take(last_rows, places, axis=-1).sum(axis=-1)
    return [
        (int(layer), int(head), float(attention[layer, head])) for layer, head in np.argwhere(attention > threshold)
    ]
