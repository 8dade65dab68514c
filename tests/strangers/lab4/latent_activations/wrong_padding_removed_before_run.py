"""Broken: 'tokens: the input of the model, special tokens included': special tokens inside a row are taken out of the
input, the first one stays."""

from typing import Any

import torch
from torch import Tensor


def latent_activations(model: Any, sae: Any, tokens: Tensor, special: Tensor) -> tuple[Tensor, Tensor]:
    name = sae.cfg.metadata.hook_name
    special_here = torch.isin(tokens, special)
    latents = [sae.W_dec.new_zeros(0, sae.cfg.d_sae)]
    with torch.no_grad():
        for row, out in zip(tokens, special_here, strict=True):
            words = torch.cat([row[:1], row[1:][~out[1:]]])
            _, cache = model.run_with_cache(words[None], names_filter=[name])
            latents.append(sae.encode(cache[name][0, int(out[0]) :]))
    return torch.cat(latents), (~special_here).nonzero()
