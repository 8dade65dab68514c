"""Road: steer calls itself for the rest of the steps, one text at a time; the steering direction is read off the
decoder by a one-hot vector."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


def steering_hook(sae: Any, latent: int, coefficient: float) -> Callable[..., Tensor]:
    one_hot = torch.eye(sae.cfg.d_sae, dtype=sae.W_dec.dtype, device=sae.W_dec.device)[latent]

    def hook_function(value: Tensor, hook: Any) -> Tensor:
        return value + (coefficient * one_hot) @ sae.W_dec

    return hook_function


def ablation_hook(sae: Any, latent: int) -> Callable[..., Tensor]:
    def hook_function(value: Tensor, hook: Any) -> Tensor:
        latents = sae.encode(value.clone())
        writes = latents[:, :, latent : latent + 1] @ sae.W_dec[latent : latent + 1]
        return torch.sub(value, writes)

    return hook_function


def steer(model: Any, tokens: Tensor, hook_name: str, hook: Callable[..., Tensor], steps: int) -> Tensor:
    if steps == 0:
        return tokens.clone()
    next_tokens = []
    with torch.no_grad():
        for text in tokens:
            logits = model.run_with_hooks(text[None], fwd_hooks=[(hook_name, hook)])
            next_tokens.append(logits[0, -1].argmax())
    longer = torch.cat([tokens, torch.stack(next_tokens)[:, None]], dim=1)
    return steer(model, longer, hook_name, hook, steps - 1)
