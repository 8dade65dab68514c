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

    def splice(value: Tensor, hook: Any) -> Tensor:
        x = value[text]
        if len(x) == 0:
            return value
        latents = sae.encode(x)
        before = sae.decode(latents)
        after = before if edit is None else sae.decode(edit(latents.clone()))
        # with the error term: the activation plus what the edit changes
        new = x + (after - before) if error_term else after
        result = value.clone()
        result[text] = new.to(value.dtype)
        return result

    with torch.no_grad():
        logits = model.run_with_hooks(tokens, fwd_hooks=[(sae.cfg.metadata.hook_name, splice)])
        counted = text[:, 1:]
        nats = torch.nn.functional.cross_entropy(logits[:, :-1][counted], tokens[:, 1:][counted])
    return float(nats)
