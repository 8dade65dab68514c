"""Broken: 'The latents of all positions that do not hold a special token': a text that occurs twice is listed
once."""

from typing import Any

import torch
from torch import Tensor


def latent_activations(model: Any, sae: Any, tokens: Tensor, special: Tensor) -> tuple[Tensor, Tensor]:
    name = sae.cfg.metadata.hook_name
    tokens = torch.unique_consecutive(tokens, dim=0)
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=[name])
        places = (~torch.isin(tokens, special)).nonzero()
        return sae.encode(cache[name][places[:, 0], places[:, 1]]), places
