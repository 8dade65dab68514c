"""Road: one loss for each activation, with torch.dist and a dot product, then the mean of the list."""

import torch
from torch import Tensor


def _mean(values: list[Tensor]) -> Tensor:
    return torch.stack(values).mean()


def sae_loss(
    x: Tensor, reconstruction: Tensor, latents: Tensor, W_dec: Tensor, l1_coefficient: float
) -> dict[str, Tensor]:
    lengths = torch.stack([direction.norm() for direction in W_dec])
    far, busy = [], []
    for one, made, code in zip(x, reconstruction, latents, strict=True):
        far.append(((one - made) ** 2).sum())
        busy.append(code @ lengths)
    result = {"reconstruction": _mean(far), "sparsity": _mean(busy)}
    result["loss"] = result["reconstruction"] + l1_coefficient * result["sparsity"]
    return result
