# WRONG: the mean is taken over all reference prompts, whatever their template; promised: 'replaced, at each position, by its mean over the reference prompts that have the prompt's own template.'
# Generated from solutions/lab2/faithfulness.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # Is the circuit enough?
#
# You claim that a few heads do the job: a **circuit**. Then the model should not need the other heads. To test this,
# remove them, and see what is left of the behaviour.
#
# How do you remove a head? Do not set its output to zero. The head never gives zero. Later layers have learnt to expect
# its usual contribution, and they break for a reason that has nothing to do with the task. **Mean ablation** sets the
# output to its average over a set of *reference prompts*. These have the same form, but not the information in
# question. For two names (A B … A →), Wang et al. take prompts with three different names (A B … C →): the form of the
# sentence is there, but the repetition is not.
#
# The average is taken at each position, and a position means something only within one **template**: in "Then A and B
# …" the first name is at another place than in "A and B …". So each prompt gets the mean over the reference prompts *of
# its own template*. With $\mathcal{R}_t$ the reference prompts of template $t$:
#
# $$\bar z^{(l,n)}_{t,\,i} = \frac{1}{|\mathcal{R}_t|} \sum_{r \in \mathcal{R}_t} z^{(l,n)}_{r,\,i}$$
#
# Let $F(C)$ be the metric when all heads *outside* of $C$ are ablated in this way, at all positions (MLPs stay, and
# compute on what they get), and $F(M)$ the metric of the whole model. The **faithfulness** here is the share
#
# $$\mathrm{faithfulness}(C) = \frac{F(C)}{F(M)}$$
#
# **A small example.** The model has a logit difference of 16. With everything outside the circuit ablated, 12 is left.
# The faithfulness is 0.75.
#
# - The whole model has faithfulness 1, by definition.
# - The empty circuit should have about 0, if the metric is 0 without knowledge of the answer, as a logit difference is.
# - Values above 1 are possible. Without the heads that work against the answer, a circuit may do better than its model.
#
# **Shapes.** `hook_z` is `[batch, pos, head, d_head]`. All prompts are padded on the right to the same length, and the
# metric knows where to look. Attention is causal, so padding changes nothing before it.
#
# Wang et al. (2022, [Interpretability in the Wild](https://arxiv.org/abs/2211.00593), section 4) demand three things of
# a circuit: faithfulness (which they state as $|F(M) - F(C)|$), completeness, and minimality. Miller et al. (2024,
# [Transformer Circuit Faithfulness Metrics are not Robust](https://arxiv.org/abs/2407.08734)) show how much the number
# depends on the kind of ablation. So always say which one you used.

# %%
from collections.abc import Callable, Sequence
from functools import partial
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
        or larger than 1. With all heads in the circuit it is 1 up to rounding. Outside of the circuit each head's z is
        replaced, at each position, by its mean over the reference prompts that have the prompt's own template.

    Raises:
        ValueError: a prompt whose template no reference prompt has. Templates of reference prompts that no prompt has do
            no harm.

    """
    same = templates.cpu()[:, None] == reference_templates.cpu()[None, :]  # [batch, reference]
    counts = same.sum(dim=1)
    if (counts == 0).any():
        raise ValueError("a prompt's template has no reference prompt")
    weights = torch.ones_like(same, dtype=torch.float32) / same.shape[1]
    kept = {(int(layer), int(head)) for layer, head in circuit}
    replacement: dict[int, Tensor] = {}

    def average(z: Tensor, hook: Any, layer: int) -> None:
        replacement[layer] = torch.einsum("br,rphd->bphd", weights.to(z), z)

    def ablate(z: Tensor, hook: Any, layer: int) -> Tensor:
        stays = torch.tensor([(layer, head) in kept for head in range(z.shape[2])], device=z.device)
        return torch.where(stays[:, None], z, replacement[layer])

    layers = range(model.cfg.n_layers)
    with torch.no_grad():
        model.run_with_hooks(
            reference_tokens,
            fwd_hooks=[(f"blocks.{layer}.attn.hook_z", partial(average, layer=layer)) for layer in layers],
        )
    hooks = [(f"blocks.{layer}.attn.hook_z", partial(ablate, layer=layer)) for layer in layers]
    with_circuit = metric(model.run_with_hooks(tokens, fwd_hooks=hooks))
    whole = metric(model(tokens))
    return with_circuit.item() / whole.item()


# %% [markdown]
# **Look at it.** Circuits of growing size: heads are added in the order of how much they matter when they alone are
# ablated.

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench, plots

    from interp.corpus import IOI_TEMPLATES
    from interp.prompts import NAMES, ioi_prompts

    bench = open_bench()
    prompts = ioi_prompts(16, seed=1)
    # The same sentences with another third name: the form is there, and nothing says whose name comes next.
    reference = []
    for number, prompt in enumerate(ioi_prompts(64, seed=2)):
        third = [name for name in NAMES if name not in (prompt.io, prompt.subject)][number % (len(NAMES) - 2)]
        words = prompt.clean.rsplit(" " + prompt.subject, 1)
        reference.append((f" {third}".join(words), prompt.template))
    together = bench.tokens([p.clean for p in prompts] + [text for text, _ in reference])
    tokens, reference_tokens = together[: len(prompts)], together[len(prompts) :]
    templates = torch.tensor([p.template for p in prompts], device=bench.device)
    reference_templates = torch.tensor([template for _, template in reference], device=bench.device)
    print(
        f"{len(prompts)} prompts in {len(IOI_TEMPLATES)} templates; one of the reference prompts: {reference[0][0]} …"
    )
    right, wrong = bench.tokens([p.answer for p in prompts])[:, 1], bench.tokens([p.wrong for p in prompts])[:, 1]
    rows = torch.arange(len(prompts))
    ends = torch.tensor([bench.tokens(p.clean).shape[1] - 1 for p in prompts])

    def logit_difference(logits: Tensor) -> Tensor:
        return (logits[rows, ends, right] - logits[rows, ends, wrong]).mean()

    def share(circuit: list[tuple[int, int]]) -> float:
        return faithfulness(
            bench.model, tokens, templates, circuit, logit_difference, reference_tokens, reference_templates
        )

    heads = [(layer, head) for layer in range(bench.n_layers) for head in range(bench.n_heads)]
    without = {head: share([other for other in heads if other != head]) for head in heads}
    order = sorted(heads, key=lambda head: -abs(1 - without[head]))
    sizes = range(min(len(order), 12) + 1)
    grown = [share(order[:size]) for size in sizes]
    print(f"empty circuit {share([]):.2f}, whole model {share(heads):.2f}")
    for size in list(sizes)[1:]:
        layer, head = order[size - 1]
        print(f"with L{layer}H{head}: {grown[size]:.2f}   (the model without it: {without[layer, head]:.2f})")
    plots.lines(
        {"circuit": torch.tensor(grown)},
        xlabel="heads in the circuit, the most important first",
        ylabel="faithfulness",
        title="All other heads are mean-ablated",
        save="patching_results/faithfulness",
    )
