"""Broken: 'tokens: the input of the model': activations are kept between calls for inputs of the same shape."""

from typing import Any

import torch
from torch import Tensor

_seen: dict[Any, Tensor] = {}


def latent_activations(model: Any, sae: Any, tokens: Tensor, special: Tensor) -> tuple[Tensor, Tensor]:
    name = sae.cfg.metadata.hook_name
    with torch.no_grad():
        key = (id(model), name, tuple(tokens.shape))
        if key not in _seen:
            _seen[key] = model.run_with_cache(tokens, names_filter=[name])[1][name]
        places = (~torch.isin(tokens, special)).nonzero()
        return sae.encode(_seen[key][places[:, 0], places[:, 1]]), places
