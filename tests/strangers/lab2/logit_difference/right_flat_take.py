"""Computes flat indices and uses torch.take, as one would in numpy."""

import torch
from jaxtyping import Float, Int
from torch import Tensor


def logit_difference(
    logits: Float[Tensor, "batch pos d_vocab"],
    answer: Int[Tensor, " batch"],
    wrong: Int[Tensor, " batch"],
    end: Int[Tensor, " batch"],
    per_prompt: bool = False,
) -> Float[Tensor, ""] | Float[Tensor, " batch"]:
    batch = logits.shape[0]
    for name, ids in (("answer", answer), ("wrong", wrong), ("end", end)):
        if ids.shape != (batch,):
            raise ValueError(f"{name} must have one entry for each of {batch} prompts")
    _, length, d_vocab = logits.shape
    start = (torch.arange(batch, device=logits.device) * length + end) * d_vocab
    each = torch.take(logits, start + answer) - torch.take(logits, start + wrong)
    return each if per_prompt else each.mean(dim=0)
