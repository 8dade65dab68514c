from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor


def attribute_latents(
    model: Any, sae: Any, tokens: Int[Tensor, "batch pos"], metric: Callable[[Tensor], Tensor]
) -> Float[Tensor, "batch pos d_sae"]:
    """Estimate what every latent at every position adds to a metric, from one backward pass."""
    seen: list[Tensor] = []

    def make_leaf(value: Tensor, hook: Any) -> Tensor:
        leaf = value.detach().clone().requires_grad_(True)
        seen.append(leaf)
        return leaf

    with torch.enable_grad():
        logits = model.run_with_hooks(tokens, fwd_hooks=[(sae.cfg.metadata.hook_name, make_leaf)])
        (slope,) = torch.autograd.grad(metric(logits).sum(), seen[0])
    with torch.no_grad():
        # the chain rule by hand: dm/df_j = d_j . dm/dx
        along = slope @ sae.W_dec.detach().T
        return (sae.encode(seen[0]) * along).detach()


def ablation_effects(
    model: Any,
    sae: Any,
    tokens: Int[Tensor, "batch pos"],
    metric: Callable[[Tensor], Tensor],
    latents: Int[Tensor, " latent"],
) -> Float[Tensor, "latent batch"]:
    """Measure by how much a metric falls when a latent is taken away, for one latent at a time."""
    name = sae.cfg.metadata.hook_name

    def run(number: int | None) -> Tensor:
        def take_away(value: Tensor, hook: Any) -> Tensor:
            if number is None:
                return value
            strength = sae.encode(value)[..., number]
            return value - torch.einsum("bp,d->bpd", strength, sae.W_dec[number])

        return metric(model.run_with_hooks(tokens, fwd_hooks=[(name, take_away)])).detach()

    with torch.no_grad():
        untouched = run(None)
        return torch.stack([untouched - run(number) for number in latents.tolist()])
