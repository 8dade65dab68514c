# RIGHT: Python's own Random object, lists row by row, a list of the allowed ids
import random
import torch
from jaxtyping import Int
from torch import Tensor


def _check(d_vocab, bos, batch, half):
    problems = []
    if min(batch, half) < 1:
        problems.append("batch and half must be positive")
    if bos not in range(d_vocab):
        problems.append("bos is no id of the vocabulary")
    if d_vocab == 1:
        problems.append("there is no token but BOS")
    if problems:
        raise ValueError("; ".join(problems))


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
    _check(d_vocab, bos, batch, half)
    dice = random.Random(f"repeated tokens {seed}")

    def draw() -> int:
        token = dice.randrange(d_vocab - 1)
        return token if token < bos else token + 1

    rows = []
    for _ in range(batch):
        noise = [draw() for _ in range(half)]
        rows.append([bos] + 2 * noise)
    return torch.tensor(rows, dtype=torch.long, device=device)
