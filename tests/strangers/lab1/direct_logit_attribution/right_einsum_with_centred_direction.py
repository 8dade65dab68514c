"""Road: centre the direction instead of the components, and contract everything with einsum."""

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor


def direct_logit_attribution(
    model: Any, tokens: Int[Tensor, "batch pos"], correct: Int[Tensor, " batch"], wrong: Int[Tensor, " batch"]
) -> dict[str, Float[Tensor, "batch ..."]]:
    layers = range(model.cfg.n_layers)
    names = ["hook_embed", "hook_pos_embed", "ln_final.hook_scale"]
    names += [f"blocks.{i}.{part}" for i in layers for part in ("attn.hook_z", "hook_mlp_out")]
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=names)
        last = {name: cache[name][:, -1] for name in names}
        right, other = correct.to(model.W_U.device), wrong.to(model.W_U.device)
        u = (model.W_U[:, right] - model.W_U[:, other]).T
        u = (u - u.mean(1, keepdim=True)) / last["ln_final.hook_scale"]
        z = torch.stack([last[f"blocks.{i}.attn.hook_z"] for i in layers])
        mlp = torch.stack([last[f"blocks.{i}.hook_mlp_out"] for i in layers])
        others = last["hook_embed"] + last["hook_pos_embed"] + model.b_O.sum(0)
        return {
            "heads": torch.einsum("lbnh,lnhd,bd->bln", z, model.W_O, u),
            "mlps": torch.einsum("lbd,bd->bl", mlp, u),
            "rest": torch.einsum("bd,bd->b", others, u) + model.b_U[right] - model.b_U[other],
        }
