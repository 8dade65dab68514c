"""Breaks "The mean over the prompts": the median is returned, which is the same for one or two equal prompts."""

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
    rows = torch.arange(batch, device=logits.device)
    difference = logits[rows, end, answer] - logits[rows, end, wrong]
    return difference if per_prompt else difference.median()
