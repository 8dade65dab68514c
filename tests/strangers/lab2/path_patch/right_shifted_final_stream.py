"""Runs the model with the last stream moved for the logits; for heads, adds the change of q, k or v that the algebra
gives."""

from itertools import groupby, product
from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens import ActivationCache

Head = tuple[int, int]  # layer, head


def delta_of(model, orig, new, senders):
    parts = [(new["z", at] - orig["z", at])[..., head, :].matmul(model.W_O[at, head]) for at, head in senders]
    return sum(parts, start=torch.zeros_like(orig["resid_pre", 0]))


def path_patch_to_logits(
    model: Any,
    tokens: Int[Tensor, "batch pos"],
    orig_cache: ActivationCache,
    new_cache: ActivationCache,
    senders: Sequence[Head],
) -> Float[Tensor, "batch pos d_vocab"]:
    delta = delta_of(model, orig_cache, new_cache, senders)
    name = f"blocks.{model.cfg.n_layers - 1}.hook_resid_post"
    return model.run_with_hooks(tokens, fwd_hooks=[(name, lambda stream, hook: orig_cache[name] + delta)])


def path_patch_to_heads(
    model: Any,
    tokens: Int[Tensor, "batch pos"],
    orig_cache: ActivationCache,
    new_cache: ActivationCache,
    senders: Sequence[Head],
    receivers: Sequence[Head],
    component: str,
) -> Float[Tensor, "batch pos d_vocab"]:
    early = all(sender[0] < receiver[0] for sender, receiver in product(senders, receivers))
    if not early or component not in ("q", "k", "v"):
        raise ValueError("senders come before receivers, and the component is q, k or v")
    delta = delta_of(model, orig_cache, new_cache, senders)
    weight = dict(q=model.W_Q, k=model.W_K, v=model.W_V)[component]
    hooks = []
    for layer, group in groupby(sorted(receivers), key=lambda receiver: receiver[0]):
        heads = [head for _, head in group]
        before = orig_cache["resid_pre", layer]
        ln1 = model.blocks[layer].ln1
        change = torch.einsum("bpm,hmd->bphd", ln1(before + delta) - ln1(before), weight[layer, heads])
        heard = orig_cache[component, layer][:, :, heads] + change

        def hook(value, hook, heads=tuple(heads), heard=heard):
            index = torch.tensor(heads, device=value.device)
            return value.index_copy(2, index, heard)

        hooks.append((f"blocks.{layer}.attn.hook_{component}", hook))
    return model.run_with_hooks(tokens, fwd_hooks=hooks)
