# RIGHT: run_with_hooks with a clone
# %%
from typing import Any, Literal

import torch
from jaxtyping import Int
from torch import Tensor


# %%
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
    if how not in ("zero", "mean"):
        raise ValueError(f"how must be 'zero' or 'mean', not {how!r}")

    def replace(z, hook):
        z = z.clone()
        z[:, :, head] = 0.0 if how == "zero" else z[:, :, head].mean(dim=0, keepdim=True)
        return z

    with torch.no_grad():
        before = model(tokens, return_type="loss")
        after = model.run_with_hooks(
            tokens, return_type="loss", fwd_hooks=[(f"blocks.{layer}.attn.hook_z", replace)]
        )
    return (after - before).item()


