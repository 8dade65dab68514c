from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor


def direct_logit_attribution(
    model: Any, tokens: Int[Tensor, "batch pos"], correct: Int[Tensor, " batch"], wrong: Int[Tensor, " batch"]
) -> dict[str, Float[Tensor, "batch ..."]]:
    """What heads, MLPs and the rest add to the logit difference."""
    layers = range(model.cfg.n_layers)
    z_names = [f"blocks.{layer}.attn.hook_z" for layer in layers]
    mlp_names = [f"blocks.{layer}.hook_mlp_out" for layer in layers]
    others = ["hook_embed", "hook_pos_embed", "ln_final.hook_scale"]
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=[*z_names, *mlp_names, *others])
        direction = (model.W_U[:, correct] - model.W_U[:, wrong]).T  # [batch, d_model]
        # (x - mean(x)) . u is the same as x . (u - mean(u))
        direction = direction - direction.mean(dim=-1, keepdim=True)
        direction = direction / cache["ln_final.hook_scale"][:, -1]
        z = torch.stack([cache[name][:, -1] for name in z_names], dim=1)  # [batch, layer, head, d_head]
        seen_by_head = torch.einsum("lhkd,bd->blhk", model.W_O, direction)
        heads = (z * seen_by_head).sum(dim=-1)
        mlps = torch.stack([(cache[name][:, -1] * direction).sum(dim=-1) for name in mlp_names], dim=1)
        rest = cache["hook_embed"][:, -1] + cache["hook_pos_embed"][:, -1] + model.b_O.sum(dim=0)
        rest = (rest * direction).sum(dim=-1) + model.b_U[correct] - model.b_U[wrong]
    return {"heads": heads, "mlps": mlps, "rest": rest}
