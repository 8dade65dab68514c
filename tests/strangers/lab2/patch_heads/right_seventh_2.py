# RIGHT: masks and torch.where, heads counted from the cache, results written into one tensor
# %%
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens import ActivationCache


# %%
from functools import partial
from itertools import product

_HEAD_AXIS = dict.fromkeys(("z", "q", "k", "v"), 2) | {"pattern": 1}


def _replace(value, hook, clean, mask):
    return torch.where(mask, clean.to(value.device), value)


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
    if activation not in _HEAD_AXIS:
        raise ValueError("activation must be one of " + ", ".join(_HEAD_AXIS))
    axis = _HEAD_AXIS[activation]
    names = [f"blocks.{layer}.attn.hook_{activation}" for layer in range(model.cfg.n_layers)]
    n_heads = clean_cache[names[0]].size(axis)
    found = {}
    for layer, head in product(reversed(range(len(names))), range(n_heads)):
        clean = clean_cache[names[layer]]
        shape = [1] * clean.ndim
        shape[axis] = n_heads
        mask = (torch.arange(n_heads, device=corrupted_tokens.device) == head).reshape(shape)
        hook = partial(_replace, clean=clean, mask=mask.to(clean.device))
        found[layer, head] = metric(model.run_with_hooks(corrupted_tokens, fwd_hooks=[(names[layer], hook)])).detach()
    return torch.stack([torch.stack([found[layer, head] for head in range(n_heads)]) for layer in range(len(names))])


