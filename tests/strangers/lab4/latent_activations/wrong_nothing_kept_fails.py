"""Broken: 'The latents of all positions that do not hold a special token, shape `[token, d_sae]`': where there is
none, stack fails."""

from typing import Any

import torch
from torch import Tensor


def latent_activations(model: Any, sae: Any, tokens: Tensor, special: Tensor) -> tuple[Tensor, Tensor]:
    name = sae.cfg.metadata.hook_name
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=[name])
        kept = [
            (row, position)
            for row, ids in enumerate(tokens.tolist())
            for position, token in enumerate(ids)
            if token not in special.tolist()
        ]
        latents = torch.stack([sae.encode(cache[name][place]) for place in kept])
    return latents, torch.tensor(kept, device=tokens.device)
