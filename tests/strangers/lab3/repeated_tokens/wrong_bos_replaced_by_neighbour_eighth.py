# WRONG: draws from all ids and replaces BOS by the next id, which then comes twice as often; promised: 'drawn uniformly ... from all ids except BOS'
import torch


def repeated_tokens(d_vocab, bos, batch, half, seed, device="cpu"):
    if batch < 1 or half < 1:
        raise ValueError("batch and half must be at least 1")
    if bos not in range(d_vocab) or d_vocab < 2:
        raise ValueError("bos must be one of at least two ids")
    dice = torch.Generator(device="cpu").manual_seed(seed)
    noise = torch.randint(d_vocab, (batch, half), generator=dice)
    noise[noise == bos] = (bos + 1) % d_vocab
    return torch.nn.functional.pad(noise.repeat(1, 2), (1, 0), value=bos).to(device)
