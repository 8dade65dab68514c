# WRONG: equal scores come in descending order of the heads; promised: 'Equal scores are in ascending order of `(layer, head)`.'
import torch
from jaxtyping import Float
from torch import Tensor


def find_heads(scores: Float[Tensor, "layer head"], threshold: float) -> list[tuple[int, int]]:
    """All heads above the threshold, the highest score first."""
    if scores.ndim != 2:
        raise ValueError(f"scores must be [layer, head], not {tuple(scores.shape)}")
    n_heads = scores.shape[1]
    flat = scores.detach().flatten()
    ranked, places = flat.sort(stable=True)
    ranked, places = ranked.flip(0), places.flip(0)
    return [divmod(place, n_heads) for place in places[ranked > threshold].tolist()]
