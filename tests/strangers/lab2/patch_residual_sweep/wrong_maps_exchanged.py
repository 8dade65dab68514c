"""Breaks "attn_out, with the attention layer's output patched, and mlp_out, with the MLP's": the two are
exchanged."""

from collections.abc import Callable
from functools import partial
from typing import Any
import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens import ActivationCache


def put_in(value, hook, position, clean):
    value = value.clone()
    value[:, position] = clean[:, position]
    return value


def patch_component_sweep(
    model: Any,
    corrupted_tokens: Int[Tensor, "batch pos"],
    clean_cache: ActivationCache,
    metric: Callable[[Float[Tensor, "batch pos d_vocab"]], Float[Tensor, ""]],
) -> dict[str, Float[Tensor, "layer pos"]]:
    length = corrupted_tokens.shape[1]
    maps = {}
    for part in ("attn_out", "mlp_out"):
        rows = []
        for layer in range(model.cfg.n_layers):
            name = f"blocks.{layer}.hook_{part}"
            row = []
            for position in range(length):
                hook = partial(put_in, position=position, clean=clean_cache[name])
                logits = model.run_with_hooks(corrupted_tokens, fwd_hooks=[(name, hook)])
                row.append(metric(logits))
            rows.append(torch.stack(row))
        maps[part] = torch.stack(rows)
    return {"attn_out": maps["mlp_out"], "mlp_out": maps["attn_out"]}


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
