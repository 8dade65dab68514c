"""Road: the mean is taken off the unembedding instead, which is the same thing; the tokens come from one sort."""

from typing import Any

import torch
from torch import Tensor


def latent_logits(sae: Any, W_U: Tensor, latents: Tensor) -> Tensor:
    centred = W_U - W_U.mean(dim=1, keepdim=True)
    return torch.einsum("jd,dv->jv", sae.W_dec.index_select(0, latents), centred)


def promoted_and_suppressed(logits: Tensor, k: int) -> tuple[Tensor, Tensor]:
    order = torch.argsort(logits, dim=-1, descending=True, stable=True)
    return order[:, :k], order.flip(dims=[-1])[:, :k]
