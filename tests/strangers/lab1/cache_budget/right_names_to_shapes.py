"""Road: write out every hook name with its shape, as a real cache would list them, and add up the products."""

from math import prod
from typing import Any


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
