"""Road: each latent is set to one unit, decoded, and compared with what the decoder makes of nothing."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


def latent_logits(sae: Any, W_U: Tensor, latents: Tensor) -> Tensor:
    with torch.no_grad():
        units = F.one_hot(latents, sae.cfg.d_sae).to(sae.W_dec.dtype)
        written = sae.decode(units) - sae.decode(torch.zeros_like(units))
        effects = written @ W_U
        return torch.sub(effects, effects.mean(-1)[:, None])


def promoted_and_suppressed(logits: Tensor, k: int) -> tuple[Tensor, Tensor]:
    best = torch.topk(input=logits, k=k)
    worst = torch.topk(input=-logits, k=k)
    return best.indices, worst.indices
