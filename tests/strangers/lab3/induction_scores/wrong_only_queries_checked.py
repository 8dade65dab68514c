# WRONG: a pattern with too many keys is accepted (ValueError when "not exactly as many keys")
import torch
from jaxtyping import Float
from torch import Tensor


def induction_scores(pattern: Float[Tensor, "layer batch head query key"], half: int) -> Float[Tensor, "layer head"]:
    """Measure how much every head attends to the token after the previous occurrence of the current one.

    Source: Olsson et al. 2022, https://arxiv.org/abs/2209.11895 (prefix matching).

    Args:
        pattern: attention patterns on repeated tokens (BOS, `half` random tokens, the same again), all layers stacked:
            shape `[layer, batch, head, query, key]`, `query = key = 1 + 2 * half`; each row (over key) sums to 1.
        half: number of tokens in one half.

    Returns:
        Shape `[layer, head]`, between 0 and 1: the attention from query `i` to key `i - half + 1`, averaged over the
        batch and over the query positions of the second half, `i = half + 1 … 2 * half`.

    Raises:
        ValueError: the pattern does not have exactly `1 + 2 * half` queries, or not exactly as many keys.

    """
    length = 1 + 2 * half
    if pattern.shape[-2] != length:
        raise ValueError(f"expected {length} queries and keys, not {tuple(pattern.shape[-2:])}")
    queries = torch.arange(half + 1, 2 * half + 1, device=pattern.device)
    keys = queries - half + 1
    return pattern[..., queries, keys].mean(dim=(1, 3))
