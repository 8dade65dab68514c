"""Road: cross_entropy with the targets that are not text set to its ignore_index; the hook writes into a clone at the
places of text only."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


def splice_loss(
    model: Any,
    sae: Any,
    tokens: Tensor,
    text: Tensor,
    error_term: bool = False,
    edit: Callable[[Tensor], Tensor] | None = None,
) -> float:
    def splice(value: Tensor, hook: Any) -> Tensor:
        here = value[text]
        before = sae.encode(here)
        missed = here - sae.decode(before) if error_term else torch.zeros_like(here)
        after = before if edit is None else edit(before)
        changed = value.clone()
        changed[text] = sae.decode(after) + missed
        return changed

    targets = tokens.masked_fill(~text, -100)[:, 1:]
    with torch.no_grad():
        logits = model.run_with_hooks(tokens, fwd_hooks=[(sae.cfg.metadata.hook_name, splice)])
        return float(F.cross_entropy(logits[:, :-1].flatten(0, 1), targets.flatten(), ignore_index=-100))
