# RIGHT: runs with hooks that put back frozen values; the receivers' inputs are read in the frozen run
# %%
from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens import ActivationCache

Head = tuple[int, int]  # layer, head


# %%
def _frozen(model, orig_cache, new_cache, senders):
    """Hooks that freeze all heads and MLPs at the original run, with the senders' z of the new run."""

    def put_z(layer):
        frozen = orig_cache["z", layer].clone()
        for where, head in senders:
            if where == layer:
                frozen[:, :, head] = new_cache["z", layer][:, :, head]

        def hook_function(value, hook):
            return frozen

        return hook_function

    def put_mlp(layer):
        frozen = orig_cache["mlp_out", layer].clone()

        def hook_function(value, hook):
            return frozen

        return hook_function

    hooks = []
    for layer in range(model.cfg.n_layers):
        hooks.append((f"blocks.{layer}.attn.hook_z", put_z(layer)))
        if not getattr(model.cfg, "attn_only", False):
            hooks.append((f"blocks.{layer}.hook_mlp_out", put_mlp(layer)))
    return hooks


def path_patch_to_logits(
    model: Any,
    tokens: Int[Tensor, "batch pos"],
    orig_cache: ActivationCache,
    new_cache: ActivationCache,
    senders: Sequence[Head],
) -> Float[Tensor, "batch pos d_vocab"]:
    """Patch the senders' outputs along the direct path to the logits, with all other heads and all MLPs frozen.

    Source: Wang et al. 2022, https://arxiv.org/abs/2211.00593, but with frozen MLPs

    Args:
        model: a `TransformerBridge` in compatibility mode, or a `HookedTransformer`; no hook is left on it.
        tokens: the original prompts, `[batch, pos]`.
        orig_cache: all activations of the run on `tokens`; not changed.
        new_cache: all activations of a run on other prompts of the same shape; not changed.
        senders: heads as (layer, head), each at most once; perhaps none. Lists and tuples of heads both work.

    Returns:
        The logits `[batch, pos, d_vocab]` at every position, when the senders' z are those of the new run at all
        positions, every other head and every MLP gives what it gave in the original run, and the final LayerNorm is
        computed afresh.

    """
    with torch.no_grad():
        return model.run_with_hooks(tokens, fwd_hooks=_frozen(model, orig_cache, new_cache, senders))


# %%
def path_patch_to_heads(
    model: Any,
    tokens: Int[Tensor, "batch pos"],
    orig_cache: ActivationCache,
    new_cache: ActivationCache,
    senders: Sequence[Head],
    receivers: Sequence[Head],
    component: str,
) -> Float[Tensor, "batch pos d_vocab"]:
    """Patch the senders' outputs along the direct paths to one input of the receivers, and run on from there.

    Source: Wang et al. 2022, https://arxiv.org/abs/2211.00593, but with frozen MLPs

    Args:
        model: a `TransformerBridge` in compatibility mode, or a `HookedTransformer`; no hook is left on it.
        tokens: the original prompts, `[batch, pos]`.
        orig_cache: all activations of the run on `tokens`; not changed.
        new_cache: all activations of a run on other prompts of the same shape; not changed.
        senders: heads as (layer, head), each at most once, all in earlier layers than every receiver; perhaps none.
            Lists and tuples of heads both work.
        receivers: heads as (layer, head), each at most once; perhaps none. Then nothing is replaced.
        component: the input of the receivers that hears the senders: `"q"`, `"k"` or `"v"`.

    Returns:
        The logits `[batch, pos, d_vocab]` of a run on `tokens` in which this input of each receiver, at all positions,
        is what it would be if only the direct paths from the senders had changed (its LayerNorm computed afresh);
        everything that is not replaced is computed as usual.

    Raises:
        ValueError: some sender is not in an earlier layer than some receiver; or `component` is none of the three, also
            where there are no receivers.

    """
    if component not in {"q", "k", "v"}:
        raise ValueError("component is not one of q, k, v")
    if senders and receivers:
        if max(layer for layer, _ in senders) >= min(layer for layer, _ in receivers):
            raise ValueError("a sender is not before a receiver")
    layers = {layer for layer, _ in receivers}
    heard = {}

    def listen(layer):
        def hook_function(value, hook):
            heard[layer] = value.detach().clone()
            return value

        return hook_function

    def speak(layer):
        def hook_function(value, hook):
            out = value.clone()
            for where, head in receivers:
                if where == layer:
                    out[:, :, head] = heard[layer][:, :, head]
            return out

        return hook_function

    def hooks(make):
        return [(f"blocks.{layer}.attn.hook_{component}", make(layer)) for layer in layers]

    with torch.no_grad():
        model.run_with_hooks(tokens, fwd_hooks=_frozen(model, orig_cache, new_cache, senders) + hooks(listen))
        return model.run_with_hooks(tokens, fwd_hooks=hooks(speak))


