# WRONG: a sender in the same layer as a receiver is no error; promised: 'some sender is not in an earlier layer than some receiver; or `component` is none of the three, also where there are no receivers.'
from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens import ActivationCache

Head = tuple[int, int]  # layer, head


def _change(model, orig_cache, new_cache, senders):
    """What the senders change in the residual stream, on the direct path."""
    total = torch.zeros_like(orig_cache["resid_pre", 0])
    by_layer: dict[int, list[int]] = {}
    for layer, head in senders:
        by_layer.setdefault(int(layer), []).append(int(head))
    for layer, heads in by_layer.items():
        moved = new_cache["z", layer][:, :, heads] - orig_cache["z", layer][:, :, heads]
        total = total + torch.einsum("bphd,hdm->bpm", moved, model.W_O[layer][heads])
    return total


def path_patch_to_logits(
    model: Any,
    tokens: Int[Tensor, "batch pos"],
    orig_cache: ActivationCache,
    new_cache: ActivationCache,
    senders: Sequence[Head],
) -> Float[Tensor, "batch pos d_vocab"]:
    """The logits when the senders change on their direct path to the logits."""
    with torch.no_grad():
        final = orig_cache["resid_post", model.cfg.n_layers - 1]
        final = final + _change(model, orig_cache, new_cache, senders)
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
    """The logits when one input of the receivers hears the senders."""
    if component not in ("q", "k", "v"):
        raise ValueError(f"component must be 'q', 'k' or 'v', not {component!r}")
    for sender in senders:
        for receiver in receivers:
            if not sender[0] <= receiver[0]:
                raise ValueError(f"sender {tuple(sender)} is not in an earlier layer than {tuple(receiver)}")
    weights = {"q": "W_Q", "k": "W_K", "v": "W_V"}[component]
    biases = {"q": "b_Q", "k": "b_K", "v": "b_V"}[component]
    with torch.no_grad():
        change = _change(model, orig_cache, new_cache, senders)
        hooks = []
        for layer in sorted({int(receiver[0]) for receiver in receivers}):
            heads = sorted({int(head) for place, head in receivers if int(place) == layer})
            seen = model.blocks[layer].ln1(orig_cache["resid_pre", layer] + change)
            heard = torch.einsum("bpm,hmd->bphd", seen, getattr(model, weights)[layer][heads])
            heard = heard + getattr(model, biases)[layer][heads]

            def replace(value, hook, heads=heads, heard=heard):
                value = value.clone()
                value[:, :, heads] = heard
                return value

            hooks.append((f"blocks.{layer}.attn.hook_{component}", replace))
        return model.run_with_hooks(tokens, fwd_hooks=hooks)
