"""Road: autograd gives the direction, as the gradient of the logit difference at the frozen scale."""

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor


def direct_logit_attribution(
    model: Any, tokens: Int[Tensor, "batch pos"], correct: Int[Tensor, " batch"], wrong: Int[Tensor, " batch"]
) -> dict[str, Float[Tensor, "batch ..."]]:
    layers = list(range(model.cfg.n_layers))
    parts = ["hook_embed", "hook_pos_embed"] + [f"blocks.{i}.hook_mlp_out" for i in layers]
    zs = [f"blocks.{i}.attn.hook_z" for i in layers]
    end = f"blocks.{layers[-1]}.hook_resid_post"
    wanted = {*parts, *zs, end, "ln_final.hook_scale"}
    _, cache = model.run_with_cache(tokens, names_filter=lambda name: name in wanted)
    at_end = {name: cache[name][:, -1].detach() for name in wanted}
    correct, wrong = correct.to(at_end[end].device), wrong.to(at_end[end].device)

    with torch.enable_grad():
        stream = at_end[end].clone().requires_grad_(True)
        normalised = (stream - stream.mean(-1, keepdim=True)) / at_end["ln_final.hook_scale"]
        logits = normalised @ model.W_U.detach()
        total = (logits.gather(1, correct[:, None]) - logits.gather(1, wrong[:, None])).sum()
        (slope,) = torch.autograd.grad(total, stream)

    bias = model.b_O.detach().sum(dim=0)
    rest = ((at_end["hook_embed"] + at_end["hook_pos_embed"] + bias) * slope).sum(-1)
    rest = rest + (model.b_U[correct] - model.b_U[wrong]).detach()
    mlps = torch.stack([(at_end[name] * slope).sum(-1) for name in parts[2:]], dim=-1)
    back = torch.einsum("lnhd,bd->blnh", model.W_O.detach(), slope)
    heads = (torch.stack([at_end[name] for name in zs], dim=1) * back).sum(-1)
    return dict(heads=heads, mlps=mlps, rest=rest)
