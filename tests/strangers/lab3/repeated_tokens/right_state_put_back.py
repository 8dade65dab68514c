"""Uses PyTorch's default generator and puts its state back, whatever happens in between."""

import torch
from jaxtyping import Int
from torch import Tensor


def repeated_tokens(
    d_vocab: int, bos: int, batch: int, half: int, seed: int, device: str | torch.device = "cpu"
) -> Int[Tensor, "batch pos"]:
    if batch < 1 or half < 1:
        raise ValueError("batch and half must be at least 1")
    if not 0 <= bos < d_vocab:
        raise ValueError("bos is not in the vocabulary")
    if d_vocab < 2:
        raise ValueError("no token but BOS")
    before = torch.default_generator.get_state()
    try:
        torch.default_generator.manual_seed(seed)
        keys = torch.rand(batch, half, dtype=torch.float64)
    finally:
        torch.default_generator.set_state(before)
    ids = torch.tensor([token for token in range(d_vocab) if token != bos])
    noise = ids[(keys * (d_vocab - 1)).long()]
    position = torch.arange(2 * half) % half
    return torch.hstack([torch.tensor([[bos]]).expand(batch, 1), noise[:, position]]).to(device)
