"""Road: write out every hook name with its shape, as a real cache would list them, and add up the products."""

from math import prod
from typing import Any
from collections.abc import Sequence
from contextlib import ExitStack
import torch
from jaxtyping import Float, Int
from torch import Tensor


def shapes(cfg: Any, batch: int, pos: int) -> dict[str, tuple[int, ...]]:
    stream, scale = (batch, pos, cfg.d_model), (batch, pos, 1)
    heads, square, hidden = (
        (batch, pos, cfg.n_heads, cfg.d_head),
        (batch, cfg.n_heads, pos, pos),
        (batch, pos, cfg.d_mlp),
    )
    block = dict.fromkeys(
        ("hook_resid_pre", "hook_attn_out", "hook_resid_mid", "hook_mlp_out", "hook_resid_post"), stream
    )
    block |= {f"ln{n}.hook_normalized": stream for n in (1, 2)} | {f"ln{n}.hook_scale": scale for n in (1, 2)}
    block |= {f"attn.hook_{letter}": heads for letter in "qkvz"}
    block |= {
        "attn.hook_attn_scores": square,
        "attn.hook_pattern": square,
        "mlp.hook_pre": hidden,
        "mlp.hook_post": hidden,
    }
    found = {f"blocks.{layer}.{name}": shape for layer in range(cfg.n_layers) for name, shape in block.items()}
    found |= dict.fromkeys(("hook_embed", "hook_pos_embed", "ln_final.hook_normalized", "unembed.hook_in"), stream)
    return found | {"ln_final.hook_scale": scale, "unembed.hook_out": (batch, pos, cfg.d_vocab)}


def cache_budget(cfg: Any, batch: int, pos: int, bytes_per_value: int = 4) -> dict[str, int]:
    table = shapes(cfg, batch, pos)
    return {"activations": len(table), "bytes": bytes_per_value * sum(map(prod, table.values()))}


def selective_cache(
    model: Any, tokens: Int[Tensor, "batch pos"], names: Sequence[str], position: int | None = None
) -> dict[str, Float[Tensor, "batch ..."]]:
    for name in names:
        if name not in model.hook_dict:
            raise ValueError(name)
    result: dict[str, Tensor] = {}

    def make(name):
        def hook_function(activation, hook=None):
            slices = activation.detach().unbind(dim=1)
            copy = torch.stack(slices, dim=1) if position is None else torch.stack([slices[position]])[0]
            result[name] = copy.cpu()

        return hook_function

    with ExitStack() as stack:
        stack.enter_context(torch.no_grad())
        stack.callback(model.reset_hooks)
        stack.enter_context(model.hooks(fwd_hooks=[(name, make(name)) for name in set(names)]))
        model(tokens)
    return result
