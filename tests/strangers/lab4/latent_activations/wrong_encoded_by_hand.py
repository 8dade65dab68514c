"""Broken: 'The latents': they are made with ReLU from the weights, whatever kind of SAE it is."""

from typing import Any

import torch
from torch import Tensor


def latent_activations(model: Any, sae: Any, tokens: Tensor, special: Tensor) -> tuple[Tensor, Tensor]:
    name = sae.cfg.metadata.hook_name
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=[name])
        places = (~torch.isin(tokens, special)).nonzero()
        return torch.relu((cache[name][places[:, 0], places[:, 1]] - sae.b_dec) @ sae.W_enc + sae.b_enc), places
