"""Small sparse autoencoders with random weights: for scenarios on any model, with or without a trained SAE of its own.

Real ones are read by :attr:`mechgrade.bench.transformer_lens.bench.Bench.sae`. A random one has what a trained one hides: decoder
directions of unequal length, biases far from zero, a width that no other axis has, any hook point. Its ReLU is continuous,
so nobody's rounding decides which latents are active, as it may at the edge of a top-k.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from mechgrade.bench.transformer_lens.bench import Bench


def random_sae(bench: Bench, hook_name: str, *, d_sae: int, seed: int, d_in: int | None = None) -> Any:
    """A ``sae_lens`` SAE with ReLU and random weights, on the bench's device and type, in eval mode without gradients.

    Args:
        bench: what it is drawn from.
        hook_name: the hook point that it claims to have been trained at.
        d_sae: number of latents.
        seed: of the weights.
        d_in: width of its activations; by default that of the model's residual stream.
    """
    from sae_lens import StandardSAE, StandardSAEConfig
    from sae_lens.saes.sae import SAEMetadata

    width = d_in or bench.d_model
    sae = StandardSAE(
        StandardSAEConfig(
            d_in=width,
            d_sae=d_sae,
            dtype=bench.spec.dtype,
            device=str(bench.device),
            metadata=SAEMetadata(hook_name=hook_name),
        )
    ).eval()
    with torch.no_grad():
        sae.W_enc.copy_(bench.normal(width, d_sae, seed=seed) / width**0.5)
        sae.b_enc.copy_(bench.normal(d_sae, seed=seed + 1) / 2)
        sae.b_dec.copy_(bench.normal(width, seed=seed + 2) / 2)
        directions = bench.normal(d_sae, width, seed=seed + 3) / width**0.5
        sae.W_dec.copy_(directions * (0.5 + bench.uniform(d_sae, 1, seed=seed + 4)))
    for parameter in sae.parameters():
        parameter.requires_grad_(False)
    return sae
