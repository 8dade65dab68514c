# RIGHT: encodes the text positions only, in a callable class; change added to the activation; cross_entropy with ignored targets
import torch.nn.functional as F
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Bool, Int
from torch import Tensor


class _Splicer:
    def __init__(self, sae, text, error_term, edit):
        self.sae, self.text, self.error_term = sae, text, error_term
        self.edit = edit or (lambda latents: latents)

    @torch.no_grad()
    def __call__(self, value, hook):
        value = value.clone()
        x = value[self.text]
        latents = self.sae.encode(x)
        before = self.sae.decode(latents)
        after = self.sae.decode(self.edit(latents))
        value[self.text] = (x + after - before if self.error_term else after).to(value.dtype)
        return value


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
    splicer = _Splicer(sae, text, error_term, edit)
    with torch.no_grad():
        logits = model.run_with_hooks(tokens, fwd_hooks=[(sae.cfg.metadata.hook_name, splicer)])
    targets = tokens[:, 1:].long().masked_fill(~text[:, 1:], -100)
    loss = F.cross_entropy(logits[:, :-1].double().flatten(0, 1), targets.flatten(), ignore_index=-100)
    return float(loss)
