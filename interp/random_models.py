"""Small models with random weights: of shapes that no trained model of the course has."""

from __future__ import annotations

from typing import Any

import torch


def random_model(bench: Any, *, n_layers: int, seed: int, d_mlp: int | None = None, loudness: float = 1.0) -> Any:
    """An untrained ``HookedTransformer`` without gradients.

    With more than ten layers, the numbers of its layers have one digit or two. It has two heads, 15 tokens and a context of
    eight of them.

    Args:
        bench: gives the device, the type and the weights.
        n_layers: how many layers.
        seed: of the weights.
        d_mlp: width of the MLPs; None leaves them out.
        loudness: factor of all that is written to the residual stream. In a quiet stream, the small number that LayerNorm
            adds before its square root counts.
    """
    from transformer_lens import HookedTransformer, HookedTransformerConfig

    config = HookedTransformerConfig(
        n_layers=n_layers,
        d_model=8,
        n_ctx=8,
        d_head=3,
        n_heads=2,
        d_vocab=15,
        d_mlp=d_mlp,
        act_fn="gelu_new",
        attn_only=d_mlp is None,
        normalization_type="LNPre",
        init_weights=False,
        device=str(bench.device),
        dtype=bench.dtype,
    )
    model = HookedTransformer(config).requires_grad_(False)
    with torch.no_grad():
        for number, (name, parameter) in enumerate(model.named_parameters()):
            written = name.rpartition(".")[2] in ("W_E", "W_pos", "W_O", "b_O", "W_out", "b_out")
            parameter.copy_(bench.normal(*parameter.shape, seed=seed + number) / 2 * (loudness if written else 1))
    return model
