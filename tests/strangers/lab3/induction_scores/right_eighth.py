# RIGHT: correct in every promise
import torch


def induction_scores(pattern, half):
    pos = 1 + 2 * half
    if tuple(pattern.shape[-2:]) != (pos, pos):
        raise ValueError(f"the pattern must have {pos} queries and keys")
    query = torch.arange(half + 1, pos, device=pattern.device)
    return pattern[..., query, query - half + 1].mean(dim=(1, 3))
