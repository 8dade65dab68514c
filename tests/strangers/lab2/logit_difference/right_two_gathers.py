"""Gathers the last position of each prompt, then both tokens at once, and subtracts with diff."""

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
    batch, _, d_vocab = logits.shape
    if any(ids.shape != (batch,) for ids in (answer, wrong, end)):
        raise ValueError("answer, wrong and end need one entry for each prompt")
    last = logits.gather(1, end.view(-1, 1, 1).expand(-1, 1, d_vocab)).squeeze(1)
    pair = last.gather(1, torch.stack([wrong, answer], dim=1))
    single = pair.diff(dim=1).squeeze(1)
    if per_prompt:
        return single
    return single.sum() / batch


def normalised_metric(
    value: Float[Tensor, "*any"], clean: Float[Tensor, ""], corrupted: Float[Tensor, ""]
) -> Float[Tensor, "*any"]:
    top, bottom, middle = (number.to(torch.float64) for number in (clean, corrupted, value))
    rounding = 16 * torch.finfo(clean.dtype).eps
    if bool(torch.isclose(top, bottom, rtol=rounding, atol=0.0)):
        raise ValueError("clean and corrupted cannot be told apart")
    return ((middle - bottom) / (top - bottom)).to(value.dtype)
