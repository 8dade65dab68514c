# WRONG: averages the whole diagonal, with two queries from before the second half; promised: 'over the query positions of the second half, i = half + 1 ... 2 * half'
import torch


def induction_scores(pattern, half):
    if pattern.shape[-1] != 2 * half + 1 or pattern.shape[-2] != 2 * half + 1:
        raise ValueError("wrong size")
    diagonal = torch.diagonal(pattern, offset=-(half - 1), dim1=-2, dim2=-1)
    return diagonal.mean(-1).mean(1)
