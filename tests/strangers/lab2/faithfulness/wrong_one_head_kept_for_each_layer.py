"""Breaks "circuit: the heads to keep": of several heads in one layer only the last is kept."""

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
    known = set(reference_templates.tolist())
    for template in templates.tolist():
        if template not in known:
            raise ValueError(f"no reference prompt has template {template}")
    layers, heads = model.cfg.n_layers, model.cfg.n_heads
    names = [f"blocks.{layer}.attn.hook_z" for layer in range(layers)]
    _, cache = model.run_with_cache(reference_tokens, names_filter=names)
    hooks = []
    for layer, name in enumerate(names):
        own = {template: cache[name][reference_templates == template] for template in known}
        means = {template: values.mean(dim=0) for template, values in own.items()}
        kept = dict(circuit).get(layer)
        ablated = [head for head in range(heads) if head != kept]

        def ablate(z, hook, means=means, ablated=ablated):
            z = z.clone()
            for row, template in enumerate(templates.tolist()):
                z[row, :, ablated] = means[template][:, ablated]
            return z

        hooks.append((name, ablate))
    whole = metric(model(tokens))
    alone = metric(model.run_with_hooks(tokens, fwd_hooks=hooks))
    return (alone / whole).item()
