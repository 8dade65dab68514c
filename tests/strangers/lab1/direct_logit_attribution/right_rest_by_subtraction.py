"""Road: hooks collect what is needed, and the rest is the model's own logit difference minus heads and MLPs."""

from functools import partial
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor


def direct_logit_attribution(
    model: Any, tokens: Int[Tensor, "batch pos"], correct: Int[Tensor, " batch"], wrong: Int[Tensor, " batch"]
) -> dict[str, Float[Tensor, "batch ..."]]:
    seen = {}

    def keep(activation, hook, key):
        seen[key] = activation[:, -1].detach().clone()

    wanted = {"scale": "ln_final.hook_scale"}
    for layer in range(model.cfg.n_layers):
        wanted["z", layer] = f"blocks.{layer}.attn.hook_z"
        wanted["mlp", layer] = f"blocks.{layer}.hook_mlp_out"
    hooks = [(name, partial(keep, key=key)) for key, name in wanted.items()]
    with torch.no_grad():
        logits = model.run_with_hooks(tokens, fwd_hooks=hooks)[:, -1]
    correct, wrong = correct.to(logits.device), wrong.to(logits.device)

    columns = model.W_U.detach().T
    direction = columns[correct] - columns[wrong]
    direction = (direction - direction.mean(-1, keepdim=True)) / seen["scale"]
    heads, mlps = [], []
    for layer in range(model.cfg.n_layers):
        per_head = (seen["z", layer].unsqueeze(-2) @ model.W_O[layer].detach()).squeeze(-2)
        heads.append((per_head * direction[:, None]).sum(-1))
        mlps.append((seen["mlp", layer] * direction).sum(-1))
    out = {"heads": torch.stack(heads, 1), "mlps": torch.stack(mlps, 1)}
    difference = torch.gather(logits, 1, torch.stack([correct, wrong], 1))
    out["rest"] = difference[:, 0] - difference[:, 1] - out["heads"].sum((1, 2)) - out["mlps"].sum(1)
    return out
