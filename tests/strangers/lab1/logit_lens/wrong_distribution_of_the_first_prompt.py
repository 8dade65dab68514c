"""Breaks "targets: one token id for each prompt": every target is looked up in the first prompt's distribution."""

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor


def logit_lens(
    model: Any, tokens: Int[Tensor, "batch pos"], targets: Int[Tensor, " batch"]
) -> Float[Tensor, "layer batch"]:
    n_layers = model.cfg.n_layers
    _, cache = model.run_with_cache(tokens)
    rows = []
    for layer in range(n_layers):
        stream = cache[f"blocks.{layer}.hook_resid_post"][:, -1:]
        logits = model.unembed(model.ln_final(stream))[:, 0]
        rows.append(logits.softmax(-1)[0, targets])
    return torch.stack(rows).detach()
