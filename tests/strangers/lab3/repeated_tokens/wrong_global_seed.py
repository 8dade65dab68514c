# WRONG: seeds PyTorch's global generator; promised: 'the global random states ... are the same after the call as before it'
import torch


def repeated_tokens(d_vocab, bos, batch, half, seed, device="cpu"):
    if batch < 1 or half < 1 or d_vocab < 2 or not 0 <= bos < d_vocab:
        raise ValueError("bad arguments")
    torch.manual_seed(seed)
    first = torch.randint(0, d_vocab - 1, (batch, half))
    first = first + (first >= bos)
    start = torch.full((batch, 1), bos)
    return torch.cat([start, first, first], dim=1).to(device)
