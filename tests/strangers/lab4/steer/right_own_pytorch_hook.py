"""Road: the ablation decodes twice and adds the difference; steer puts a PyTorch forward hook on the hook point and
takes it away in finally."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


def steering_hook(sae: Any, latent: int, coefficient: float) -> Callable[..., Tensor]:
    step = coefficient * sae.W_dec[latent].detach().clone()
    return lambda value, hook=None: value + step.to(value)


def ablation_hook(sae: Any, latent: int) -> Callable[..., Tensor]:
    def hook_function(value: Tensor, hook: Any) -> Tensor:
        latents = sae.encode(value)
        without = latents.clone()
        without[..., latent] = 0
        return value + (sae.decode(without) - sae.decode(latents))

    return hook_function


def steer(model: Any, tokens: Tensor, hook_name: str, hook: Callable[..., Tensor], steps: int) -> Tensor:
    point = model.hook_dict[hook_name]
    handle = point.register_forward_hook(lambda module, inputs, output: hook(output, hook=module))
    try:
        with torch.no_grad():
            result = tokens.clone()
            for _ in range(steps):
                chosen = model(result)[:, -1].log_softmax(dim=-1).argmax(dim=-1)
                result = torch.hstack([result, chosen.unsqueeze(1)])
    finally:
        handle.remove()
    return result
