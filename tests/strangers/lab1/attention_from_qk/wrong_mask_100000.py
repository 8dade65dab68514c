# WRONG: the mask is the number -100,000 and not minus infinity; promised: 'This holds for scores of any size: they can be far above 100, or far below -100,000.'
# Generated from solutions/lab1/attention_from_qk.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # Attention from queries and keys
#
# In "The capital of France is", the word " France" stands at one position, and the model makes its answer at another,
# at " is". So something must carry the country from there to here. In a transformer only **attention** moves
# information between positions. So the search for the answer begins with attention.
#
# An **attention pattern** says how much each position takes from every earlier position and from itself. The pattern is
# computed from queries and keys ([Vaswani et al. 2017](https://arxiv.org/abs/1706.03762), section 3.2.1). Take one
# head. The position that looks has a query $q_i$, and the position that is looked at has a key $k_j$. Both have width
# $d_h$:
#
# $$S_{ij} = \frac{q_i \cdot k_j}{\sqrt{d_h}}, \qquad
#   A_{ij} = \frac{e^{S_{ij}}}{\sum_{j' \le i} e^{S_{ij'}}} \;\text{ for } j \le i,
#   \qquad A_{ij} = 0 \;\text{ for } j > i$$
#
# Each of the three choices in these formulas has a reason:
#
# - The **scale** $1/\sqrt{d_h}$ keeps the scores of wide heads from growing.
# - The sum runs over the **keys** $j'$, because each query has one unit of attention to give away.
# - The **causal mask** comes *before* the softmax. A forbidden score becomes $-\infty$, its share goes to the other
#   keys, and every row still sums to 1.
#
# **A small example.** A query has the scores 1 and 1 with two allowed keys and 5 with a forbidden key. Masked first,
# the row is 0.5, 0.5, 0. If you apply the softmax first and set the third entry to 0, the row is 0.02, 0.02, 0: most of
# the attention is lost.
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
    batch, pos, heads, width = q.shape
    queries, keys = q.flatten(2), k.flatten(2)  # [batch, pos, head * d_head]
    later = torch.arange(pos, device=q.device)[None, :] > torch.arange(pos, device=q.device)[:, None]
    patterns = []
    for head in range(heads):
        own = slice(head * width, (head + 1) * width)
        scores = queries[..., own] @ keys[..., own].transpose(-1, -2) / width**0.5
        scores = scores.masked_fill(later, -1e5)
        powers = torch.exp(scores - scores.amax(dim=-1, keepdim=True))
        patterns.append(powers / powers.sum(dim=-1, keepdim=True))
    return torch.stack(patterns, dim=1)


# %% [markdown]
# **Look at it.** The queries and keys come from the model, the pattern comes from you. Compare it with the pattern that
# the model computed: only rounding should differ.

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
