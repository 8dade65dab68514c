"""Broken: 'f = encode(x)': the latents are made with ReLU from the weights, whatever kind of SAE it is."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


def splice_loss(
    model: Any,
    sae: Any,
    tokens: Tensor,
    text: Tensor,
    error_term: bool = False,
    edit: Callable[[Tensor], Tensor] | None = None,
) -> float:
    def splice(value: Tensor, hook: Any) -> Tensor:
        latents = torch.relu((value - sae.b_dec) @ sae.W_enc + sae.b_enc)
        error = value - sae.decode(latents)
        if edit is not None:
            latents = edit(latents)
        new = sae.decode(latents)
        if error_term:
            new = new + error
        return torch.where(text[..., None], new, value)

    with torch.no_grad():
        logits = model.run_with_hooks(tokens, fwd_hooks=[(sae.cfg.metadata.hook_name, splice)])
        nats = -logits[:, :-1].log_softmax(dim=-1).gather(2, tokens[:, 1:, None])[..., 0]
        return nats[text[:, 1:]].mean().item()
