# RIGHT: own CPU generator, one id fewer, ids from BOS on shifted up by one
import torch
from jaxtyping import Int
from torch import Tensor


def repeated_tokens(
    d_vocab: int, bos: int, batch: int, half: int, seed: int, device: str | torch.device = "cpu"
) -> Int[Tensor, "batch pos"]:
    """Make sequences of random tokens that repeat once: BOS, a random half, the same half again.

    Each token of the first half is drawn uniformly, independently and with replacement, from all ids except BOS. The
    same seed gives the same tokens, whatever was drawn before the call; and the global random states (PyTorch's,
    NumPy's, Python's) are the same after the call as before it.

    Source: Olsson et al. 2022, https://arxiv.org/abs/2209.11895 (sequences for the prefix-matching score).

    Args:
        d_vocab: size of the vocabulary; token ids are `0 … d_vocab - 1`.
        bos: id of the beginning-of-sequence token, anywhere in the vocabulary. It is in each row once, at position 0.
        batch: number of sequences, each with random tokens of its own.
        half: number of random tokens in one half.
        seed: seed of the random draw.
        device: where the result is. The tokens do not depend on `device`: draw them on the CPU.

    Returns:
        Token ids (`torch.int64`) of shape `[batch, pos]` with `pos = 1 + 2 * half`.

    Raises:
        ValueError: `batch` or `half` is below 1, `bos` is not one of the ids `0 … d_vocab - 1`, or BOS is the only token.

    """
    if batch < 1 or half < 1:
        raise ValueError(f"batch and half must be at least 1, not {batch} and {half}")
    if not 0 <= bos < d_vocab:
        raise ValueError(f"bos {bos} is not one of the ids 0 ... {d_vocab - 1}")
    if d_vocab < 2:
        raise ValueError("BOS is the only token")
    generator = torch.Generator(device="cpu").manual_seed(seed)
    noise = torch.randint(0, d_vocab - 1, (batch, half), generator=generator)
    noise = noise + (noise >= bos).long()
    start = torch.full((batch, 1), bos, dtype=torch.int64)
    return torch.cat([start, noise, noise], dim=1).to(device)
