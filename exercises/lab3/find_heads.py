# Generated from solutions/lab3/find_heads.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # Finding heads
#
# A map of scores is for eyes. The next experiments (ablating the induction heads, reading their weights) need a **list
# of heads**. This exercise turns the map into the list. It is short. But a mistake here is silent: the wrong heads go
# into the next experiment, and there is no error message.
#
# Given scores $s_{l,n}$ for layer $l$ and head $n$, and a threshold $\theta$:
#
# $$\{(l, n) : s_{l,n} > \theta\}, \quad \text{highest score first}$$
#
# **Shapes and order.** `scores` is `[layer, head]`. A head is a pair `(layer, head)`, layer first, counted from 0, as
# in "head 5.1" or "L5H1". The rules:
#
# - Strictly above: a head that scores exactly $\theta$ is not in the list.
# - Heads with equal scores come in the order of their layer, and within a layer in the order of their head. Then the
#   answer does not depend on a sorting routine.
# - If no head is above the threshold, the list is empty. This is a result, not an error.
# - The pairs are Python integers, not tensors: you will put them in sets, look them up, and print them.
#
# **A small example.** The scores `[[0.2, 0.9], [0.9, 0.5]]` with $\theta = 0.5$ give `[(0, 1), (1, 0)]`.
#
# **Which threshold?** Olsson et al. (2022, [In-context Learning and Induction Heads](https://arxiv.org/abs/2209.11895))
# treat being an induction head as a matter of degree, and look at how scores change in training. A cut makes sense
# where the scores leave a gap. Then any threshold inside the gap gives the same list. Look at the scores before you
# choose.

# %%
import torch
from jaxtyping import Float
from torch import Tensor


# %%
def find_heads(scores: Float[Tensor, "layer head"], threshold: float) -> list[tuple[int, int]]:
    """List the heads whose score is above a threshold, the highest score first.

    Source: Olsson et al. 2022, https://arxiv.org/abs/2209.11895 (heads are called induction heads by their score).

    Args:
        scores: one score for each head, shape `[layer, head]`. Any real numbers, whatever they measure.
        threshold: heads with a score strictly above it are listed. (A score that differs from it by rounding alone may be in
            or out.)

    Returns:
        A list of tuples `(layer, head)` of Python integers, in descending order of score. Equal scores are in ascending
        order of `(layer, head)`. Empty when no head is above the threshold.

    Raises:
        ValueError: `scores` does not have exactly two axes.

    """
    raise NotImplementedError("find_heads: not written yet")


# %% [markdown]
# **Look at it.** Here the score is prefix matching in its general form: the attention to every position whose
# *preceding* token equals the current token. It works on any text that repeats, not only on two equal halves. How many
# heads are left as the threshold rises?

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench, plots

    bench = open_bench()
    tokens = bench.repeated_tokens(batch=4, half=20, seed=1)
    _, cache = bench.model.run_with_cache(tokens)
    scores = torch.zeros(bench.n_layers, bench.n_heads)
    for layer in range(bench.n_layers):
        hits, found = torch.zeros(bench.n_heads), 0
        for sequence, attention in zip(tokens.tolist(), cache["pattern", layer].cpu(), strict=True):
            for query in range(2, len(sequence)):
                keys = [key for key in range(2, query) if sequence[key - 1] == sequence[query]]
                hits += attention[:, query, keys].sum(dim=-1)
                found += bool(keys)
        scores[layer] = hits / found

    for layer, head in find_heads(scores, 0.4):
        print(f"L{layer}H{head}  {scores[layer, head].item():.2f}")
    thresholds = [step / 50 for step in range(50)]
    plots.lines(
        {"heads above the threshold": [len(find_heads(scores, threshold)) for threshold in thresholds]},
        x=thresholds,
        xlabel="threshold on the prefix-matching score",
        ylabel="number of heads",
        title="How many induction heads? It depends on the threshold, but less than you may fear",
        save="attention_patterns/find_heads",
    )
