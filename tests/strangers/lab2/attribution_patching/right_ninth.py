from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor


def attribution_patching(
    model: Any,
    clean_tokens: Int[Tensor, "batch pos"],
    corrupted_tokens: Int[Tensor, "batch pos"],
    metric: Callable[[Float[Tensor, "batch pos d_vocab"]], Float[Tensor, ""]],
) -> Float[Tensor, "layer head"]:
    """First-order estimate of what patching each head would change."""
    if clean_tokens.shape != corrupted_tokens.shape:
        raise ValueError(f"different shapes: {tuple(clean_tokens.shape)}, {tuple(corrupted_tokens.shape)}")
    names = [f"blocks.{layer}.attn.hook_z" for layer in range(model.cfg.n_layers)]
    with torch.no_grad():
        _, clean = model.run_with_cache(clean_tokens, names_filter=names)
        _, corrupted = model.run_with_cache(corrupted_tokens, names_filter=names)
    steps = [clean[name] - corrupted[name] for name in names]

    # A number s for each head, at 0: z becomes z + s * step. The derivative by s is the estimate.
    with torch.enable_grad():
        sizes = [step.new_zeros(step.shape[2], requires_grad=True) for step in steps]

        def move(layer):
            return lambda z, hook: z + sizes[layer][:, None] * steps[layer]

        hooks = [(name, move(layer)) for layer, name in enumerate(names)]
        logits = model.run_with_hooks(corrupted_tokens, fwd_hooks=hooks)
        estimates = torch.autograd.grad(metric(logits), sizes)
    return torch.stack(estimates)
