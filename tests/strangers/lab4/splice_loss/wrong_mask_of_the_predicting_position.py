# WRONG: keeps pairs by the token that predicts ("all pairs of the batch in which the token to predict, t_{p+1}, is text")
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
    """Give the model's loss with an SAE spliced in.

    Source: Marks et al. 2024, https://arxiv.org/abs/2403.19647

    Args:
        model: a `TransformerBridge` or a `HookedTransformer`; it is left without hooks, also when `edit` raises an
            error.
        sae: a `sae_lens.SAE`; the name of its hook point is `sae.cfg.metadata.hook_name`.
        tokens: the input, shape `[batch, pos]`.
        text: which positions are text; at the others the activations stay as they are; shape `[batch, pos]`.
        error_term: whether to add what the SAE misses: the activation minus the reconstruction from the latents as they
            are *before* the edit.
        edit: what to do to the latents, of shape `[..., d_sae]`; None leaves them as they are. It may write into the latents
            that it is given, and it may make latents negative.

    Returns:
        The mean loss, in nats, over all next tokens of the batch that are text.

    """
    name = sae.cfg.metadata.hook_name

    def splice(value, hook):
        latents = sae.encode(value)
        error = value - sae.decode(latents).to(value.dtype)
        if edit is not None:
            latents = edit(latents.clone())
        new = sae.decode(latents).to(value.dtype)
        if error_term:
            new = new + error
        return torch.where(text.to(value.device)[..., None], new, value)

    with torch.no_grad():
        logits = model.run_with_hooks(tokens, fwd_hooks=[(name, splice)])
    log_probs = logits[:, :-1].log_softmax(dim=-1)
    loss = -log_probs.gather(-1, tokens[:, 1:, None].long())[..., 0]
    return loss[text[:, :-1]].mean().item()
