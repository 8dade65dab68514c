"""Road: a first run reads the activations, everything is computed outside, and the hook of a second run only puts the
result in; the loss is a running sum over pairs."""

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
    name = sae.cfg.metadata.hook_name
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=[name])
        x = cache[name]
        f = sae.encode(x)
        error = torch.subtract(x, sae.decode(f))
        edited = edit(f.clone()) if edit else f
        spliced = sae.decode(edited) + error_term * error
        mixed = torch.stack(
            [torch.where(real, new, old) for real, new, old in zip(text.unsqueeze(-1), spliced, x, strict=True)]
        )
        logits = model.run_with_hooks(tokens, fwd_hooks=[(name, lambda value, hook: mixed)])
        log_probabilities = logits.log_softmax(dim=-1)
    total, count = 0.0, 0
    for row, position in text.nonzero().tolist():
        if position > 0:
            total -= log_probabilities[row, position - 1, tokens[row, position]].item()
            count += 1
    return total / count
