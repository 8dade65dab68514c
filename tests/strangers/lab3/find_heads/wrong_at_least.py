# WRONG: a score equal to the threshold is listed; promised: 'threshold: heads with a score strictly above it are listed.'
import torch
from jaxtyping import Float
from torch import Tensor


def find_heads(scores: Float[Tensor, "layer head"], threshold: float) -> list[tuple[int, int]]:
    """All heads above the threshold, the highest score first."""
    if scores.ndim != 2:
        raise ValueError(f"scores must be [layer, head], not {tuple(scores.shape)}")
    n_heads = scores.shape[1]
    flat = scores.detach().flatten()
    ranked, places = flat.sort(descending=True, stable=True)  # stable: equal ones by layer, then head
    return [divmod(place, n_heads) for place in places[ranked >= threshold].tolist()]
