"""Road: a hook of the learner's own stores the latents; the mask comes from comparing with every special id."""

from typing import Any

import torch
from torch import Tensor


def latent_activations(model: Any, sae: Any, tokens: Tensor, special: Tensor) -> tuple[Tensor, Tensor]:
    kept = ~(tokens[:, :, None] == special[None, None, :]).any(dim=-1)
    stored: dict[str, Tensor] = {}

    def store(value: Tensor, hook: Any) -> None:
        stored["latents"] = sae.encode(value)

    with torch.no_grad():
        model.run_with_hooks(tokens, fwd_hooks=[(sae.cfg.metadata.hook_name, store)])
    return stored["latents"][kept], torch.argwhere(kept)
