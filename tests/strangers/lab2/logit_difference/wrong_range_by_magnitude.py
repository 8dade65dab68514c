# WRONG: divides by the magnitude of the range, so a smaller clean value gives the wrong sign; promised: '0 where it equals `corrupted`, 1 where it equals `clean`, linear between and beyond.'
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
    """The logit of the right name minus that of the wrong one, at the end of each prompt."""
    batch = logits.shape[0]
    for name, entries in {"answer": answer, "wrong": wrong, "end": end}.items():
        if tuple(entries.shape) != (batch,):
            raise ValueError(f"{name} must have one entry for each of {batch} prompts")
    pair = torch.stack([answer, wrong], dim=1).to(logits.device)  # [batch, 2]
    rows = torch.arange(batch, device=logits.device)
    both = logits[rows, end.to(logits.device)].gather(1, pair)
    differences = both[:, 0] - both[:, 1]
    return differences if per_prompt else differences.mean()


def normalised_metric(
    value: Float[Tensor, "*any"], clean: Float[Tensor, ""], corrupted: Float[Tensor, ""]
) -> Float[Tensor, "*any"]:
    """The metric on the scale from corrupted (0) to clean (1)."""
    top, bottom = float(clean), float(corrupted)
    if abs(top - bottom) <= 1e-6 * max(abs(top), abs(bottom)):
        raise ValueError(f"the two runs have the same metric: {top} and {bottom}")
    share = (value.double() - bottom) / abs(top - bottom)
    return share.to(value.dtype)
