"""Broken: 'The metric of the untouched model': both runs have the reconstruction in the activation's place."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


def attribute_latents(model: Any, sae: Any, tokens: Tensor, metric: Callable[[Tensor], Tensor]) -> Tensor:
    kept: dict[str, Tensor] = {}

    def leaf(value: Tensor, hook: Any) -> Tensor:
        kept["x"] = value.detach().clone().requires_grad_(True)
        return kept["x"]

    with torch.enable_grad():
        logits = model.run_with_hooks(tokens, fwd_hooks=[(sae.cfg.metadata.hook_name, leaf)])
        (gradient,) = torch.autograd.grad(metric(logits).sum(), kept["x"])
    with torch.no_grad():
        return sae.encode(kept["x"]) * (gradient @ sae.W_dec.T)


def ablation_effects(
    model: Any, sae: Any, tokens: Tensor, metric: Callable[[Tensor], Tensor], latents: Tensor
) -> Tensor:
    name = sae.cfg.metadata.hook_name

    def run(latent: int | None) -> Tensor:
        def splice(value: Tensor, hook: Any) -> Tensor:
            f = sae.encode(value)
            if latent is not None:
                f[..., latent] = 0
            return sae.decode(f)

        return metric(model.run_with_hooks(tokens, fwd_hooks=[(name, splice)]))

    with torch.no_grad():
        untouched = run(None)
        effects = untouched.new_zeros(len(latents), len(tokens))
        for place, latent in enumerate(latents.tolist()):
            effects[place] = untouched - run(latent)
    return effects
