"""Broken: 'the name of its hook point is `sae.cfg.metadata.hook_name`': its layer is read off one digit, so layer 10
becomes layer 1."""

from typing import Any

import torch
from torch import Tensor


def latent_activations(model: Any, sae: Any, tokens: Tensor, special: Tensor) -> tuple[Tensor, Tensor]:
    parts = sae.cfg.metadata.hook_name.split(".")
    name = ".".join([parts[0], parts[1][0], *parts[2:]])
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=[name])
        places = (~torch.isin(tokens, special)).nonzero()
        return sae.encode(cache[name][places[:, 0], places[:, 1]]), places
