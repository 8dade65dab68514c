# RIGHT: add_hook with try/finally, a table of replacements, torch.where over the heads, mean in float64
# %%
from typing import Any, Literal

import torch
from jaxtyping import Int
from torch import Tensor


# %%
_REPLACEMENTS = {
    "zero": torch.zeros_like,
    "mean": lambda z: z.double().mean(dim=0, keepdim=True).to(z.dtype).expand_as(z),
}


def ablate_head(
    model: Any, tokens: Int[Tensor, "batch pos"], layer: int, head: int, how: Literal["zero", "mean"]
) -> float:
    """Measure by how much the loss rises when one head's output is replaced.

    Source: Wang et al. 2022, https://arxiv.org/abs/2211.00593, section 2 (mean ablation).

    Args:
        model: a `TransformerBridge` or a `HookedTransformer`. It has no hooks afterwards, also after an error.
        tokens: texts of equal length, shape `[batch, pos]`.
        layer: the head's layer, from 0.
        head: the head's number in its layer, from 0.
        how: `zero` puts 0 in the place of the head's `z`; `mean` its mean over the batch, at each position its own.
            A batch of one is its own mean.

    Returns:
        The loss with the head ablated minus the loss without, in nats per token, a Python float. The loss is the
        model's own (`return_type="loss"`), the mean over batch and positions.

    Raises:
        ValueError: `how` is not exactly `zero` or `mean`. `Zero` and an empty text are wrong too.

    """
    try:
        replacement = _REPLACEMENTS[how]
    except (KeyError, TypeError):
        raise ValueError(f"unknown ablation: {how!r}") from None

    def hook_function(z, hook):
        chosen = torch.arange(z.shape[2], device=z.device).eq(head).reshape(1, 1, -1, 1)
        return torch.where(chosen, replacement(z), z)

    whole = float(model(tokens, return_type="loss"))
    try:
        model.add_hook(f"blocks.{layer}.attn.hook_z", hook_function)
        ablated = float(model(tokens, return_type="loss"))
    finally:
        model.reset_hooks()
    return ablated - whole


