"""Broken: 'wherever they stand': a text is taken to end at the first special token after its beginning."""

from typing import Any

import torch
from torch import Tensor


def latent_activations(model: Any, sae: Any, tokens: Tensor, special: Tensor) -> tuple[Tensor, Tensor]:
    name = sae.cfg.metadata.hook_name
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=[name])
        out = torch.isin(tokens, special)
        ended = out.clone()
        ended[:, 0] = False
        places = (~out & (ended.cumsum(dim=1) == 0)).nonzero()
        return sae.encode(cache[name][places[:, 0], places[:, 1]]), places
