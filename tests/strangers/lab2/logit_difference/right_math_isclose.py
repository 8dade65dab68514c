"""Uses math.isclose, whose default has no absolute tolerance, on python floats."""

import math
from jaxtyping import Float
from torch import Tensor
import torch
from jaxtyping import Float, Int


def normalised_metric(
    value: Float[Tensor, "*any"], clean: Float[Tensor, ""], corrupted: Float[Tensor, ""]
) -> Float[Tensor, "*any"]:
    if math.isclose(clean.item(), corrupted.item(), rel_tol=1e-6):
        raise ValueError("both runs have the same metric")
    return value.sub(corrupted).div(clean.sub(corrupted))


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
