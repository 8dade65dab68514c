"""One einsum over all layers and heads with a mask of senders, LayerNorm by torch, and keyed bias and weight
names."""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens import ActivationCache

Head = tuple[int, int]  # layer, head


def mask_of(heads, model):
    mask = torch.zeros(model.cfg.n_layers, model.cfg.n_heads, dtype=torch.bool)
    for layer, head in heads:
        mask[layer, head] = True
    return mask


def moved(model, orig_cache, new_cache, senders):
    change = new_cache.stack_activation("z") - orig_cache.stack_activation("z")
    share = mask_of(senders, model).to(change)
    return torch.einsum("lbphd,lhdm,lh->bpm", change, model.W_O, share)


def norm(model, stream):
    return F.layer_norm(stream, stream.shape[-1:], eps=model.cfg.eps)


def path_patch_to_logits(
    model: Any,
    tokens: Int[Tensor, "batch pos"],
    orig_cache: ActivationCache,
    new_cache: ActivationCache,
    senders: Sequence[Head],
) -> Float[Tensor, "batch pos d_vocab"]:
    stream = orig_cache["resid_post", -1] + moved(model, orig_cache, new_cache, senders)
    return norm(model, stream) @ model.W_U + model.b_U


def path_patch_to_heads(
    model: Any,
    tokens: Int[Tensor, "batch pos"],
    orig_cache: ActivationCache,
    new_cache: ActivationCache,
    senders: Sequence[Head],
    receivers: Sequence[Head],
    component: str,
) -> Float[Tensor, "batch pos d_vocab"]:
    if component == "" or component not in list("qkv"):
        raise ValueError(f"unknown component {component!r}")
    if any(early >= late for early, _ in senders for late, _ in receivers):
        raise ValueError("a sender cannot reach a head of its own layer, or of an earlier one")
    delta = moved(model, orig_cache, new_cache, senders)
    weight, bias = (getattr(model, f"{letter}_{component.upper()}") for letter in "Wb")
    mask = mask_of(receivers, model).to(delta.device)

    def hook_for(layer):
        stream = norm(model, orig_cache["resid_pre", layer] + delta)
        heard = torch.einsum("bpm,hmd->bphd", stream, weight[layer]) + bias[layer]
        return lambda value, hook: torch.where(mask[layer].view(1, 1, -1, 1), heard, value)

    layers = sorted({layer for layer, _ in receivers})
    with model.hooks(fwd_hooks=[(f"blocks.{n}.attn.hook_{component}", hook_for(n)) for n in layers]):
        return model(tokens)
