# WRONG: takes the first `half` of a random permutation, so no token comes twice and half cannot exceed the vocabulary; promised: 'independently and with replacement'
import torch


def repeated_tokens(d_vocab, bos, batch, half, seed, device="cpu"):
    if batch < 1 or half < 1:
        raise ValueError("batch and half must be at least 1")
    if bos not in range(d_vocab) or d_vocab < 2:
        raise ValueError("bos must be one of at least two ids")
    others = torch.tensor([token for token in range(d_vocab) if token != bos])
    dice = torch.Generator(device="cpu").manual_seed(seed)
    noise = torch.stack([others[torch.randperm(len(others), generator=dice)[:half]] for _ in range(batch)])
    return torch.nn.functional.pad(noise.repeat(1, 2), (1, 0), value=bos).to(device)
