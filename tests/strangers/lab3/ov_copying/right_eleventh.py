# Generated from solutions/lab3/ov_copying.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # What a head copies
#
# An attention pattern says where a head looks. What the head does with what it sees is in its weights. You can read it
# from the weights, without running the model on any text.
#
# Suppose a head attends fully to a position that holds token $a$. It reads at least the token's embedding $W_E[a]$
# there. It multiplies by $W_V$ and then by $W_O$, and adds the result to the residual stream. On the straight way to
# the output, this meets the unembedding $W_U$. All four matrices together are the **full OV circuit** (Elhage et al.
# 2021, [A Mathematical Framework for Transformer Circuits](https://transformer-circuits.pub/2021/framework/index.html),
# "Splitting Attention Head terms into Circuits"):
#
# $$C = W_E\, W_V\, W_O\, W_U \quad\in \mathbb{R}^{V \times V}, \qquad
#   C_{a,b} = \text{what attending to token } a \text{ adds to the logit of token } b$$
#
# A **row** belongs to the token attended to, a **column** to the token predicted. When a head *copies*, each token
# raises its own logit above all others: the diagonal entry is the largest of its row. Over a set $T$ of tokens the
# **top-$k$ copying score** is the share of rows in which this is nearly so:
#
# $$\mathrm{copying}_k = \frac{1}{|T|} \sum_{a \in T} \big[\; \#\{b : C_{a,b} > C_{a,a}\} < k \;\big]$$
#
# With $k = 1$ the diagonal must be the largest entry of the row. Entries equal to the diagonal do not count against it.
#
# **A small example.** Rows `[5, 1, 0]`, `[7, 6, 0]` and `[9, 8, 2]`: in row 0 no entry is larger than the diagonal, in
# row 1 one entry, in row 2 two. So $\mathrm{copying}_1 = 1/3$ and $\mathrm{copying}_2 = 2/3$.
#
# **Too big to write down.** In GPT-2 small $V = 50\,257$, so $C$ has $2.5 \cdot 10^9$ entries: 10 GB in float32, for a
# single head. But its rank is at most $d_{\mathrm{head}}$. Keep it as a product $C = A B$ of a tall matrix $A$,
# `[d_vocab, d_head]`, and a wide one $B$, `[d_head, d_vocab]`. TransformerLens has a class for this,
# `transformer_lens.FactoredMatrix(A, B)`. To look at some rows, compute only these rows.
#
# **What this leaves out.** The layers before the head change what stands at a position, MLPs included. The layers after
# the head change what becomes of its output. The final LayerNorm rescales everything by a number that depends on the
# text. It changes no order within a row, and this is why the score asks for an order and not for a size. (Its weights
# are in $W_U$ already: the course loads models with LayerNorm folded.)

# %%
import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens import FactoredMatrix


# %%
def full_ov_circuit(
    W_E: Float[Tensor, "d_vocab d_model"],
    W_V: Float[Tensor, "d_model d_head"],
    W_O: Float[Tensor, "d_head d_model"],
    W_U: Float[Tensor, "d_model d_vocab"],
) -> FactoredMatrix:
    """Compute the full OV circuit of a head, from the token attended to (row) to the logits (column), as two factors.

    Source: Elhage et al. 2021, https://transformer-circuits.pub/2021/framework/index.html

    Args:
        W_E: embedding, `[d_vocab, d_model]`.
        W_V: value matrix of the head, `[d_model, d_head]`.
        W_O: output matrix of the head, `[d_head, d_model]`.
        W_U: unembedding, `[d_model, d_vocab]`.

    Returns:
        The product of the four as a `FactoredMatrix` whose factors `.A`, `[d_vocab, d_head]`, and `.B`, `[d_head,
        d_vocab]`, meet in the head's own space.

    """
    return FactoredMatrix(W_E @ W_V, W_O @ W_U)


# %%
def ov_copying(circuit: FactoredMatrix, tokens: Int[Tensor, " token"], k: int) -> float:
    """Compute the share of tokens whose own logit is among the `k` largest that attending to them gives.

    Source: Elhage et al. 2021, https://transformer-circuits.pub/2021/framework/index.html (copying heads).

    Args:
        circuit: a full OV circuit, `[d_vocab, d_vocab]` in two factors; rows are tokens attended to, columns are
            logits. It may be too large to be multiplied out.
        tokens: the tokens to ask about, as ids. A token that is there twice counts twice.
        k: a row counts when fewer than `k` of its entries are strictly larger than the token's own. `k` may be larger than
            the vocabulary: then every row counts.

    Returns:
        A float between 0 and 1: the share of `tokens` whose row counts.

    Raises:
        ValueError: `k` is below 1, or there are no tokens.

    """
    if k < 1:
        raise ValueError("k must be at least 1")
    if tokens.numel() == 0:
        raise ValueError("there are no tokens")
    right = circuit.B
    left = circuit.A[tokens.to(circuit.A.device).long()]
    counted = 0
    with torch.no_grad():
        for own_ids, factors in zip(tokens.to(right.device).long().split(64), left.split(64), strict=True):
            rows = factors @ right  # [some tokens, d_vocab]
            own = rows.gather(1, own_ids[:, None])
            counted += int(((rows > own).sum(dim=1) < k).sum())
    return counted / tokens.numel()


# %% [markdown]
# **Look at it.** The copying score of every head, over a sample of tokens. Then the two heads with the highest score
# together: what heads write adds up, so the circuit of two heads is the sum of their circuits, a product of factors
# with twice the rank.

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench, plots

    bench = open_bench()
    model = bench.model
    sample = torch.randperm(bench.d_vocab, generator=torch.Generator().manual_seed(0))[:500].to(bench.device)
    scores = torch.zeros(bench.n_layers, bench.n_heads)
    circuits = {}
    for layer in range(bench.n_layers):
        for head in range(bench.n_heads):
            weights = (model.W_E, model.W_V[layer, head], model.W_O[layer, head], model.W_U)
            circuits[layer, head] = full_ov_circuit(*weights)
            scores[layer, head] = ov_copying(circuits[layer, head], sample, 5)
        print(f"layer {layer}: " + "  ".join(f"H{head} {scores[layer, head]:.2f}" for head in range(bench.n_heads)))
    first, second = sorted(circuits, key=lambda pair: -scores[pair].item())[:2]
    both = FactoredMatrix(
        torch.cat([circuits[first].A, circuits[second].A], dim=1),
        torch.cat([circuits[first].B, circuits[second].B], dim=0),
    )
    for name, circuit in [(f"L{first[0]}H{first[1]}", circuits[first]), ("both", both)]:
        print(f"{name}: top-1 {ov_copying(circuit, sample, 1):.2f}, top-5 {ov_copying(circuit, sample, 5):.2f}")
    plots.heatmap(
        scores,
        x=[f"H{head}" for head in range(bench.n_heads)],
        y=[f"L{layer}" for layer in range(bench.n_layers)],
        xlabel="head",
        ylabel="layer",
        title="Which heads copy?",
        value="top-5 copying score",
        save="attention_patterns/ov_copying",
    )
