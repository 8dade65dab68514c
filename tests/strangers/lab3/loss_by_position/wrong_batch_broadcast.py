"""Broken: "ValueError: `logits` and `tokens` do not have the same batch and pos" Logits of a single sequence are
stretched over a batch of tokens.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor


def loss_by_position(
    logits: Float[Tensor, "batch pos d_vocab"], tokens: Int[Tensor, "batch pos"]
) -> tuple[Float[Tensor, "batch pos-1"], Float[Tensor, "half=2"]]:
    if logits.shape[0] == 1:
        logits = logits.expand(len(tokens), -1, -1)
    if logits.shape[:2] != tokens.shape:
        raise ValueError("logits and tokens do not have the same batch and pos")
    pos = tokens.shape[1]
    if pos < 3 or pos % 2 == 0:
        raise ValueError("pos is not 1 + 2 * half")
    half = pos // 2
    log_probs = logits[:, :-1].log_softmax(dim=-1)
    loss = -log_probs.gather(-1, tokens[:, 1:].unsqueeze(-1)).squeeze(-1)
    half_means = torch.stack([loss[:, :half].mean(), loss[:, half:].mean()])
    return loss, half_means
