"""Road: the hook returns the activation plus a difference that is 0 outside of the text; the loss is logsumexp minus
the logit of the next token, weighted with the mask."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


def splice_loss(
    model: Any,
    sae: Any,
    tokens: Tensor,
    text: Tensor,
    error_term: bool = False,
    edit: Callable[[Tensor], Tensor] | None = None,
) -> float:
    @torch.no_grad()
    def run() -> Tensor:
        def hook_function(value: Tensor, hook: Any) -> Tensor:
            latents = sae.encode(value)
            old = sae.decode(latents)
            new = old if edit is None else sae.decode(edit(latents))
            difference = new - (old if error_term else value)
            return value + difference.masked_fill(~text.unsqueeze(-1), 0.0)

        return model.run_with_hooks(tokens, fwd_hooks=[(sae.cfg.metadata.hook_name, hook_function)])

    logits = run()[:, :-1]
    said = torch.take_along_dim(logits, tokens[:, 1:, None], dim=-1).squeeze(-1)
    surprise = torch.logsumexp(logits, dim=-1) - said
    weight = text[:, 1:].to(surprise.dtype)
    return ((surprise * weight).sum() / weight.sum()).item()
