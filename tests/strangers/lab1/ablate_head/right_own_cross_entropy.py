"""Road: z from a clean cached run gives the mean, and the cross entropy is computed from the logits, under a
decorator.
"""

from typing import Any, Literal

import torch
from jaxtyping import Int
from torch import Tensor
from torch.nn import functional


def mean_loss(logits, tokens):
    return functional.cross_entropy(logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten()).item()


@torch.no_grad()
def ablate_head(
    model: Any, tokens: Int[Tensor, "batch pos"], layer: int, head: int, how: Literal["zero", "mean"]
) -> float:
    name = f"blocks.{layer}.attn.hook_z"
    clean_logits, cache = model.run_with_cache(tokens, names_filter=lambda other: other == name)
    match how:
        case "zero":
            value = torch.zeros_like(cache[name][0, :, head])
        case "mean":
            value = torch.einsum("bpd->pd", cache[name][:, :, head]) / tokens.shape[0]
        case _:
            raise ValueError(f"how={how!r}")

    def put(z, hook):
        return torch.stack([value.expand_as(part) if n == head else part for n, part in enumerate(z.unbind(2))], dim=2)

    logits = model.run_with_hooks(tokens, fwd_hooks=[(name, put)])
    return mean_loss(logits, tokens.to(logits.device)) - mean_loss(clean_logits, tokens.to(logits.device))
