# WRONG: special positions get the reconstruction, too; promised: 'at the others the activations stay as they are'
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Bool, Int
from torch import Tensor


def splice_loss(
    model: Any,
    sae: Any,
    tokens: Int[Tensor, "batch pos"],
    text: Bool[Tensor, "batch pos"],
    error_term: bool = False,
    edit: Callable[[Tensor], Tensor] | None = None,
) -> float:
    """Give the model's loss with an SAE spliced in."""
    name = sae.cfg.metadata.hook_name

    def hook(value, hook):
        latents = sae.encode(value)
        error = value - sae.decode(latents)
        if edit is not None:
            latents = edit(latents)
        new = sae.decode(latents)
        if error_term:
            new = new + error
        return new

    with torch.no_grad():
        logits = model.run_with_hooks(tokens, fwd_hooks=[(name, hook)])
    log_probs = logits.log_softmax(dim=-1)
    losses = -log_probs[:, :-1].gather(-1, tokens[:, 1:, None])[..., 0]
    keep = text[:, 1:]
    return losses[keep].mean().item()
