"""Broken: 'all positions that do not hold a special token': the position with the largest norm in each row is taken
to be special too."""

from typing import Any

import torch
from torch import Tensor


def latent_activations(model: Any, sae: Any, tokens: Tensor, special: Tensor) -> tuple[Tensor, Tensor]:
    name = sae.cfg.metadata.hook_name
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=[name])
        norms = cache[name].norm(dim=-1)
        sink = norms == norms.amax(dim=1, keepdim=True)
        places = (~torch.isin(tokens, special) & ~sink).nonzero()
        return sae.encode(cache[name][places[:, 0], places[:, 1]]), places
