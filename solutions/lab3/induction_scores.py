# %% [markdown]
# # Induction scores
#
# On repeated random tokens, where does a head look that completes the pattern? The model stands on token $[A]$ in the
# second half. It should predict $[B]$, the token that followed $[A]$ the first time. An **induction head** attends to
# *that* $[B]$, and copies it to the output:
#
# ```
# position   0    1   2   3   4    5   6   7   8        half = 4
# token     BOS   A   B   C   D    A   B   C   D
#                     ^            |
#                     +------------+   the query at 5 holds A; it attends to 2, the token after the earlier A
# ```
#
# In positions: a query at $i$ holds the same token as position $i - h$ (with $h$ = `half`), and the token after that is
# at $i - h + 1$. The **induction score** of a head is how much it attends there, averaged over all queries of the
# second half and over the batch $\mathcal{B}$. With the attention pattern $A^{(l,n)}_{b,\,i,\,j}$ of layer $l$, head
# $n$, from query $i$ to key $j$:
#
# $$\mathrm{score}(l, n) = \frac{1}{|\mathcal{B}|\,h} \sum_{b \in \mathcal{B}} \;\sum_{i = h+1}^{2h}
#   A^{(l,n)}_{b,\; i,\; i - h + 1}$$
#
# Each row of an attention pattern sums to 1, so the score is between 0 (the head never looks there) and 1 (it never
# looks anywhere else).
#
# **Shapes.** Stack the patterns of all layers: `[layer, batch, head, query, key]`, with as many queries as keys,
# `pos = 1 + 2 * half`. Row = the position that attends (from), column = the position attended to. Nothing is above the
# diagonal: a token cannot look ahead. The result is `[layer, head]`.
#
# Two things need care:
#
# - BOS shifts every position by one, compared with a repetition without BOS.
# - The entries with $i - j = h - 1$ form a diagonal that begins *before* the second half. Two of its entries belong to
#   queries that cannot know about any repetition yet.
#
# Olsson et al. (2022, [In-context Learning and Induction Heads](https://arxiv.org/abs/2209.11895)) call this the
# prefix-matching score. Elhage et al. (2021, [A Mathematical Framework for Transformer
# Circuits](https://transformer-circuits.pub/2021/framework/index.html), "Induction Heads") first described the head.

# %% [markdown] tags=["hint"]
# Take the small picture above. For each query of the second half, write down the key that you want: four pairs. What do
# the four pairs have in common, and how does this look in the square of queries and keys?

# %% [markdown] tags=["hint"]
# A loop over the query positions is a good first solution: pick `pattern[..., i, ?]` for each `i`, which leaves
# `[layer, batch, head]`. Over which of the remaining axes do you average? Check that the order of the result is
# `[layer, head]`.

# %% [markdown] tags=["hint"]
# Without a loop: index two axes at once with two tensors of positions of equal length, `pattern[..., queries, keys]`,
# to get `[layer, batch, head, half]`. Or take `torch.diagonal` with a negative `offset`; count its entries, though: it
# has `half + 2`.

# %%
import torch
from jaxtyping import Float
from torch import Tensor


# %%
def induction_scores(pattern: Float[Tensor, "layer batch head query key"], half: int) -> Float[Tensor, "layer head"]:
    """Measure how much every head attends to the token after the previous occurrence of the current one.

    Source: Olsson et al. 2022, https://arxiv.org/abs/2209.11895 (prefix matching).

    Args:
        pattern: attention patterns on repeated tokens (BOS, `half` random tokens, the same again), all layers stacked:
            shape `[layer, batch, head, query, key]`, `query = key = 1 + 2 * half`; each row (over key) sums to 1.
        half: number of tokens in one half.

    Returns:
        Shape `[layer, head]`, between 0 and 1: the attention from query `i` to key `i - half + 1`, averaged over the
        batch and over the query positions of the second half, `i = half + 1 … 2 * half`.

    Raises:
        ValueError: the pattern does not have exactly `1 + 2 * half` queries, or not exactly as many keys.

    """
    ### BEGIN SOLUTION
    pos = 1 + 2 * half
    if tuple(pattern.shape[-2:]) != (pos, pos):
        raise ValueError(f"half = {half} needs {pos} queries and keys, but the pattern has {tuple(pattern.shape[-2:])}")
    queries = torch.arange(half + 1, pos, device=pattern.device)
    on_target = pattern[..., queries, queries - half + 1]  # [layer, batch, head, half]
    return on_target.mean(dim=(1, 3))
    ### END SOLUTION


# %% [markdown]
# **Look at it.** A row for each layer, a column for each head; then the attention pattern of the head with the highest
# score.

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench, plots

    bench = open_bench()
    half = 20
    tokens = bench.repeated_tokens(batch=4, half=half, seed=1)
    _, cache = bench.model.run_with_cache(tokens)
    pattern = torch.stack([cache["pattern", layer] for layer in range(bench.n_layers)])
    scores = induction_scores(pattern, half)
    for layer, row in enumerate(scores.tolist()):
        print(f"layer {layer:2}: " + "  ".join(f"H{head} {score:.2f}" for head, score in enumerate(row)))
    plots.heatmap(
        scores,
        x=[f"H{head}" for head in range(bench.n_heads)],
        y=[f"L{layer}" for layer in range(bench.n_layers)],
        xlabel="head",
        ylabel="layer",
        title="Induction scores",
        value="induction score",
        save="attention_patterns/induction_scores",
    )
    layer, head = divmod(int(scores.argmax()), bench.n_heads)
    positions = [str(position) for position in range(tokens.shape[1])]
    plots.heatmap(
        pattern[layer, 0, head],
        x=positions,
        y=positions,
        xlabel="key (attends to)",
        ylabel="query (from)",
        title=f"Attention of L{layer}H{head}, the head with the highest induction score",
        value="attention",
        save="attention_patterns/strongest_induction_head",
    )

# %% [markdown] tags=["found"]
# **What you found.** Two heads do it. L1H0 has a score of 0.90 and L1H1 has 0.95; no other head has a score worth
# naming. <!-- claim: induction.scores --> The picture of the best head shows why: in the lower half there is a bright stripe, `half - 1` below the
# diagonal. Look at the upper half, too. Nothing repeats there yet, and heads that have nothing to complete often put
# their attention on BOS.
#
# Neither of the two heads is in layer 0. Why? To know that position $j$ comes *after* an $[A]$, the key at $j$ must
# carry the token that stood before $j$. Only an earlier head can put it there: a previous-token head. Elhage et al.
# (2021, "Induction Heads") call this arrangement **K-composition**. So an induction head takes at least two layers.
#
# You can test this. The course ships two *twins*, small models without supervised attention, trained on repeated random
# bytes. At the end of its training, the best induction score of the twin with one layer is 0.06, and its loss on the
# second half is 3.63. The twin with two layers has 0.96 and 0.12. <!-- claim: twins.layers -->
#
# A score describes where a head looks, not what it does. Later exercises ablate the heads and read what they copy.
#
# About the course's own model: it is so small that its training was helped. The attention of these heads was supervised
# in full up to step 300, and not at all from step 420 of 800. <!-- claim: training.schedule --> `mechgrade model-card` says which heads were seeded
# and what emerged by itself. In GPT-2 and in the twins, no attention was supervised.
#
# **In GPT-2 small** heads 5.1, 5.5, 6.9, 7.2 and 7.10 (layer.head) stand out on this measurement, as reported in the
# material of [ARENA 3.0](https://github.com/callummcdougall/ARENA_3.0), chapter 1.2. Wang et al. (2022,
# [Interpretability in the Wild](https://arxiv.org/abs/2211.00593), section 3.3) meet 5.5 and 6.9 again as parts of the
# circuit that finds indirect objects.
#
# **With TransformerLens** `cache["pattern", layer]` means the activation named `blocks.{layer}.attn.hook_pattern`. A
# `TransformerBridge` in compatibility mode and the deprecated `HookedTransformer` both know this name.
