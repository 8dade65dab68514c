"""Breaks "as the next token after the last position": trailing end-of-text tokens are taken for padding, and an
earlier position is read.
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
    pad = model.tokenizer.bos_token_id
    places = torch.arange(tokens.shape[1], device=tokens.device)
    ends = torch.where(tokens == pad, 0, places).amax(1)
    batch = torch.arange(len(tokens), device=tokens.device)
    rows = []
    for layer in range(n_layers):
        stream = cache[f"blocks.{layer}.hook_resid_post"][batch, ends][:, None]
        logits = model.unembed(model.ln_final(stream))[:, 0]
        rows.append(logits.softmax(-1).gather(1, targets.to(logits.device)[:, None])[:, 0])
    return torch.stack(rows).detach()
