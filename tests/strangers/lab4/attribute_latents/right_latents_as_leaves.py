"""Road: the latents themselves are the leaves, the activation is put together from them and the fixed error; ablation
goes through the same function with one latent at 0."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


def _metric_of(
    model: Any, sae: Any, tokens: Tensor, metric: Callable[[Tensor], Tensor], f: Tensor, rest: Tensor
) -> Tensor:
    def put_together(value: Tensor, hook: Any) -> Tensor:
        return f @ sae.W_dec + rest

    return metric(model.run_with_hooks(tokens, fwd_hooks=[(sae.cfg.metadata.hook_name, put_together)]))


def _parts(model: Any, sae: Any, tokens: Tensor) -> tuple[Tensor, Tensor]:
    name = sae.cfg.metadata.hook_name
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=[name])
        f = sae.encode(cache[name])
        return f, cache[name] - f @ sae.W_dec


def attribute_latents(model: Any, sae: Any, tokens: Tensor, metric: Callable[[Tensor], Tensor]) -> Tensor:
    f, rest = _parts(model, sae, tokens)
    leaf = f.clone().requires_grad_(True)
    with torch.enable_grad():
        total = _metric_of(model, sae, tokens, metric, leaf, rest).sum()
        gradient = torch.autograd.grad(total, leaf)[0]
    return (f * gradient).detach()


def ablation_effects(
    model: Any, sae: Any, tokens: Tensor, metric: Callable[[Tensor], Tensor], latents: Tensor
) -> Tensor:
    f, rest = _parts(model, sae, tokens)
    with torch.no_grad():
        base = metric(model(tokens))
        effects = [base.new_zeros(0, len(tokens))]
        for latent in latents:
            without = f.index_fill(-1, latent, 0.0)
            effects.append((base - _metric_of(model, sae, tokens, metric, without, rest))[None])
        return torch.cat(effects)
