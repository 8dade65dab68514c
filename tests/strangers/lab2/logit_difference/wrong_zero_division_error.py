"""Breaks "Raises ValueError": another class of error is raised."""

import torch
from jaxtyping import Float
from torch import Tensor
from jaxtyping import Float, Int


def normalised_metric(
    value: Float[Tensor, "*any"], clean: Float[Tensor, ""], corrupted: Float[Tensor, ""]
) -> Float[Tensor, "*any"]:
    gap = clean - corrupted
    size = torch.maximum(clean.abs(), corrupted.abs())
    if gap.abs() <= 1e-6 * size:
        raise ZeroDivisionError("clean and corrupted are the same: there is nothing to restore")
    return (value - corrupted) / gap


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
    return difference if per_prompt else difference.mean()
