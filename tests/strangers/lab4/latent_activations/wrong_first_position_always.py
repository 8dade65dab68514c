"""Broken: 'all positions that do not hold a special token': the first position is left out even where nothing special
stands there."""

from typing import Any

import torch
from torch import Tensor


def latent_activations(model: Any, sae: Any, tokens: Tensor, special: Tensor) -> tuple[Tensor, Tensor]:
    name = sae.cfg.metadata.hook_name
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=[name])
        places = (~torch.isin(tokens, special) & (torch.arange(tokens.shape[1], device=tokens.device) > 0)).nonzero()
        return sae.encode(cache[name][places[:, 0], places[:, 1]]), places
