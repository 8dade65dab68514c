"""One long batch for each part and layer; a diagonal mask says which copy is patched where."""

from collections.abc import Callable
from typing import Any
import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens import ActivationCache


def patch_component_sweep(
    model: Any,
    corrupted_tokens: Int[Tensor, "batch pos"],
    clean_cache: ActivationCache,
    metric: Callable[[Float[Tensor, "batch pos d_vocab"]], Float[Tensor, ""]],
) -> dict[str, Float[Tensor, "layer pos"]]:
    batch, length = corrupted_tokens.shape
    copies = corrupted_tokens.repeat_interleave(length, dim=0)
    diagonal = torch.eye(length, dtype=torch.bool, device=copies.device).repeat(batch, 1).unsqueeze(-1)

    def row(name):
        clean = clean_cache[name].repeat_interleave(length, dim=0)
        hook = (name, lambda out, hook: torch.where(diagonal, clean, out))
        logits = model.run_with_hooks(copies, fwd_hooks=[hook])
        logits = logits.unflatten(0, (batch, length))
        return torch.stack([metric(logits[:, place]) for place in range(length)])

    layers = range(model.cfg.n_layers)
    return {
        "attn_out": torch.stack([row(f"blocks.{layer}.hook_attn_out") for layer in layers]),
        "mlp_out": torch.stack([row(f"blocks.{layer}.hook_mlp_out") for layer in layers]),
    }


def patch_residual_sweep(
    model: Any,
    clean_tokens: Int[Tensor, "batch pos"],
    corrupted_tokens: Int[Tensor, "batch pos"],
    metric: Callable[[Float[Tensor, "batch pos d_vocab"]], Float[Tensor, ""]],
) -> Float[Tensor, "layer pos"]:
    batch, length = corrupted_tokens.shape
    copies = corrupted_tokens.repeat(length, 1)
    result = []
    for layer in range(model.cfg.n_layers):
        name = f"blocks.{layer}.hook_resid_pre"
        clean = model.run_with_cache(clean_tokens, names_filter=[name])[1][name]

        def patch(resid, hook, clean=clean):
            apart = resid.reshape(length, batch, length, -1).clone()
            for position in range(length):
                apart[position, :, position] = clean[:, position]
            return apart.reshape(resid.shape)

        logits = model.run_with_hooks(copies, fwd_hooks=[(name, patch)])
        result.append(torch.stack([metric(part) for part in logits.split(batch)]))
    return torch.stack(result)
