"""Breaks "each layer's stream gets its own scale" ("through the final LayerNorm"): the scale cached at the end serves
for all layers.
"""

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
        normalised = (stream - stream.mean(-1, keepdim=True)) / cache["ln_final.hook_scale"][:, -1:]
        logits = model.unembed(normalised)[:, 0]
        rows.append(logits.softmax(-1).gather(1, targets.to(logits.device)[:, None])[:, 0])
    return torch.stack(rows).detach()
