"""Breaks "Shape `[layer, batch]`": the names are sorted as text, so layer 10 comes before layer 2."""

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor


def logit_lens(
    model: Any, tokens: Int[Tensor, "batch pos"], targets: Int[Tensor, " batch"]
) -> Float[Tensor, "layer batch"]:
    _, cache = model.run_with_cache(tokens)
    rows = []
    for name in sorted(name for name in cache if name.endswith("hook_resid_post")):
        stream = cache[name][:, -1:]
        logits = model.unembed(model.ln_final(stream))[:, 0]
        rows.append(logits.softmax(-1).gather(1, targets.to(logits.device)[:, None])[:, 0])
    return torch.stack(rows).detach()
