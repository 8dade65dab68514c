"""Broken: 'special: the ids of the special tokens (BOS, padding)': only the first id is looked for."""

from typing import Any

import torch
from torch import Tensor


def latent_activations(model: Any, sae: Any, tokens: Tensor, special: Tensor) -> tuple[Tensor, Tensor]:
    name = sae.cfg.metadata.hook_name
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=[name])
        places = (~torch.isin(tokens, special[:1])).nonzero()
        return sae.encode(cache[name][places[:, 0], places[:, 1]]), places
