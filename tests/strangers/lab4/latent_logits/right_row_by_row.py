"""Road: one latent after the other into tensors made beforehand, and Python's sorted for the tokens."""

from typing import Any

import torch
from torch import Tensor


def latent_logits(sae: Any, W_U: Tensor, latents: Tensor) -> Tensor:
    effects = W_U.new_empty(len(latents), W_U.shape[-1])
    for row, latent in enumerate(latents.tolist()):
        effect = sae.W_dec[latent].detach() @ W_U.detach()
        effects[row] = effect - effect.mean()
    return effects


def promoted_and_suppressed(logits: Tensor, k: int) -> tuple[Tensor, Tensor]:
    up = torch.empty(len(logits), k, dtype=torch.long, device=logits.device)
    down = torch.empty_like(up)
    for row, values in enumerate(logits.tolist()):
        order = sorted(range(len(values)), key=values.__getitem__)
        down[row] = torch.tensor(order[:k], dtype=torch.long)
        up[row] = torch.tensor(order[::-1][:k], dtype=torch.long)
    return up, down
