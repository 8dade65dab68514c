"""Broken: 'all positions that do not hold a special token': only the first position is left out, padding stays."""

from typing import Any

import torch
from torch import Tensor


def latent_activations(model: Any, sae: Any, tokens: Tensor, special: Tensor) -> tuple[Tensor, Tensor]:
    name = sae.cfg.metadata.hook_name
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=[name])
        places = (torch.arange(tokens.shape[1], device=tokens.device).expand_as(tokens) > 0).nonzero()
        return sae.encode(cache[name][places[:, 0], places[:, 1]]), places
