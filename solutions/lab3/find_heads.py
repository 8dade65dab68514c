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

# %% [markdown] tags=["hint"]
# There are two steps, and you can solve them apart: which heads are in the list, and in what order? For the first step,
# two nested loops over layers and heads are fine. For the second step: what does `sorted` compare when its key is a
# tuple?

# %% [markdown] tags=["hint"]
# You need one key that goes down in the score and up in layer and head. `reverse=True` turns *all* parts of the key
# around, ties included. What could you do to the score alone, so that sorting in the usual direction puts the highest
# first?

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
    ### BEGIN SOLUTION
    if scores.ndim != 2:
        raise ValueError(f"scores must have the axes [layer, head], but their shape is {tuple(scores.shape)}")
    above = [(layer, head) for layer, head in torch.nonzero(scores > threshold).tolist()]
    return sorted(above, key=lambda place: (-scores[place].item(), place))
    ### END SOLUTION


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

# %% [markdown] tags=["found"]
# **What you found.** The curve falls steeply at first, then it is flat over a wide range of thresholds, and it falls
# again near the top. The flat part is the gap. Inside the gap the number of induction heads does not depend on your
# choice, and you may speak of "the" induction heads of this model, L1H0 and L1H1. <!-- claim: find.gap --> If a model has no flat part, say
# how you chose the threshold.
#
# The list is the same as the list from the stripe of the induction score. The two definitions, one for two equal halves
# and one for any text, agree on text that both can read.
#
# **In GPT-2 small** the list on repeated random tokens begins with 5.1, 5.5, 6.9, 7.2 and 7.10, in the material of
# [ARENA 3.0](https://github.com/callummcdougall/ARENA_3.0), chapter 1.2. More heads follow with smaller scores. Wang et
# al. (2022, [Interpretability in the Wild](https://arxiv.org/abs/2211.00593), section 3.3 and figure 2) list four
# induction heads in the circuit for indirect objects (5.5, 5.8, 5.9, 6.9); only two of these are among those five.
# Which heads matter depends on the task, and a threshold on one score does not decide it.
#
# **With TransformerLens** the pair `(layer, head)` indexes the weights directly, `model.W_V[layer, head]`, on a
# `TransformerBridge` and on the deprecated `HookedTransformer`.
