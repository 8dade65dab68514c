"""Breaks "the reference prompts that have the prompt's own template": the mean goes over all of them."""

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
        own = {template: cache[name] for template in known}
        means = {template: values.mean(dim=0) for template, values in own.items()}
        ablated = [head for head in range(heads) if (layer, head) not in circuit]

        def ablate(z, hook, means=means, ablated=ablated):
            z = z.clone()
            for row, template in enumerate(templates.tolist()):
                z[row, :, ablated] = means[template][:, ablated]
            return z

        hooks.append((name, ablate))
    whole = metric(model(tokens))
    alone = metric(model.run_with_hooks(tokens, fwd_hooks=hooks))
    return (alone / whole).item()
