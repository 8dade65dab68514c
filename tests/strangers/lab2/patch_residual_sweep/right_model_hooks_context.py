"""Collects the clean streams with hooks of its own, and patches inside of model.hooks()."""

from collections.abc import Callable
from itertools import product
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
    layers, length = model.cfg.n_layers, corrupted_tokens.shape[-1]
    clean: dict[int, Tensor] = {}

    def keep(layer):
        def hook(resid, hook):
            clean[layer] = resid.detach().clone()

        return hook

    model.run_with_hooks(clean_tokens, fwd_hooks=[(f"blocks.{n}.hook_resid_pre", keep(n)) for n in range(layers)])

    def cell(layer, position):
        def hook(resid, hook):
            return torch.cat((resid[:, :position], clean[layer][:, [position]], resid[:, position + 1 :]), 1)

        with model.hooks(fwd_hooks=[(f"blocks.{layer}.hook_resid_pre", hook)]):
            logits = model(corrupted_tokens)
        return metric(logits)

    return torch.stack([cell(*where) for where in product(range(layers), range(length))]).view(layers, length)


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
