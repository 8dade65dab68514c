"""Breaks "Raises ValueError: answer, wrong or end does not have exactly one entry for each prompt": the loop ends
with the shortest of them."""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from jaxtyping import Float


def logit_difference(
    logits: Float[Tensor, "batch pos d_vocab"],
    answer: Int[Tensor, " batch"],
    wrong: Int[Tensor, " batch"],
    end: Int[Tensor, " batch"],
    per_prompt: bool = False,
) -> Float[Tensor, ""] | Float[Tensor, " batch"]:
    found = []
    for row, a, w, e in zip(logits, answer.tolist(), wrong.tolist(), end.tolist(), strict=False):
        found.append(row[e, a] - row[e, w])
    every = torch.stack(found)
    return every if per_prompt else torch.mean(every)


def normalised_metric(
    value: Float[Tensor, "*any"], clean: Float[Tensor, ""], corrupted: Float[Tensor, ""]
) -> Float[Tensor, "*any"]:
    top, bottom, middle = (number.to(torch.float64) for number in (clean, corrupted, value))
    rounding = 16 * torch.finfo(clean.dtype).eps
    if bool(torch.isclose(top, bottom, rtol=rounding, atol=0.0)):
        raise ValueError("clean and corrupted cannot be told apart")
    return ((middle - bottom) / (top - bottom)).to(value.dtype)
