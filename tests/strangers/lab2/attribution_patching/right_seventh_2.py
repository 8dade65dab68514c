# RIGHT: adds a zero that asks for gradients to every z: the gradient by it is the gradient by z
# %%
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor


# %%
class _Probe:
    """A zero added to one layer's z; remembers z."""

    def __init__(self, layer):
        self.name = f"blocks.{layer}.attn.hook_z"
        self.z = None
        self.zero = None

    def hook(self, z, hook):
        self.z = z.detach().clone()
        self.zero = torch.zeros_like(self.z, requires_grad=True)
        return z + self.zero


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
    if tuple(clean_tokens.shape) != tuple(corrupted_tokens.shape):
        raise ValueError(f"{tuple(clean_tokens.shape)} is not {tuple(corrupted_tokens.shape)}")
    clean = [_Probe(layer) for layer in range(model.cfg.n_layers)]
    corrupted = [_Probe(layer) for layer in range(model.cfg.n_layers)]
    with torch.no_grad():
        model.run_with_hooks(clean_tokens, fwd_hooks=[(probe.name, probe.hook) for probe in clean])
    with torch.set_grad_enabled(True):
        logits = model.run_with_hooks(corrupted_tokens, fwd_hooks=[(probe.name, probe.hook) for probe in corrupted])
        gradients = torch.autograd.grad(metric(logits), [probe.zero for probe in corrupted])
    rows = []
    for good, bad, gradient in zip(clean, corrupted, gradients):
        rows.append(torch.einsum("bphd,bphd->h", good.z - bad.z, gradient))
    return torch.stack(rows).detach()


