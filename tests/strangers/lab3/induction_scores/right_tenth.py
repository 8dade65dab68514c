# Generated from solutions/lab3/induction_scores.py by mechgrade build. This copy is yours: write your code in it.
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
    pos = 1 + 2 * half
    if tuple(pattern.shape[-2:]) != (pos, pos):
        raise ValueError(f"a pattern with {tuple(pattern.shape[-2:])} queries and keys does not fit half = {half}")
    query = torch.arange(half + 1, 2 * half + 1, device=pattern.device)
    key = query - half + 1
    looked = pattern[..., query, key]  # [layer, batch, head, half]
    return looked.mean(dim=(1, 3))


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
