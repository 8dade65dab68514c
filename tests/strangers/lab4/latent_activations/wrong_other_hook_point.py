"""Broken: 'the name of its hook point is `sae.cfg.metadata.hook_name`': what enters that layer is taken in place of
what leaves it."""

from typing import Any

import torch
from torch import Tensor


def latent_activations(model: Any, sae: Any, tokens: Tensor, special: Tensor) -> tuple[Tensor, Tensor]:
    name = sae.cfg.metadata.hook_name.replace("resid_post", "resid_pre")
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=[name])
        places = (~torch.isin(tokens, special)).nonzero()
        return sae.encode(cache[name][places[:, 0], places[:, 1]]), places
