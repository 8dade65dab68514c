"""Broken: "Your ablation removes both." All attention patterns are kept as they are in the clean run."""

from collections import defaultdict

import torch
from jaxtyping import Float, Int
from torch import Tensor

Heads = list[tuple[int, int]]


def check(model, tokens: Tensor, heads: Heads, controls: list[Heads]) -> None:
    pos = tokens.shape[1]
    if pos < 3 or pos % 2 == 0:
        raise ValueError("pos is not 1 + 2 * half")
    if len(controls) == 0:
        raise ValueError("no control set")
    for layer, head in [pair for group in [heads, *controls] for pair in group]:
        if not (0 <= layer < model.cfg.n_layers and 0 <= head < model.cfg.n_heads):
            raise ValueError(f"no head ({layer}, {head})")


def second_half_loss(model, tokens: Tensor, heads: Heads) -> float:
    by_layer = defaultdict(list)
    for layer, head in heads:
        by_layer[layer].append(head)

    def zero(z, hook):
        z = z.clone()
        z[:, :, by_layer[hook.layer()]] = 0
        return z

    hooks = [(f"blocks.{layer}.attn.hook_z", zero) for layer in by_layer]
    keep = [f"blocks.{layer}.attn.hook_pattern" for layer in range(model.cfg.n_layers)]
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=keep)
        hooks += [(name, lambda pattern, hook: cache[hook.name]) for name in keep]
        loss = model.run_with_hooks(tokens, return_type="loss", loss_per_token=True, fwd_hooks=hooks)
    return loss[:, tokens.shape[1] // 2 :].mean().item()


def ablate_induction(
    model, tokens: Int[Tensor, "batch pos"], heads: Heads, controls: list[Heads]
) -> dict[str, float | Float[Tensor, " control"]]:
    check(model, tokens, heads, controls)
    clean = second_half_loss(model, tokens, [])
    ablated = second_half_loss(model, tokens, heads)
    others = torch.tensor([second_half_loss(model, tokens, group) for group in controls])
    return {"clean": clean, "ablated": ablated, "controls": others, "effect": ablated - others.mean().item()}
