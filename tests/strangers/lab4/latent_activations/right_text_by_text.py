"""Road: one row at a time through the model, one position at a time through the encoder, in plain loops."""

from typing import Any

import torch
from torch import Tensor


def latent_activations(model: Any, sae: Any, tokens: Tensor, special: Tensor) -> tuple[Tensor, Tensor]:
    name = sae.cfg.metadata.hook_name
    ids = set(special.tolist())
    latents, places = [], []
    with torch.no_grad():
        for row in range(tokens.shape[0]):
            _, cache = model.run_with_cache(tokens[row : row + 1], names_filter=lambda other: other == name)
            for position, token in enumerate(tokens[row].tolist()):
                if token in ids:
                    continue
                latents.append(sae.encode(cache[name][0, position]))
                places.append((row, position))
    if not places:
        return sae.W_dec.new_zeros(0, sae.cfg.d_sae), tokens.new_zeros(0, 2)
    return torch.stack(latents), torch.tensor(places, device=tokens.device)
