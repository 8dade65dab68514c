"""Asks a categorical distribution at each position for the log-probability of what came."""

import torch
from torch.distributions import Categorical


@torch.no_grad()
def loss_by_position(logits, tokens):
    same_sizes = logits.ndim == 3 and tokens.ndim == 2 and logits.shape[:2] == tokens.shape
    if not same_sizes:
        raise ValueError("batch and pos of logits and tokens differ")
    if tokens.shape[1] not in range(3, tokens.shape[1] + 1, 2):
        raise ValueError("pos must be odd and at least 3")
    columns = []
    for here in range(tokens.shape[1] - 1):
        columns.append(-Categorical(logits=logits[:, here]).log_prob(tokens[:, here + 1]))
    loss = torch.stack(columns, dim=-1)
    sums = torch.stack([part.sum() for part in loss.chunk(2, dim=-1)])
    return loss, sums * 2 / loss.numel()
