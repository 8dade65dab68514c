# RIGHT: means by template from the cache, one hook for each layer
# %%
from collections.abc import Callable, Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor


# %%
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
    missing = set(templates.tolist()) - set(reference_templates.tolist())
    if missing:
        raise ValueError(f"no reference prompt has one of the templates {sorted(missing)}")
    keep = {(int(layer), int(head)) for layer, head in circuit}
    with torch.no_grad():
        _, cache = model.run_with_cache(reference_tokens)
    hooks = []
    for layer in range(model.cfg.n_layers):
        z = cache["z", layer]
        means = {
            template: z[(reference_templates == template).to(z.device)].mean(dim=0)
            for template in set(templates.tolist())
        }
        mean = torch.stack([means[template] for template in templates.tolist()])  # [batch, pos, head, d_head]
        others = [head for head in range(z.shape[2]) if (layer, head) not in keep]

        def ablate(value, hook, mean=mean, others=others):
            value = value.clone()
            value[:, :, others] = mean[:, :, others]
            return value

        hooks.append((f"blocks.{layer}.attn.hook_z", ablate))
    with torch.no_grad():
        part = metric(model.run_with_hooks(tokens, fwd_hooks=hooks))
        whole = metric(model(tokens))
    return float(part) / float(whole)


