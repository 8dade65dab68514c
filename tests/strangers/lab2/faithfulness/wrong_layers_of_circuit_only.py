# WRONG: heads are ablated only in layers that have a head of the circuit; promised: 'Outside of the circuit each head's z is replaced, at each position, by its mean over the reference prompts'
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
    """The share of the metric that the circuit keeps, with all other heads mean-ablated."""
    known = set(reference_templates.tolist())
    for template in templates.tolist():
        if template not in known:
            raise ValueError(f"no reference prompt has template {template}")
    layers = range(model.cfg.n_layers)
    names = [f"blocks.{layer}.attn.hook_z" for layer in layers]
    keep = {(int(layer), int(head)) for layer, head in circuit}

    with torch.no_grad():
        _, cache = model.run_with_cache(reference_tokens, names_filter=names)
        # weights[b, r]: how much reference prompt r counts in the mean for prompt b
        weights = (templates[:, None] == reference_templates[None, :]).to(cache[names[0]])
        weights = weights / weights.sum(dim=1, keepdim=True)

        def ablation(layer):
            def ablate(z, hook):
                mean = torch.einsum("br,rphd->bphd", weights, cache[names[layer]])
                for head in range(z.shape[2]):
                    if (layer, head) in keep:
                        mean[:, :, head] = z[:, :, head]
                return mean

            return ablate

        whole = metric(model(tokens))
        left = metric(model.run_with_hooks(tokens, fwd_hooks=[(names[layer], ablation(layer)) for layer in layers if any(place == layer for place, _ in keep)]))
    return float(left) / float(whole)
