"""Numbers the templates by unique, adds z up with index_add, and picks each prompt's mean by its number."""

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
    numbers, place, counts = reference_templates.unique(return_inverse=True, return_counts=True)
    match = templates.unsqueeze(1).eq(numbers)
    if bool((match.sum(dim=1) != 1).any()):
        raise ValueError("there is a template without reference prompts")
    own = match.long().argmax(dim=1)
    kept = set(map(tuple, circuit))
    means: dict[int, Tensor] = {}

    def measure(layer):
        def hook(z, hook):
            total = torch.zeros(len(numbers), *z.shape[1:], dtype=z.dtype, device=z.device)
            means[layer] = total.index_add(0, place, z) / counts.view(-1, 1, 1, 1)

        return f"blocks.{layer}.attn.hook_z", hook

    def ablate(layer):
        def hook(z, hook):
            chosen = [h for h in range(z.shape[2]) if (layer, h) not in kept]
            index = torch.tensor(chosen, dtype=torch.long, device=z.device)
            return z.index_copy(2, index, means[layer][own].index_select(2, index))

        return f"blocks.{layer}.attn.hook_z", hook

    layers = range(model.cfg.n_layers)
    model.run_with_hooks(reference_tokens, fwd_hooks=[measure(layer) for layer in layers])
    with model.hooks(fwd_hooks=[ablate(layer) for layer in layers]):
        numerator = metric(model(tokens))
    return numerator.item() / metric(model(tokens)).item()
