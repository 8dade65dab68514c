"""A list comprehension over the flat map, reshaped at the end; for one number as for many."""

import torch
from jaxtyping import Float
from torch import Tensor
from jaxtyping import Float, Int


def normalised_metric(
    value: Float[Tensor, "*any"], clean: Float[Tensor, ""], corrupted: Float[Tensor, ""]
) -> Float[Tensor, "*any"]:
    top, bottom = float(clean), float(corrupted)
    if abs(top - bottom) <= 1e-6 * max(abs(top), abs(bottom)):
        raise ValueError("nothing was corrupted")
    scaled = [(number - bottom) / (top - bottom) for number in value.flatten().tolist()]
    return torch.tensor(scaled, dtype=value.dtype, device=value.device).reshape(value.shape)


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
