# WRONG: checks the number of queries only; promised: ValueError when there are 'not exactly as many keys'
import torch


def induction_scores(pattern, half):
    pos = 1 + 2 * half
    if pattern.shape[-2] != pos:
        raise ValueError(f"the pattern must have {pos} queries and keys")
    query = torch.arange(half + 1, pos, device=pattern.device)
    return pattern[..., query, query - half + 1].mean(dim=(1, 3))
