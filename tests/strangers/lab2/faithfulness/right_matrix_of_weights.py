"""A row of weights over the reference prompts for each prompt; means by one einsum; a mask of kept heads."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor


def faithfulness(
    model: Any,
    tokens: Int[Tensor, "batch pos"],
    templates: Int[Tensor, " batch"],
    circuit: Sequence[tuple[int, int]],
    metric: Callable[[Float[Tensor, "batch pos d_vocab"]], Float[Tensor, ""]],
    reference_tokens: Int[Tensor, "reference pos"],
    reference_templates: Int[Tensor, " reference"],
) -> float:
    same = templates[:, None] == reference_templates[None, :]
    if not same.any(dim=1).all():
        raise ValueError("a prompt's template is in none of the reference prompts")
    keep = torch.zeros(model.cfg.n_layers, model.cfg.n_heads, dtype=torch.bool, device=tokens.device)
    for layer, head in circuit:
        keep[layer, head] = True
    wanted = {f"blocks.{layer}.attn.hook_z": layer for layer in range(model.cfg.n_layers)}
    with torch.no_grad():
        clean = float(metric(model(tokens)))
        _, reference = model.run_with_cache(reference_tokens, names_filter=lambda name: name in wanted)

        def hook_for(name):
            values = reference[name]
            share = same.to(values.dtype) / same.sum(dim=1, keepdim=True)
            mean = torch.einsum("br,rphd->bphd", share, values)
            return lambda z, hook: torch.where(keep[wanted[name]].view(1, 1, -1, 1), z, mean)

        logits = model.run_with_hooks(tokens, fwd_hooks=[(name, hook_for(name)) for name in wanted])
        return float(metric(logits)) / clean
