"""Breaks "The mean over the prompts, shape []... A gradient can be taken of it": a float, or a list of floats, is
returned."""

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
    batch = logits.shape[0]
    for name, ids in (("answer", answer), ("wrong", wrong), ("end", end)):
        if ids.shape != (batch,):
            raise ValueError(f"{name} must have one entry for each of {batch} prompts")
    rows = torch.arange(batch, device=logits.device)
    difference = logits[rows, end, answer] - logits[rows, end, wrong]
    return difference.tolist() if per_prompt else difference.mean().item()


def normalised_metric(
    value: Float[Tensor, "*any"], clean: Float[Tensor, ""], corrupted: Float[Tensor, ""]
) -> Float[Tensor, "*any"]:
    top, bottom, middle = (number.to(torch.float64) for number in (clean, corrupted, value))
    rounding = 16 * torch.finfo(clean.dtype).eps
    if bool(torch.isclose(top, bottom, rtol=rounding, atol=0.0)):
        raise ValueError("clean and corrupted cannot be told apart")
    return ((middle - bottom) / (top - bottom)).to(value.dtype)
