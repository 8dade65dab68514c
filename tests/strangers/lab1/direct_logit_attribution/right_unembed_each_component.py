"""Road: loop over the components, send each centred and scaled one through model.unembed, and take b_U off again."""

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor


def direct_logit_attribution(
    model: Any, tokens: Int[Tensor, "batch pos"], correct: Int[Tensor, " batch"], wrong: Int[Tensor, " batch"]
) -> dict[str, Float[Tensor, "batch ..."]]:
    cfg = model.cfg
    _, cache = model.run_with_cache(tokens)
    scale = cache["ln_final.hook_scale"][:, -1:]
    rows = torch.arange(len(tokens), device=scale.device)
    correct, wrong = (ids.to(scale.device) for ids in (correct, wrong))

    def worth(component):
        centred = component - component.mean(-1, keepdim=True)
        logits = (model.unembed(centred[:, None] / scale) - model.b_U)[:, 0]
        return (logits[rows, correct] - logits[rows, wrong]).detach()

    heads = scale.new_zeros(len(tokens), cfg.n_layers, cfg.n_heads)
    mlps = scale.new_zeros(len(tokens), cfg.n_layers)
    rest = worth(cache["hook_embed"][:, -1]) + worth(cache["hook_pos_embed"][:, -1])
    for layer in range(cfg.n_layers):
        z = cache[f"blocks.{layer}.attn.hook_z"][:, -1]
        for head in range(cfg.n_heads):
            heads[:, layer, head] = worth(z[:, head] @ model.W_O[layer, head])
        mlps[:, layer] = worth(cache[f"blocks.{layer}.hook_mlp_out"][:, -1])
        rest += worth(model.b_O[layer].expand(len(tokens), -1))
    rest += (model.b_U[correct] - model.b_U[wrong]).detach()
    return {"heads": heads, "mlps": mlps, "rest": rest}
