"""Broken: 'where they come from, shape `[token, 2]`': a list of tuples instead of a tensor."""

from typing import Any

import torch
from torch import Tensor


def latent_activations(model: Any, sae: Any, tokens: Tensor, special: Tensor) -> tuple[Tensor, Tensor]:
    name = sae.cfg.metadata.hook_name
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=[name])
        places = (~torch.isin(tokens, special)).nonzero()
        return sae.encode(cache[name][places[:, 0], places[:, 1]]), [tuple(place) for place in places.tolist()]
