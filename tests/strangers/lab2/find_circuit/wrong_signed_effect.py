# WRONG: the heads are ordered by their effect and not by its magnitude; promised: 'Order all heads by the *magnitude* of their effect'
# Generated from solutions/lab2/find_circuit.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # Finding a circuit
#
# You have a map of effects. Which heads belong to the circuit? A threshold on the map is quick, and arbitrary. It is
# better to say what the circuit must achieve, and to take no more heads than that needs.
#
# The rule of this exercise has two parts. Two of the three criteria of Wang et al. stand behind them. **Grow**: take
# the heads in the order of how much they matter, until they are *enough* (faithfulness). **Prune**: from these, remove
# each head that is *not needed* (minimality). A function $Q$ of a set of heads decides what is "enough", together with
# a target $\tau$. For example, $Q$ can be the metric with all other heads ablated.
#
# 1. Order all heads by the *magnitude* of their effect, $|e_{l,n}|$, the largest first; among equals, the earlier layer
#    first, then the lower head number.
# 2. Begin with $C = \emptyset$. As long as $Q(C) < \tau$, add the next head of this order.
# 3. Go through the heads of $C$ in the opposite order, the *weakest* first. Whenever $Q(C \setminus \{h\}) \ge \tau$,
#    drop $h$ for good.
# 4. Return $C$, sorted by layer, then head.
#
# **A small example.** The effects are A 0.9, B −0.5, C 0.1, and $\tau = 0.8$. $Q(\emptyset) = 0$, $Q(A) = 0.7$,
# $Q(A, B) = 0.6$, $Q(A, B, C) = 0.9$. So the rule grows to A, B, C. Then it tries to drop C (0.6: no) and B:
# $Q(A, C) = 0.85$, so B goes. A must stay. The circuit is A, C.
#
# Why the magnitude? A head with a strongly negative effect works *against* the answer, and it is as much part of what
# the model does as a head that works for it. Without such a head, a circuit may do better than its model, and still be
# a wrong account of the model. Such heads are useful when $Q$ asks for the *same* behaviour as the model's, and not for
# more.
#
# The rule is greedy. It finds *a* small circuit, not the smallest one, and the result depends on the order. It can also
# drop a head with a large effect, when another head in the circuit does the same job.
#
# **Shapes.** `effects` is `[layer, head]`. A circuit is a list of pairs of integers, (layer, head).
#
# Wang et al. (2022, [Interpretability in the Wild](https://arxiv.org/abs/2211.00593), section 4) state the criteria;
# Conmy et al. (2023, [Towards Automated Circuit Discovery](https://arxiv.org/abs/2304.14997), section 3) prune edges of
# the whole graph in a similar way, and start from everything.

# %%
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor


# %%
def find_circuit(
    effects: Float[Tensor, "layer head"], evaluate: Callable[[list[tuple[int, int]]], float], target: float
) -> list[tuple[int, int]]:
    """Find a small set of heads that is enough: grow by the magnitude of effects, then prune.

    Source: after Wang et al. 2022, https://arxiv.org/abs/2211.00593 (faithfulness and minimality)

    Args:
        effects: what each head does to the metric, `[layer, head]`, of either sign.
        evaluate: takes a list of heads, each a tuple (layer, head) of two Python integers, in any order and perhaps
            empty, and gives a number; the larger, the better these heads alone do the job. More heads can be worse. Call
            it as often as you like, also twice for one set.
        target: what is enough: a set of heads with `evaluate(heads) >= target`.

    Returns:
        The circuit, a list of tuples (layer, head) of Python integers, sorted by layer and then head. Grown in the order
        of falling magnitude (among equals: earlier layer, then lower head number) until it is enough, which may be at
        once, with no head at all; then, from the weakest to the strongest, each head is dropped without which it is
        still enough. Each head is tried once. A head with effect 0 has the smallest magnitude, and its turn comes too.

    Raises:
        ValueError: the order ends and no set was enough, not even all heads together. A smaller set that comes before may
            be enough where all heads together are not.

    """
    order = []
    for layer, row in enumerate(effects.tolist()):
        for head, effect in enumerate(row):
            order.append((-effect, layer, head))
    order = [(layer, head) for _, layer, head in sorted(order)]

    def enough(heads):
        return bool(evaluate(list(heads)) >= target)

    size = 0
    while not enough(order[:size]):
        size += 1
        if size > len(order):
            raise ValueError("no set of heads in this order is enough")
    circuit = order[:size]
    for head in reversed(order[:size]):
        smaller = [other for other in circuit if other != head]
        if enough(smaller):
            circuit = smaller
    return sorted(circuit)


# %% [markdown]
# **Look at it.** The rule on prompts with two names. The effects are those of patching one head's output. The other
# heads are replaced by their mean over clean and corrupted prompts. $Q$ says how near the logit difference then comes
# to that of the whole model: 1 is the same, and too much counts like too little.

# %% tags=["demo"]
if __name__ == "__main__":
    from typing import Any

    from mechgrade.bench import open_bench, plots

    from interp.prompts import ioi_prompts

    bench = open_bench()
    model = bench.model
    prompts = ioi_prompts(12, seed=1, template=1)
    clean, corrupted = bench.tokens([p.clean for p in prompts]), bench.tokens([p.corrupted for p in prompts])
    right, wrong = bench.tokens([p.answer for p in prompts])[:, 1], bench.tokens([p.wrong for p in prompts])[:, 1]
    rows = torch.arange(len(prompts))

    def logit_difference(logits: Tensor) -> float:
        return (logits[rows, -1, right] - logits[rows, -1, wrong]).mean().item()

    clean_logits, clean_cache = model.run_with_cache(clean)
    corrupted_logits, corrupted_cache = model.run_with_cache(corrupted)
    top, bottom = logit_difference(clean_logits), logit_difference(corrupted_logits)

    def run_with(tokens: Tensor, values: dict[int, Tensor], replaced: dict[int, list[int]]) -> float:
        def hook_for(layer: int) -> Any:
            def replace(z: Tensor, hook: Any) -> Tensor:
                z = z.clone()
                z[:, :, replaced[layer]] = values[layer][:, :, replaced[layer]]
                return z

            return f"blocks.{layer}.attn.hook_z", replace

        return logit_difference(model.run_with_hooks(tokens, fwd_hooks=[hook_for(layer) for layer in replaced]))

    clean_z = {layer: clean_cache["z", layer] for layer in range(bench.n_layers)}
    means = {layer: torch.cat([clean_z[layer], corrupted_cache["z", layer]]).mean(0, keepdim=True) for layer in clean_z}
    effects = torch.zeros(bench.n_layers, bench.n_heads)
    for layer in range(bench.n_layers):
        for head in range(bench.n_heads):
            effects[layer, head] = (run_with(corrupted, clean_z, {layer: [head]}) - bottom) / (top - bottom)

    def share(circuit: list[tuple[int, int]]) -> float:
        others = {layer: [head for head in range(bench.n_heads) if (layer, head) not in circuit] for layer in clean_z}
        return run_with(clean, means, others) / top

    def nearness(circuit: list[tuple[int, int]]) -> float:
        return 1 - abs(1 - share(circuit))

    everyone = [(layer, head) for layer in range(bench.n_layers) for head in range(bench.n_heads)]
    sizes = {}
    for target in (0.2, 0.5, 0.8, 0.9, 0.95, 0.98):
        circuit = find_circuit(effects, nearness, target)
        rest = [head for head in everyone if head not in circuit]
        names = ", ".join(f"L{layer}H{head}" for layer, head in circuit)
        print(
            f"target {target:.2f}: {names}: {share(circuit):.2f}; the other {len(rest)} heads alone: {share(rest):.2f}"
        )
        sizes[target] = len(circuit)
    plots.bars(
        torch.tensor(list(sizes.values())),
        x=[f"{target:.2f}" for target in sizes],
        xlabel="target: how near to the whole model",
        ylabel="heads in the circuit",
        title=f"How many of {len(everyone)} heads are enough?",
        save="patching_results/find_circuit",
    )
