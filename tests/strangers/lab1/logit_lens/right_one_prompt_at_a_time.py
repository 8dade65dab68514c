"""Road: each prompt is run by itself; log_softmax and exp, with the model's own logits for the last row."""

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor


def log_probability(logits: Tensor, target: int) -> Tensor:
    return logits.log_softmax(dim=-1)[target]


def logit_lens(
    model: Any, tokens: Int[Tensor, "batch pos"], targets: Int[Tensor, " batch"]
) -> Float[Tensor, "layer batch"]:
    last = model.cfg.n_layers - 1
    columns = []
    for row, target in zip(tokens.split(1), targets.tolist(), strict=True):
        logits, cache = model.run_with_cache(row)
        early = [model.unembed(model.ln_final(cache["resid_post", layer]))[0, -1] for layer in range(last)]
        columns.append(torch.stack([log_probability(line, target) for line in [*early, logits[0, -1]]]).exp())
    return torch.stack(columns, dim=1).detach()
