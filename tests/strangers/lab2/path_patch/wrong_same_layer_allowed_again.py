# WRONG: a sender in the layer of a receiver passes; the text: "ValueError: some sender is not in an earlier layer than some receiver"
# %%
from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens import ActivationCache

Head = tuple[int, int]  # layer, head


# %%
def _delta(model, orig_cache, new_cache, senders):
    """What the senders add to the residual stream in the new run, less what they added in the original one."""
    delta = torch.zeros_like(orig_cache["resid_pre", 0])
    for layer, head in senders:
        change = new_cache["z", layer][:, :, head] - orig_cache["z", layer][:, :, head]
        delta = delta + change @ model.W_O[layer, head]
    return delta


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
        final = orig_cache["resid_post", model.cfg.n_layers - 1] + _delta(model, orig_cache, new_cache, senders)
        return model.unembed(model.ln_final(final))


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
    if component not in ("q", "k", "v"):
        raise ValueError(f"component must be q, k or v, not {component!r}")
    if any(sender[0] > receiver[0] for sender in senders for receiver in receivers):
        raise ValueError("every sender must be in an earlier layer than every receiver")
    weights, biases = getattr(model, f"W_{component.upper()}"), getattr(model, f"b_{component.upper()}")
    with torch.no_grad():
        delta = _delta(model, orig_cache, new_cache, senders)
        hooks = []
        for layer in sorted({layer for layer, _ in receivers}):
            heads = [head for other, head in receivers if other == layer]
            stream = model.blocks[layer].ln1(orig_cache["resid_pre", layer] + delta)
            inputs = {head: stream @ weights[layer, head] + biases[layer, head] for head in heads}

            def replace(value, hook, inputs=inputs):
                value = value.clone()
                for head, tensor in inputs.items():
                    value[:, :, head] = tensor
                return value

            hooks.append((f"blocks.{layer}.attn.hook_{component}", replace))
        return model.run_with_hooks(tokens, fwd_hooks=hooks)


