"""Road: mse_loss with reduction sum, and the mean code applied to the lengths, since the mean may be taken first."""

import torch
import torch.nn.functional as F
from torch import Tensor


def sae_loss(
    x: Tensor, reconstruction: Tensor, latents: Tensor, W_dec: Tensor, l1_coefficient: float
) -> dict[str, Tensor]:
    distance = F.mse_loss(reconstruction, x, reduction="sum") / len(x)
    sparsity = torch.dot(latents.mean(dim=0), W_dec.norm(p=2, dim=1))
    return dict(loss=torch.add(distance, sparsity, alpha=l1_coefficient), sparsity=sparsity, reconstruction=distance)
