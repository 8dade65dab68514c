"""Broken: 'row after row and from left to right': all rows' first positions come first, then all second ones."""

from typing import Any

import torch
from torch import Tensor


def latent_activations(model: Any, sae: Any, tokens: Tensor, special: Tensor) -> tuple[Tensor, Tensor]:
    name = sae.cfg.metadata.hook_name
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=[name])
        places = (~torch.isin(tokens, special)).T.nonzero().flip(1)
        return sae.encode(cache[name][places[:, 0], places[:, 1]]), places
