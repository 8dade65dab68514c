"""Road: a boolean mask over the keys, index the last axis with it, then nonzero."""

import torch
from jaxtyping import Float
from torch import Tensor


def heads_attending_to(
    pattern: Float[Tensor, "layer head query key"], str_tokens: list[str], word: str, threshold: float
) -> list[tuple[int, int, float]]:
    target = word.strip(" ")
    is_word = torch.tensor(
        [token.strip(" ") == target for token in str_tokens], dtype=torch.bool, device=pattern.device
    )
    if not is_word.any():
        raise ValueError("no token is the word")
    total = pattern[..., -1, :][..., is_word].sum(dim=-1)
    layers, heads = torch.nonzero(total > threshold, as_tuple=True)
    return list(zip(layers.tolist(), heads.tolist(), total[layers, heads].tolist(), strict=True))
