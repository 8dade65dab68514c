"""Road: a tensor of zeros with a gradient is added to the activation; one gradient for each prompt, taken from the
vector of metrics one by one."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


def attribute_latents(model: Any, sae: Any, tokens: Tensor, metric: Callable[[Tensor], Tensor]) -> Tensor:
    stored: list[Tensor] = []

    def probe(value: Tensor, hook: Any) -> Tensor:
        zeros = torch.zeros_like(value, requires_grad=True)
        stored.extend([value.detach(), zeros])
        return value.detach() + zeros

    with torch.enable_grad():
        values = metric(model.run_with_hooks(tokens, fwd_hooks=[(sae.cfg.metadata.hook_name, probe)]))
        rows = [torch.autograd.grad(one, stored[1], retain_graph=True)[0][row] for row, one in enumerate(values)]
    with torch.no_grad():
        slopes = torch.einsum("bpi,ji->bpj", torch.stack(rows), sae.W_dec)
        return torch.mul(slopes, sae.encode(stored[0]))


def ablation_effects(
    model: Any, sae: Any, tokens: Tensor, metric: Callable[[Tensor], Tensor], latents: Tensor
) -> Tensor:
    name = sae.cfg.metadata.hook_name

    @torch.no_grad()
    def measure(latent: int | None) -> Tensor:
        def hook_function(value: Tensor, hook: Any) -> Tensor:
            f = sae.encode(value)
            without = f.clone()
            without[:, :, latent] = 0
            return value + sae.decode(without) - sae.decode(f)

        hooks = [] if latent is None else [(name, hook_function)]
        return metric(model.run_with_hooks(tokens, fwd_hooks=hooks))

    untouched = measure(None)
    effects = torch.empty(len(latents), len(tokens), dtype=untouched.dtype, device=untouched.device)
    for row, latent in zip(effects, latents.tolist(), strict=True):
        row.copy_(untouched - measure(latent))
    return effects
