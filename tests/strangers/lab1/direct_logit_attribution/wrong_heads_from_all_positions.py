"""Breaks "at the last position" for the heads: z is averaged over positions, and the rest is what remains."""

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor


def direct_logit_attribution(
    model: Any, tokens: Int[Tensor, "batch pos"], correct: Int[Tensor, " batch"], wrong: Int[Tensor, " batch"]
) -> dict[str, Float[Tensor, "batch ..."]]:
    n_layers = model.cfg.n_layers
    logits, cache = model.run_with_cache(tokens)
    correct, wrong = correct.to(model.W_U.device), wrong.to(model.W_U.device)
    u = (model.W_U[:, correct] - model.W_U[:, wrong]).T
    scale = cache["ln_final.hook_scale"][:, -1]

    def share(x):
        x = x - x.mean(-1, keepdim=True)
        return (x / scale * u).sum(-1)

    z = [cache[f"blocks.{i}.attn.hook_z"].mean(1) for i in range(n_layers)]
    heads = [[share(z[i][:, n] @ model.W_O[i, n]) for n in range(model.cfg.n_heads)] for i in range(n_layers)]
    heads = torch.stack([torch.stack(row, dim=-1) for row in heads], dim=1)
    mlps = torch.stack([share(cache[f"blocks.{i}.hook_mlp_out"][:, -1]) for i in range(n_layers)], dim=1)
    rows = torch.arange(len(tokens), device=u.device)
    rest = logits[rows, -1, correct] - logits[rows, -1, wrong] - heads.sum((1, 2)) - mlps.sum(1)
    return {"heads": heads, "mlps": mlps, "rest": rest}
