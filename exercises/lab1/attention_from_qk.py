# Generated from solutions/lab1/attention_from_qk.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # Attention from queries and keys
#
# An **attention pattern** says, for each position, how much it takes from every position up to its own. It is computed
# from queries and keys ([Vaswani et al. 2017](https://arxiv.org/abs/1706.03762), section 3.2.1). For one head, with the
# query $q_i$ of the position that looks and the key $k_j$ of the one that is looked at, both of width $d_h$:
#
# $$S_{ij} = \frac{q_i \cdot k_j}{\sqrt{d_h}}, \qquad
#   A_{ij} = \frac{e^{S_{ij}}}{\sum_{j' \le i} e^{S_{ij'}}} \;\text{ for } j \le i,
#   \qquad A_{ij} = 0 \;\text{ for } j > i$$
#
# Three choices are in these formulas. The **scale** $1/\sqrt{d_h}$ keeps scores of wide heads from growing. The sum
# runs over the **keys** $j'$: each query has one unit of attention to give away. And the **causal mask** comes *before*
# the softmax: a forbidden score becomes $-\infty$, so that its share goes to the others and every row still sums to 1.
#
# **Shapes.** TransformerLens keeps `hook_q` and `hook_k` as `[batch, pos, head, d_head]`, position before head. The
# pattern is `[batch, head, query, key]`, head before positions. In `cache["pattern", layer][b, n]` rows are queries
# (from) and columns are keys (to), so everything above the diagonal is 0.

# %%
import torch
from jaxtyping import Float
from torch import Tensor


# %%
def attention_from_qk(
    q: Float[Tensor, "batch pos head d_head"], k: Float[Tensor, "batch pos head d_head"]
) -> Float[Tensor, "batch head query key"]:
    """Compute the causal attention pattern of every head from its queries and keys.

    Source: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 3.2.1.

    Args:
        q: the queries, shape `[batch, pos, head, d_head]`.
        k: the keys, of the same shape.

    Returns:
        Shape `[batch, head, query, key]`: the softmax over the keys of the scaled scores, causally masked. Every row
        (over key) sums to 1, and the entries above the diagonal are exactly 0.

        - This holds for scores of any size: they can be far above 100, or far below -100,000.
        - `q` and `k` can be views of other tensors, with their axes in any order in memory.

    """
    raise NotImplementedError("attention_from_qk: not written yet")


# %% [markdown]
# **Look at it.** Queries and keys come from the model, the pattern from you. The largest difference to the pattern that
# the model computed itself should be rounding.

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench, plots

    bench = open_bench()
    prompt = "The capital of France is"
    tokens = bench.model.to_tokens(prompt)
    _, cache = bench.model.run_with_cache(tokens)
    patterns = [attention_from_qk(cache["q", layer], cache["k", layer]) for layer in range(bench.n_layers)]
    gap = max((mine - cache["pattern", layer]).abs().max().item() for layer, mine in enumerate(patterns))
    print(f"largest difference to the model's own patterns: {gap:.1e}")
    labels = bench.model.to_str_tokens(prompt)
    last = torch.stack([pattern[0, :, -1] for pattern in patterns]).flatten(0, 1)  # [layer * head, key]
    plots.heatmap(
        last,
        x=labels,
        y=[f"L{layer}H{head}" for layer in range(bench.n_layers) for head in range(bench.n_heads)],
        xlabel="key (attends to)",
        ylabel="head",
        title=f"Where the last position of {prompt!r} looks",
        value="attention",
        save="attention_patterns/attention_from_qk",
    )
