# WRONG: takes the attention to the earlier copy itself, key i - half; promised: 'the attention from query i to key i - half + 1'
import torch


def induction_scores(pattern, half):
    if pattern.shape[-1] != 2 * half + 1 or pattern.shape[-2] != 2 * half + 1:
        raise ValueError("wrong size")
    diagonal = torch.diagonal(pattern, offset=-half, dim1=-2, dim2=-1)  # queries half ... 2 * half
    return diagonal[..., 1:].mean(-1).mean(1)
