"""Breaks "before every layer": the layer is read from the eighth character of the name, so layers from 10 on get the
patch of another layer."""

from collections.abc import Callable
from functools import partial
from typing import Any
import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens import ActivationCache


def put_in(resid, hook, position, clean):
    resid = resid.clone()
    resid[:, position] = clean[:, position]
    return resid


def patch_residual_sweep(
    model: Any,
    clean_tokens: Int[Tensor, "batch pos"],
    corrupted_tokens: Int[Tensor, "batch pos"],
    metric: Callable[[Float[Tensor, "batch pos d_vocab"]], Float[Tensor, ""]],
) -> Float[Tensor, "layer pos"]:
    names = [f"blocks.{layer}.hook_resid_pre" for layer in range(model.cfg.n_layers)]
    _, cache = model.run_with_cache(clean_tokens, names_filter=names)
    rows = []
    for name in names:
        row = []
        for position in range(corrupted_tokens.shape[1]):
            hook = partial(put_in, position=position, clean=cache[name])
            place = f"blocks.{name[7]}.hook_resid_pre"
            logits = model.run_with_hooks(corrupted_tokens, fwd_hooks=[(place, hook)])
            row.append(metric(logits))
        rows.append(torch.stack(row))
    return torch.stack(rows)


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
