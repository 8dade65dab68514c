"""Breaks "The metric with the circuit alone, divided by the metric of the whole model": the share is taken for each
template and averaged, with the rest of the batch as it was."""

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
    shares = []
    whole = model(tokens)
    for template in templates.unique():
        rows = (templates == template).nonzero().flatten()
        others = reference_tokens[reference_templates == template]
        if others.shape[0] == 0:
            raise ValueError(f"template {int(template)} has no reference prompt")
        names = [f"blocks.{layer}.attn.hook_z" for layer in range(model.cfg.n_layers)]
        _, cache = model.run_with_cache(others, names_filter=names)

        def hook_for(layer, name):
            mean = cache[name].mean(dim=0)
            kept = [number for at, number in circuit if at == layer]

            def hook(z, hook):
                result = mean.expand_as(z).clone()
                result[:, :, kept] = z[:, :, kept]
                return result

            return name, hook

        logits = model.run_with_hooks(tokens[rows], fwd_hooks=[hook_for(*pair) for pair in enumerate(names)])
        found = whole.clone()
        found[rows] = logits
        shares.append(metric(found) / metric(whole))
    return float(torch.stack(shares).mean())
