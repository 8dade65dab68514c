# WRONG: the model runs on the reconstruction alone while the gradient is taken ("Write the activation as reconstruction and error term"; "the error term held fixed")
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor


def attribute_latents(
    model: Any, sae: Any, tokens: Int[Tensor, "batch pos"], metric: Callable[[Tensor], Tensor]
) -> Float[Tensor, "batch pos d_sae"]:
    """Estimate what every latent at every position adds to a metric, from one backward pass.

    Source: Marks et al. 2024, https://arxiv.org/abs/2403.19647

    Args:
        model: a `TransformerBridge` or a `HookedTransformer`; it is left without hooks, also when `metric` raises
            an error.
        sae: a `sae_lens.SAE`; the name of its hook point is `sae.cfg.metadata.hook_name`.
        tokens: the input, shape `[batch, pos]`.
        metric: gives a number for each prompt, `[batch]`, from logits `[batch, pos, d_vocab]`.

    Returns:
        Each latent's activation times the gradient of its prompt's metric with respect to it, the error term held fixed;
        shape `[batch, pos, d_sae]`, without a graph. Use `torch.enable_grad()`: whoever calls you may have switched
        gradients off.

    """
    kept = []

    def splice(value, hook):
        x = value.detach()
        with torch.no_grad():
            f = sae.encode(x)
            error = x.to(f) - (f @ sae.W_dec + sae.b_dec)
        f = f.detach().clone().requires_grad_(True)
        kept.append(f)
        return (f @ sae.W_dec.detach() + sae.b_dec.detach()).to(value.dtype)

    with torch.enable_grad():
        logits = model.run_with_hooks(tokens, fwd_hooks=[(sae.cfg.metadata.hook_name, splice)])
        (gradient,) = torch.autograd.grad(metric(logits).sum(), kept[:1])
    return (kept[0] * gradient).detach()


def ablation_effects(
    model: Any,
    sae: Any,
    tokens: Int[Tensor, "batch pos"],
    metric: Callable[[Tensor], Tensor],
    latents: Int[Tensor, " latent"],
) -> Float[Tensor, "latent batch"]:
    """Measure by how much a metric falls when a latent is taken away, for one latent at a time.

    Source: Marks et al. 2024, https://arxiv.org/abs/2403.19647

    Args:
        model: a `TransformerBridge` or a `HookedTransformer`; it is left without hooks, also when `metric` raises
            an error.
        sae: a `sae_lens.SAE`; the name of its hook point is `sae.cfg.metadata.hook_name`.
        tokens: the input, shape `[batch, pos]`.
        metric: gives a number for each prompt, `[batch]`, from logits `[batch, pos, d_vocab]`.
        latents: the numbers of the latents to ablate, one at a time, at all positions; in any order, one or more.

    Returns:
        The metric of the untouched model minus the metric with the latent's contribution taken away, shape `[latent,
        batch]`.

    """
    n, batch = len(latents), len(tokens)

    def ablate(value, hook):
        f = sae.encode(value).unflatten(0, (n + 1, batch))
        new = value.clone().unflatten(0, (n + 1, batch))
        for place, latent in enumerate(latents.tolist(), start=1):
            new[place] -= torch.einsum("bp,d->bpd", f[place, ..., latent], sae.W_dec[latent]).to(value)
        return new.flatten(0, 1)

    with torch.no_grad():
        logits = model.run_with_hooks(tokens.repeat(n + 1, 1), fwd_hooks=[(sae.cfg.metadata.hook_name, ablate)])
        clean, *without = (metric(part) for part in logits.split(batch))
        return torch.stack([clean - one for one in without])
