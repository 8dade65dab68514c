# WRONG: patches corrupted activations into the clean run; promised: 'Patch the residual stream before every layer, at every position, from the clean run into the corrupted run.'
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens import ActivationCache


def _put(value, hook, position, clean):
    here = torch.zeros(value.shape[1], dtype=torch.bool, device=value.device)
    here[position] = True
    return torch.where(here[None, :, None], clean, value)


def _sweep(model, tokens, metric, clean_by_name):
    cells = []
    with torch.no_grad():
        for name, clean in clean_by_name.items():
            for position in range(tokens.shape[1]):
                hook = partial(_put, position=position, clean=clean)
                cells.append(metric(model.run_with_hooks(tokens, fwd_hooks=[(name, hook)])))
    return torch.stack(cells).reshape(len(clean_by_name), tokens.shape[1])


def patch_residual_sweep(
    model: Any,
    clean_tokens: Int[Tensor, "batch pos"],
    corrupted_tokens: Int[Tensor, "batch pos"],
    metric: Callable[[Float[Tensor, "batch pos d_vocab"]], Float[Tensor, ""]],
) -> Float[Tensor, "layer pos"]:
    """The map of the residual stream before every layer."""
    names = [f"blocks.{layer}.hook_resid_pre" for layer in range(model.cfg.n_layers)]
    with torch.no_grad():
        _, cache = model.run_with_cache(corrupted_tokens, names_filter=names)
    return _sweep(model, clean_tokens, metric, {name: cache[name] for name in names})


def patch_component_sweep(
    model: Any,
    corrupted_tokens: Int[Tensor, "batch pos"],
    clean_cache: ActivationCache,
    metric: Callable[[Float[Tensor, "batch pos d_vocab"]], Float[Tensor, ""]],
) -> dict[str, Float[Tensor, "layer pos"]]:
    """The maps of attention layers and MLPs."""
    maps = {}
    for part in ("attn_out", "mlp_out"):
        names = [f"blocks.{layer}.hook_{part}" for layer in range(model.cfg.n_layers)]
        maps[part] = _sweep(model, corrupted_tokens, metric, {name: clean_cache[name] for name in names})
    return maps
