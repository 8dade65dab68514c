# WRONG: the mean over the batch instead of the sum (right for a batch of one); the text: "summed over batch, positions and `d_head`"
# %%
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor


# %%
def attribution_patching(
    model: Any,
    clean_tokens: Int[Tensor, "batch pos"],
    corrupted_tokens: Int[Tensor, "batch pos"],
    metric: Callable[[Float[Tensor, "batch pos d_vocab"]], Float[Tensor, ""]],
) -> Float[Tensor, "layer head"]:
    """Estimate, to first order, how patching each head's output would change the metric of the corrupted run.

    Source: Nanda 2023, https://www.neelnanda.io/mechanistic-interpretability/attribution-patching

    Args:
        model: a `TransformerBridge` in compatibility mode, or a `HookedTransformer`, of any size, whose weights do not
            require gradients. It is left as it was, also when `metric` fails: no hook, no gradient, no weight switched on.
        clean_tokens: the prompts to patch from, `[batch, pos]`.
        corrupted_tokens: the prompts to patch into, of the same shape.
        metric: takes the logits of a run as the model gives them, of all prompts and positions, `[batch, pos, d_vocab]`,
            and gives one number, a tensor without axes; differentiable.

    Returns:
        The estimated *change* of the metric for each head, `[layer, head]`: z of the clean run minus z of the corrupted
        run, times the metric's gradient by z in the corrupted run, summed over batch, positions and `d_head`. It takes
        one backward pass, and does not require gradients itself. The caller may have switched gradients off with
        `torch.no_grad()`; the estimate is the same.

    Raises:
        ValueError: the two batches of tokens have different shapes.

    """
    if clean_tokens.shape != corrupted_tokens.shape:
        raise ValueError("clean and corrupted tokens have different shapes")
    layers = range(model.cfg.n_layers)
    with torch.no_grad():
        _, cache = model.run_with_cache(clean_tokens)
    kept = {}

    def start(value, hook):
        return value.detach().requires_grad_(True)

    def keeper(layer):
        def keep(z, hook):
            kept[layer] = z
            return z

        return keep

    hooks = [("hook_embed", start)] + [(f"blocks.{layer}.attn.hook_z", keeper(layer)) for layer in layers]
    with torch.enable_grad():
        logits = model.run_with_hooks(corrupted_tokens, fwd_hooks=hooks)
        gradients = torch.autograd.grad(metric(logits), [kept[layer] for layer in layers])
    return torch.stack(
        [
            ((cache["z", layer] - kept[layer].detach()) * gradients[layer]).sum(dim=(1, 3)).mean(dim=0).detach()
            for layer in layers
        ]
    )


