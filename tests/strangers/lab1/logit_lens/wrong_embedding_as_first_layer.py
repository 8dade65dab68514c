"""Breaks "Shape `[layer, batch]`": a row for the embeddings comes first, so there is one row too many."""

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
    names = ["blocks.0.hook_resid_pre"] + [f"blocks.{layer}.hook_resid_post" for layer in range(n_layers)]
    for name in names:
        stream = cache[name][:, -1:]
        logits = model.unembed(model.ln_final(stream))[:, 0]
        rows.append(logits.softmax(-1).gather(1, targets.to(logits.device)[:, None])[:, 0])
    return torch.stack(rows).detach()
