"""Broken: 'Encode what a model computes on some texts, leaving out special positions': they are taken out of the
input already."""

from typing import Any

import torch
from torch import Tensor


def latent_activations(model: Any, sae: Any, tokens: Tensor, special: Tensor) -> tuple[Tensor, Tensor]:
    name = sae.cfg.metadata.hook_name
    places = (~torch.isin(tokens, special)).nonzero()
    latents = [sae.W_dec.new_zeros(0, sae.cfg.d_sae)]
    with torch.no_grad():
        for row in tokens:
            words = row[~torch.isin(row, special)]
            if len(words):
                _, cache = model.run_with_cache(words[None], names_filter=[name])
                latents.append(sae.encode(cache[name][0]))
    return torch.cat(latents), places
