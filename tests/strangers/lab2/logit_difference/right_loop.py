"""A plain loop over the prompts, stacked at the end."""

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
    if not logits.shape[:1] == answer.shape == wrong.shape == end.shape:
        raise ValueError("one entry for each prompt, please")
    found = []
    for row, a, w, e in zip(logits, answer.tolist(), wrong.tolist(), end.tolist(), strict=True):
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
