"""Road: the hook is held by the model's context manager; the gradient is multiplied with one direction after the
other; ablation takes the activation from a cache."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor


def _replace(value: Tensor, hook: Any, new: Tensor) -> Tensor:
    return new


def attribute_latents(model: Any, sae: Any, tokens: Tensor, metric: Callable[[Tensor], Tensor]) -> Tensor:
    seen = []

    def watch(value: Tensor, hook: Any) -> Tensor:
        fresh = value.detach().requires_grad_()
        seen.append(fresh)
        return fresh * 1

    with torch.enable_grad(), model.hooks(fwd_hooks=[(sae.cfg.metadata.hook_name, watch)]):
        metric(model(tokens)).sum().backward(inputs=seen)
    (x,) = seen
    f = sae.encode(x.detach()).detach()
    result = torch.zeros_like(f)
    for j in range(f.shape[-1]):
        result[..., j] = f[..., j] * (x.grad @ sae.W_dec[j].detach())
    return result


def ablation_effects(
    model: Any, sae: Any, tokens: Tensor, metric: Callable[[Tensor], Tensor], latents: Tensor
) -> Tensor:
    name = sae.cfg.metadata.hook_name
    with torch.no_grad():
        logits, cache = model.run_with_cache(tokens, names_filter=name)
        base, x = metric(logits), cache[name]
        f = sae.encode(x)
        results = []
        for j in latents.tolist():
            changed = x - torch.einsum("bp,i->bpi", f[:, :, j], sae.W_dec[j])
            hook_function = partial(_replace, new=changed)
            results.append(base - metric(model.run_with_hooks(tokens, fwd_hooks=[(name, hook_function)])))
    return torch.stack(results) if results else base.new_empty(0, base.shape[0])
