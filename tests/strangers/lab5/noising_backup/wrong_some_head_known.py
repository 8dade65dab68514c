# WRONG: raises only if no head of the circuit is in the model, not if one of them is missing; promised: 'ValueError: a head of the circuit is not in the model.'
# Generated from solutions/lab5/noising_backup.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # Noising, denoising and backup
#
# In Lab 2 you patched one head at a time, always in one direction. Now take *sets* of heads, and ask three harder
# questions: is this set enough or is it needed? Did we find all of the circuit? And when a head is taken away, does
# another one step in?
#
# **1. Two directions.** Let $S$ be a set of heads, $m_{clean}$ and $m_{corr}$ the metric of the two runs.
#
# - **Denoising** starts from the corrupted run and puts the clean outputs of $S$ into it. The share of the metric that
#   comes back is $\dfrac{m_{den}(S) - m_{corr}}{m_{clean} - m_{corr}}$. Near 1 means that $S$ is *enough*.
# - **Noising** starts from the clean run and puts the corrupted outputs of $S$ into it. The share that is lost is
#   $\dfrac{m_{clean} - m_{noi}(S)}{m_{clean} - m_{corr}}$. Near 1 means that $S$ is *needed*.
#
# An example where they differ. Two heads do the same job, and either one is enough (an **OR**). Denoising one head
# brings all back: share 1. Noising this head loses nothing, because the other one is still there: share 0. If the
# answer needs both heads (an **AND**), it is the other way round.
#
# **2. Completeness.** A circuit $C$ can be enough and still leave a part out. So break the circuit and the whole model
# $M$ in the same way, and see whether they react alike. Let $F(S)$ be the metric with everything *outside* of $S$
# ablated. For every small set $K$ of heads of the circuit, compare the two without $K$:
#
# $$\mathrm{incompleteness}(C) = \max_{K \subseteq C,\; |K| \le n} \big| F(C \setminus K) - F(M \setminus K) \big|$$
#
# The OR again, with the heads $a$ and $b$: $F(\{a, b\}) = 8$, $F(\{a\}) = F(\{b\}) = 8$, $F(\{\}) = 1$. The circuit
# $C = \{a\}$ is enough: $F(C) = 8 = F(M)$. But take $K = \{a\}$. Then $F(C \setminus K) = F(\{\}) = 1$, and
# $F(M \setminus K) = F(\{b\}) = 8$. The incompleteness is 7: the circuit has left out $b$.
#
# **3. Backup.** What a component writes towards the answer is divided by the scale of the final LayerNorm. Let $w_c$ be
# what component $c$ writes (a dot product with the direction of the answer) and $s$ the scale. The **direct effect** is
# $w_c / s$. Take some components away, and look at all others. Their direct effects change for two reasons, and the two
# add up exactly:
#
# $$\frac{w_c'}{s'} - \frac{w_c}{s} = \underbrace{w_c \Big(\frac{1}{s'} - \frac{1}{s}\Big)}_{\mathrm{rescaled}} +
#   \underbrace{\frac{w_c' - w_c}{s'}}_{\mathrm{rewritten}}$$
#
# Here $w_c'$ and $s'$ are measured with the components taken away. Only *rewritten* is backup by component $c$: it
# writes something else. *Rescaled* is arithmetic. Without a component that writes much, the stream is shorter, $s'$
# is smaller, and everything that is left counts for more.
#
# **A small example.** One prompt, two components. The first writes 6 and is taken away: 6 becomes 0. The second writes
# 4 before and 3 after. The scale is 2 before and 1 after. The direct effects are 3 and 2 before, 0 and 3 after. So 3 is
# lost, and the second component gains 1. It gains $4 \cdot (1/1 - 1/2) = 2$ by rescaling and $(3 - 4) / 1 = -1$ by
# rewriting. The gain makes up for a share of $1/3$. This gain looks like backup. But the component writes less than
# before, so it works *against* the repair.
#
# **Shapes.** What is written is `[component, prompt]`, scales are `[prompt]`. Divide for each prompt, then take the
# mean over prompts.
#
# Sources: Heimersheim and Nanda 2024, [How to use and interpret activation
# patching](https://arxiv.org/abs/2404.15255) (noising and denoising, AND and OR); Wang et al. 2022, [Interpretability
# in the Wild](https://arxiv.org/abs/2211.00593), section 4 (completeness); McGrath et al. 2023, [The Hydra
# Effect](https://arxiv.org/abs/2307.15771) and Rushing and Nanda 2024, [Explorations of Self-Repair in Language
# Models](https://arxiv.org/abs/2402.15390) (backup, and the part of the LayerNorm in it).

# %%
import itertools
from collections.abc import Callable, Collection, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

Head = tuple[int, int]  # layer, head
Metric = Callable[[Collection[Head]], float]  # of a list, a tuple or a set of heads


# %%
def patching_shares(denoised: Metric, noised: Metric, heads: Sequence[Head]) -> tuple[float, float]:
    """Give the share of the metric that a set of heads brings back, and the share that is lost with it.

    Source: Heimersheim and Nanda 2024, https://arxiv.org/abs/2404.15255

    Args:
        denoised: gives the metric of the corrupted run, with the clean outputs of some heads put into it. With no heads
            it is the corrupted run's own.
        noised: gives the metric of the clean run, with the corrupted outputs of some heads put into it. With no heads it
            is the clean run's own.
        heads: the set, patched all together; perhaps none.

    Returns:
        The share that comes back when the heads are denoised, and the share that is lost when they are noised. Both may
        lie below 0 or above 1.

    Raises:
        ValueError: the metric is the same in the clean and in the corrupted run.

    """
    corrupted, clean = denoised([]), noised([])
    whole = clean - corrupted
    if whole == 0:
        raise ValueError("the metric is the same in both runs")
    return (denoised(heads) - corrupted) / whole, (clean - noised(heads)) / whole


def incompleteness(only: Metric, model: Sequence[Head], circuit: Sequence[Head], most: int) -> tuple[float, list[Head]]:
    """Find the small set of heads without which circuit and model differ most.

    Source: Wang et al. 2022, https://arxiv.org/abs/2211.00593, section 4.

    Args:
        only: F of the formula: gives the metric with everything outside of some heads ablated.
        model: all heads.
        circuit: some of them, in any order. The list is not changed.
        most: the largest number of heads that are taken away at once, n of the formula.

    Returns:
        The largest gap over all sets of at most `most` heads of the circuit, the empty set among them; and this set,
        sorted. If several sets have the same largest gap, the set is one with the fewest heads.

    Raises:
        ValueError: a head of the circuit is not in the model.

    """
    if circuit and not set(circuit) & set(model):
        raise ValueError("a head of the circuit is not in the model")
    members = sorted(set(circuit))
    sizes = range(0, min(most, len(members)) + 1)
    gaps = {}
    for taken in itertools.chain.from_iterable(itertools.combinations(members, size) for size in sizes):
        kept = only([head for head in members if head not in taken])
        gaps[taken] = abs(kept - only([head for head in model if head not in taken]))
    widest = max(gaps, key=lambda taken: (gaps[taken], -len(taken)))
    return gaps[widest], list(widest)


def backup(
    before: Float[Tensor, "component prompt"],
    after: Float[Tensor, "component prompt"],
    scale_before: Float[Tensor, " prompt"],
    scale_after: Float[Tensor, " prompt"],
    removed: Sequence[int],
) -> dict[str, Any]:
    """Split what the other components gain in direct effect into rescaling and rewriting.

    Source: Rushing and Nanda 2024, https://arxiv.org/abs/2402.15390 (the part of the LayerNorm).

    Args:
        before: what each component writes towards the answer in the whole model, shape `[component, prompt]`.
        after: the same with some components taken away; these may still write something, such as a mean.
        scale_before: the scale of the final LayerNorm in the whole model, shape `[prompt]`.
        scale_after: the same with the components taken away.
        removed: the places of the components that were taken away, a list or a tuple, each at most once; perhaps none.

    Returns:
        `lost`, a float: how much direct effect the removed components lose together, from before to after; `rescaled` and
        `rewritten`, both `[component]`: the two terms of the formula, 0 for the removed components; `share`: the sum of
        both terms over all components, divided by `lost`, or None if `lost` is 0. (A sum that is 0 but for rounding does not
        occur.) `lost`, `rescaled` and `rewritten` are means over prompts.

    """
    gone = torch.zeros(len(before), dtype=torch.bool, device=before.device)
    for place in removed:
        gone[place] = True
    left = (~gone).unsqueeze(dim=1)
    was, now = before / scale_before, after / scale_after
    rescaled = ((before / scale_after - was) * left).mean(dim=1)
    rewritten = ((now - before / scale_after) * left).mean(dim=1)
    lost = float((was - now)[gone].sum(dim=0).mean())
    share = None if lost == 0 else float(rescaled.sum() + rewritten.sum()) / lost
    return {"lost": lost, "rescaled": rescaled, "rewritten": rewritten, "share": share}


# %% [markdown]
# **Look at it.** The model is the one without supervised attention. Five of its heads matter for the indirect object:
# L1H1 and L1H2 read the giver, and L2H0, L2H1 and L2H2 move the receiver's name. Which of them could do without the
# other? Predict it before you run the cell.

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench, plots

    from interp.interventions import NameRuns

    runs = NameRuns(open_bench("unsupervised", lab="lab1").model)  # Lab 5 is graded on tensors alone
    for chosen in ([(1, 1)], [(1, 2)], [(1, 1), (1, 2)], [(2, 0)], [(2, 1)], [(2, 2)], [(2, 0), (2, 1), (2, 2)]):
        back, lost = patching_shares(runs.denoised, runs.noised, chosen)
        left = runs.only([head for head in runs.heads if head not in chosen])
        names = " and ".join(f"L{layer}H{head}" for layer, head in chosen)
        print(f"{names}: denoising brings back {back:.2f}, noising loses {lost:.2f}; without: {left:.2f}")

    circuit = [(1, 2), (2, 0), (2, 1), (2, 2)]
    print(f"the circuit without L1H1 keeps {runs.only(circuit) / runs.only(runs.heads):.2f} of the logit difference")
    widest, culprits = incompleteness(runs.only, runs.heads, circuit, most=2)
    print(f"and differs from the model by {widest:.2f} when {culprits} is taken away")

    whole, rows = runs.written(), []
    for mover in ("L2H0", "L2H1", "L2H2"):
        place = whole.names.index(mover)
        broken = runs.written([(2, int(mover[-1]))])
        found = backup(whole.towards, broken.towards, whole.scale, broken.scale, [place])
        rows += [found["rescaled"], found["rewritten"]]
        share = found["share"]
        print(f"without {mover}: {found['lost']:.2f} is lost, the others make up for a share of {share:.2f}")
    plots.heatmap(
        torch.stack(rows),
        x=whole.names,
        y=[f"without {mover}: {how}" for mover in ("L2H0", "L2H1", "L2H2") for how in ("rescaled", "rewritten")],
        xlabel="component",
        ylabel="",
        title="Who steps in when a name mover is taken away?",
        value="gain in direct effect",
        save="patching_results/noising_backup",
    )
