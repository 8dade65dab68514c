"""Broken: 'The latents of all positions that do not hold a special token': the others are in the list too, as
zeros."""

from typing import Any

import torch
from torch import Tensor


def latent_activations(model: Any, sae: Any, tokens: Tensor, special: Tensor) -> tuple[Tensor, Tensor]:
    name = sae.cfg.metadata.hook_name
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=[name])
        latents = sae.encode(cache[name]) * ~torch.isin(tokens, special)[..., None]
    return latents.flatten(0, 1), torch.ones_like(tokens).nonzero()
