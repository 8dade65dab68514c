# WRONG: takes "Z" for "z"; the text: "`activation` is none of the five texts, letter for letter" (ValueError)
# %%
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens import ActivationCache


# %%
def patch_heads(
    model: Any,
    corrupted_tokens: Int[Tensor, "batch pos"],
    clean_cache: ActivationCache,
    metric: Callable[[Float[Tensor, "batch pos d_vocab"]], Float[Tensor, ""]],
    activation: str = "z",
) -> Float[Tensor, "layer head"]:
    """Patch every head on its own, at all positions, from the clean run into the corrupted run.

    Source: Wang et al. 2022, https://arxiv.org/abs/2211.00593; Heimersheim and Nanda 2024,
    https://arxiv.org/abs/2404.15255

    Args:
        model: a `TransformerBridge` in compatibility mode, or a `HookedTransformer`, of any size; no hook is left on it,
            also when `metric` fails.
        corrupted_tokens: the prompts to run, `[batch, pos]`.
        clean_cache: the activations of the clean run, of the same shape; it holds the named activation of every layer
            and is not changed.
        metric: takes the logits of a run as the model gives them, of all prompts and positions, `[batch, pos, d_vocab]`,
            and gives one number, a tensor without axes.
        activation: what to patch: `"z"` (the head's output before W_O), `"q"`, `"k"`, `"v"` or `"pattern"`.

    Returns:
        The metric of the patched runs, `[layer, head]`: as the metric gives it, not normalised.

    Raises:
        ValueError: `activation` is none of the five texts, letter for letter.

    """
    activation = activation.lower()
    if activation not in ("z", "q", "k", "v", "pattern"):
        raise ValueError(f"unknown activation: {activation!r}")
    axis = 1 if activation == "pattern" else 2
    rows = []
    for layer in range(model.cfg.n_layers):
        name = f"blocks.{layer}.attn.hook_{activation}"
        clean = clean_cache[activation, layer]
        row = []
        for head in range(clean.shape[axis]):

            def patch(value, hook, head=head, clean=clean):
                value = value.clone()
                value.select(axis, head).copy_(clean.select(axis, head))
                return value

            with torch.no_grad():
                row.append(metric(model.run_with_hooks(corrupted_tokens, fwd_hooks=[(name, patch)])))
        rows.append(torch.stack(row))
    return torch.stack(rows)


