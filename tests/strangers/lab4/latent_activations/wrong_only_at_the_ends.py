"""Broken: 'wherever they stand': special tokens are left out at both ends of a row, not in the middle."""

from typing import Any

import torch
from torch import Tensor


def latent_activations(model: Any, sae: Any, tokens: Tensor, special: Tensor) -> tuple[Tensor, Tensor]:
    name = sae.cfg.metadata.hook_name
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=[name])
        places = (
            (~torch.isin(tokens, special)).cumsum(1).bool()
            & (~torch.isin(tokens, special)).flip(1).cumsum(1).flip(1).bool()
        ).nonzero()
        return sae.encode(cache[name][places[:, 0], places[:, 1]]), places
