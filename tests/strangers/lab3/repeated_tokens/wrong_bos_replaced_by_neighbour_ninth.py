# WRONG: BOS is drawn, too, and then replaced by its neighbour, which comes twice as often as the others; promised: 'Each token of the first half is drawn uniformly, independently and with replacement, from all ids except BOS.'
import torch
from jaxtyping import Int
from torch import Tensor


def repeated_tokens(
    d_vocab: int, bos: int, batch: int, half: int, seed: int, device: str | torch.device = "cpu"
) -> Int[Tensor, "batch pos"]:
    """BOS, a random half, the same half again."""
    if batch < 1 or half < 1:
        raise ValueError(f"batch and half must be at least 1, not {batch} and {half}")
    if bos < 0 or bos >= d_vocab:
        raise ValueError(f"bos {bos} is not one of the ids 0 ... {d_vocab - 1}")
    if d_vocab == 1:
        raise ValueError("BOS is the only token")
    source = torch.Generator(device="cpu")
    source.manual_seed(seed)
    noise = torch.randint(d_vocab, (batch, half), generator=source)
    noise = torch.where(noise == bos, (bos + 1) % d_vocab, noise)
    tokens = torch.full((batch, 1 + 2 * half), bos, dtype=torch.int64)
    tokens[:, 1:] = noise.repeat(1, 2)
    return tokens.to(device)
