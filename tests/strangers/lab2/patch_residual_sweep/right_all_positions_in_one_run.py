"""One long batch for each layer: a copy of the corrupted prompts for every position."""

from collections.abc import Callable
from typing import Any
import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens import ActivationCache


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


def patch_component_sweep(
    model: Any,
    corrupted_tokens: Int[Tensor, "batch pos"],
    clean_cache: ActivationCache,
    metric: Callable[[Float[Tensor, "batch pos d_vocab"]], Float[Tensor, ""]],
) -> dict[str, Float[Tensor, "layer pos"]]:
    def names(part):
        return [f"blocks.{layer}.hook_{part}" for layer in range(model.cfg.n_layers)]

    _, own = model.run_with_cache(corrupted_tokens, names_filter=names("attn_out") + names("mlp_out"))
    maps = {part: [] for part in ("attn_out", "mlp_out")}
    for part, found in maps.items():
        for name in names(part):
            difference = clean_cache[name] - own[name]
            for place in range(corrupted_tokens.shape[1]):
                change = torch.zeros_like(difference)
                change[:, place] = difference[:, place]
                with model.hooks(fwd_hooks=[(name, lambda out, hook, change=change: out + change)]):
                    logits = model(corrupted_tokens)
                found.append(metric(logits))
    return {part: torch.stack(found).reshape(model.cfg.n_layers, -1) for part, found in maps.items()}
