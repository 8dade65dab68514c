"""Breaks "Raises ValueError: a sender is not in an earlier layer than every receiver": it is enough that the last
receiver is later."""

from collections.abc import Sequence
from typing import Any

from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens import ActivationCache

Head = tuple[int, int]  # layer, head


def frozen_hooks(model, orig_cache, new_cache, senders):
    hooks = []
    for layer in range(model.cfg.n_layers):
        z = orig_cache["z", layer].clone()
        for head in (number for at, number in senders if at == layer):
            z[:, :, head] = new_cache["z", layer][:, :, head]
        mlp = orig_cache["mlp_out", layer].clone()
        hooks.append((f"blocks.{layer}.attn.hook_z", lambda value, hook, z=z: z))
        hooks.append((f"blocks.{layer}.hook_mlp_out", lambda value, hook, mlp=mlp: mlp))
    return hooks


def path_patch_to_logits(
    model: Any,
    tokens: Int[Tensor, "batch pos"],
    orig_cache: ActivationCache,
    new_cache: ActivationCache,
    senders: Sequence[Head],
) -> Float[Tensor, "batch pos d_vocab"]:
    return model.run_with_hooks(tokens, fwd_hooks=frozen_hooks(model, orig_cache, new_cache, senders))


def path_patch_to_heads(
    model: Any,
    tokens: Int[Tensor, "batch pos"],
    orig_cache: ActivationCache,
    new_cache: ActivationCache,
    senders: Sequence[Head],
    receivers: Sequence[Head],
    component: str,
) -> Float[Tensor, "batch pos d_vocab"]:
    if component not in {"q", "k", "v"}:
        raise ValueError("component must be q, k or v")
    if senders and receivers and max(layer for layer, _ in senders) >= max(layer for layer, _ in receivers):
        raise ValueError("every sender must be in an earlier layer than every receiver")
    heard: dict[str, Tensor] = {}
    names = {f"blocks.{layer}.attn.hook_{component}" for layer, _ in receivers}

    def listen(name):
        def hook(value, hook):
            heard[name] = value.clone()

        return hook

    def speak(name):
        layer = int(name.split(".")[1])
        places = [head for at, head in receivers if at == layer]

        def hook(value, hook):
            value = value.clone()
            value[:, :, places] = heard[name][:, :, places]
            return value

        return hook

    first = [(name, listen(name)) for name in names]
    model.run_with_hooks(tokens, fwd_hooks=first + frozen_hooks(model, orig_cache, new_cache, senders))
    return model.run_with_hooks(tokens, fwd_hooks=[(name, speak(name)) for name in names])
