"""Broken: 'row and position in `tokens`': positions are counted among the ones that are kept."""

from typing import Any

import torch
from torch import Tensor


def latent_activations(model: Any, sae: Any, tokens: Tensor, special: Tensor) -> tuple[Tensor, Tensor]:
    name = sae.cfg.metadata.hook_name
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=[name])
        places = (~torch.isin(tokens, special)).nonzero()
        kept = ~torch.isin(tokens, special)
        numbers = (kept.cumsum(dim=1) - 1)[kept]
        return sae.encode(cache[name][places[:, 0], places[:, 1]]), torch.stack([places[:, 0], numbers], dim=1)
