# RIGHT: own hooks gather the reference z, the means are a matrix product over the reference prompts, a mask of heads
# %%
from collections.abc import Callable, Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor


# %%
from functools import partial


def _name(layer: int) -> str:
    return f"blocks.{layer}.attn.hook_z"


def _gather(z, hook, store, layer):
    store[layer] = z.detach().clone()
    return z


def _mix(z, hook, kept, mean):
    return torch.where(kept[None, None, :, None], z, mean.to(z.dtype))


def faithfulness(
    model: Any,
    tokens: Int[Tensor, "batch pos"],
    templates: Int[Tensor, " batch"],
    circuit: Sequence[tuple[int, int]],
    metric: Callable[[Float[Tensor, "batch pos d_vocab"]], Float[Tensor, ""]],
    reference_tokens: Int[Tensor, "reference pos"],
    reference_templates: Int[Tensor, " reference"],
) -> float:
    """Measure the share of a metric that is left when all heads outside of a circuit are mean-ablated.

    Source: Wang et al. 2022, https://arxiv.org/abs/2211.00593, section 4 (there as a difference)

    Args:
        model: a `TransformerBridge` in compatibility mode, or a `HookedTransformer`, of any size; no hook is left on it,
            also when `metric` fails.
        tokens: the prompts of the task, `[batch, pos]`.
        templates: the number of each prompt's template, `[batch]`.
        circuit: the heads to keep, as (layer, head); all others are ablated.
        metric: takes the logits on `tokens` as the model gives them, of all prompts and positions, and gives one number, a
            tensor without axes; not zero on the whole model.
        reference_tokens: the prompts to average over, `[reference, pos]`, with as many positions.
        reference_templates: the number of each reference prompt's template, `[reference]`.

    Returns:
        The metric with the circuit alone, divided by the metric of the whole model: a Python float, which can be negative
        or larger than 1. Outside of the circuit each head's z is replaced, at each position, by its mean over the
        reference prompts that have the prompt's own template.

    Raises:
        ValueError: a prompt whose template no reference prompt has. Templates of reference prompts that no prompt has do
            no harm.

    """
    same = templates[:, None].cpu() == reference_templates[None, :].cpu()  # [batch, reference]
    if not bool(same.any(dim=1).all()):
        raise ValueError("a template has no reference prompt")
    weights = same.double() / same.sum(dim=1, keepdim=True)
    whole = metric(model(tokens))
    store = {}
    layers = range(model.cfg.n_layers)
    model.run_with_hooks(
        reference_tokens, fwd_hooks=[(_name(layer), partial(_gather, store=store, layer=layer)) for layer in layers]
    )
    hooks = []
    for layer in layers:
        z = store[layer].double()
        kept = torch.zeros(z.shape[2], dtype=torch.bool, device=z.device)
        for place in circuit:
            if place[0] == layer:
                kept[place[1]] = True
        mean = torch.einsum("br,rphd->bphd", weights.to(z.device), z)
        hooks.append((_name(layer), partial(_mix, kept=kept, mean=mean)))
    alone = metric(model.run_with_hooks(tokens, fwd_hooks=hooks))
    return alone.item() / whole.item()


