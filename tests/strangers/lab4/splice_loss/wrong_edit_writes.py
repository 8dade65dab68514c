# WRONG: the error term is computed after the edit, from latents that the edit may have overwritten; promised: 'It may write into the latents that it is given'
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
        edited = latents if edit is None else edit(latents)
        new = sae.decode(edited)
        error = value - sae.decode(latents)
        if error_term:
            new = new + error
        return torch.where(text[..., None], new, value)

    with torch.no_grad():
        logits = model.run_with_hooks(tokens, fwd_hooks=[(name, hook)])
    log_probs = logits.log_softmax(dim=-1)
    losses = -log_probs[:, :-1].gather(-1, tokens[:, 1:, None])[..., 0]
    keep = text[:, 1:]
    return losses[keep].mean().item()
