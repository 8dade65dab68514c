"""Breaks "the senders' z are those of the new run": the new run's mean over the batch is used for every prompt."""

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens import ActivationCache

Head = tuple[int, int]  # layer, head


def direct_change(model, orig_cache, new_cache, senders):
    delta = torch.zeros_like(orig_cache["resid_pre", 0])
    for layer, head in senders:
        change = new_cache["z", layer][:, :, head].mean(dim=0) - orig_cache["z", layer][:, :, head]
        delta = delta + change @ model.W_O[layer, head]
    return delta


def path_patch_to_logits(
    model: Any,
    tokens: Int[Tensor, "batch pos"],
    orig_cache: ActivationCache,
    new_cache: ActivationCache,
    senders: Sequence[Head],
) -> Float[Tensor, "batch pos d_vocab"]:
    delta = direct_change(model, orig_cache, new_cache, senders)
    final = orig_cache["resid_post", model.cfg.n_layers - 1] + delta
    return model.unembed(model.ln_final(final))


def path_patch_to_heads(
    model: Any,
    tokens: Int[Tensor, "batch pos"],
    orig_cache: ActivationCache,
    new_cache: ActivationCache,
    senders: Sequence[Head],
    receivers: Sequence[Head],
    component: str,
) -> Float[Tensor, "batch pos d_vocab"]:
    if component not in ("q", "k", "v"):
        raise ValueError(f"{component!r} is not q, k or v")
    for sender in senders:
        for receiver in receivers:
            if sender[0] >= receiver[0]:
                raise ValueError(f"{sender} is not before {receiver}")
    delta = direct_change(model, orig_cache, new_cache, senders)
    weights = {"q": model.W_Q, "k": model.W_K, "v": model.W_V}[component]
    biases = {"q": model.b_Q, "k": model.b_K, "v": model.b_V}[component]
    hooks = []
    for layer, head in receivers:
        normalised = model.blocks[layer].ln1(orig_cache["resid_pre", layer] + delta)
        wanted = normalised @ weights[layer, head] + biases[layer, head]

        def replace(value, hook, wanted=wanted, head=head):
            value = value.clone()
            value[:, :, head] = wanted
            return value

        hooks.append((f"blocks.{layer}.attn.hook_{component}", replace))
    return model.run_with_hooks(tokens, fwd_hooks=hooks)
