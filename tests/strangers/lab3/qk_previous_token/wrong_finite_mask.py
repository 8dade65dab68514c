# WRONG: scores above the diagonal are set to -1000 instead of minus infinity, so later positions get attention where the scores are in the minus thousands; promised: 'nothing above the diagonal, also where attention scores are in the thousands'
# Generated from solutions/lab3/qk_previous_token.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # Looking one position back
#
# A previous-token head attends to the position before, whatever token stands there. So its preference must come from
# the *positions*, and you can read it from the weights without any text: give the head nothing but position embeddings,
# and see where it looks. This is the **positional QK circuit**.
#
# At the bottom of GPT-2 the residual stream at position $i$ is $W_E[t_i] + W_{\mathrm{pos}}[i]$. The head sees it after
# LayerNorm, which centres it and divides it by its size $\sigma$. The course loads its models with centred weights and
# with LayerNorm folded into the weights that follow. Then the position's share of what the head sees is
# $p_i = W_{\mathrm{pos}}[i] / \sigma$. The size depends on the token as well. Take a typical value, measured once on
# some text, and treat it as a number. Then for one head
#
# $$q_i = p_i W_Q + b_Q, \qquad k_j = p_j W_K + b_K, \qquad
#   S_{ij} = \frac{q_i \cdot k_j}{\sqrt{d_{\mathrm{head}}}}, \qquad
#   A_{i,\cdot} = \mathrm{softmax}_{\,j \le i}\, S_{i,j}$$
#
# Only keys $j \le i$ take part. The others get no attention, and every row sums to 1. The **previous-token score** is
# the mass on the diagonal next to the main diagonal,
#
# $$\mathrm{previous} = \frac{1}{P - 1} \sum_{i=1}^{P-1} A_{i,\,i-1}$$
#
# over $P$ positions. Position 0 has nothing before it and does not count.
#
# **A small example.** Three positions, and the rows of $A$ are `[1, 0, 0]`, `[0.9, 0.1, 0]` and `[0.1, 0.7, 0.2]`. The
# score is $(0.9 + 0.7) / 2 = 0.8$.
#
# **Shapes.** `W_pos` is `[pos, d_model]`. The weights of all heads of a layer come stacked: `W_Q` and `W_K` are
# `[head, d_model, d_head]`, the biases `[head, d_head]`. The pattern is `[head, query, key]`, the scores are `[head]`.
#
# **Is scale a detail?** No. A softmax turns sums into ratios. If you double all scores, the pattern gets sharper; if
# you halve them, it gets flatter. Without the two divisions you would see the right *order* of the keys, and a wrong
# amount of attention.
#
# Elhage et al. (2021, [A Mathematical Framework for Transformer
# Circuits](https://transformer-circuits.pub/2021/framework/index.html)) read heads in this way, by their QK and OV
# circuits. The models of that paper add positions to queries and keys directly. In GPT-2 positions stand in the
# residual stream like everything else.

# %%
import torch
from jaxtyping import Float
from torch import Tensor


# %%
def qk_previous_token(
    W_pos: Float[Tensor, "pos d_model"],
    W_Q: Float[Tensor, "head d_model d_head"],
    W_K: Float[Tensor, "head d_model d_head"],
    b_Q: Float[Tensor, "head d_head"],
    b_K: Float[Tensor, "head d_head"],
    scale: float,
) -> tuple[Float[Tensor, "head query key"], Float[Tensor, " head"]]:
    """Compute where the heads of a layer look if they see positions only, and how much of it is one position back.

    Source: Elhage et al. 2021, https://transformer-circuits.pub/2021/framework/index.html (QK circuits).

    Args:
        W_pos: position embeddings, `[pos, d_model]`, of as many positions as are wanted (at least 2).
        W_Q: query matrices of the heads of one layer, `[head, d_model, d_head]`, LayerNorm folded in.
        W_K: key matrices, of the same shape.
        b_Q: query biases, `[head, d_head]`.
        b_K: key biases, of the same shape.
        scale: typical size of the residual stream, above 0: LayerNorm divides the stream by it.

    Returns:
        A tuple `(pattern, previous)`. `pattern`, shape `[head, query, key]`: causal attention, each row sums to 1,
        nothing above the diagonal, also where attention scores are in the thousands. `previous`, shape `[head]`: the
        attention from each query to the position before it, averaged over the queries `1 … pos - 1`.

    Raises:
        ValueError: there are fewer than two positions, or `scale` is not above 0.

    """
    pos = W_pos.shape[0]
    if pos < 2:
        raise ValueError("at least two positions are needed")
    if not scale > 0:
        raise ValueError("scale must be above 0")
    seen = W_pos / scale
    q = torch.einsum("pm,hmd->hpd", seen, W_Q) + b_Q.unsqueeze(1)
    k = torch.einsum("pm,hmd->hpd", seen, W_K) + b_K.unsqueeze(1)
    scores = q @ k.mT / W_Q.shape[-1] ** 0.5
    ahead = torch.ones(pos, pos, dtype=torch.bool, device=scores.device).triu(diagonal=1)
    scores = scores.masked_fill(ahead, -1000.0)
    weights = (scores - scores.amax(dim=-1, keepdim=True)).exp()
    pattern = weights / weights.sum(dim=-1, keepdim=True)
    previous = pattern.diagonal(offset=-1, dim1=-2, dim2=-1).sum(dim=-1) / (pos - 1)
    return pattern, previous


# %% [markdown]
# **Look at it.** The scores from the weights alone, beside those measured on random tokens; then the positional pattern
# of the head with the highest score. Only layer 0 reads the embeddings directly. For the other layers this is a first
# approximation, which leaves out everything that the layers below have written.

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench, plots

    bench = open_bench()
    model = bench.model
    length = 40
    W_pos = model.pos_embed.W_pos[:length]
    tokens = bench.repeated_tokens(batch=4, half=length // 2, seed=1)
    measured = bench.patterns(tokens).diagonal(offset=-1, dim1=-2, dim2=-1).mean(dim=(1, 3))
    predicted = torch.zeros(bench.n_layers, bench.n_heads)
    patterns = {}
    for layer in range(bench.n_layers):
        name = f"blocks.{layer}.ln1.hook_scale"
        scale = bench.cache(tokens, [name])[name][:, 1:].mean().item()
        weights = (model.W_Q[layer], model.W_K[layer], model.b_Q[layer], model.b_K[layer])
        patterns[layer], predicted[layer] = qk_previous_token(W_pos, *weights, scale)
        for head in range(bench.n_heads):
            print(
                f"L{layer}H{head}: from the weights {predicted[layer, head].item():.2f}, "
                f"measured on random tokens {measured[layer, head].item():.2f}"
            )
    layer, head = divmod(int(predicted.argmax()), bench.n_heads)
    positions = [str(position) for position in range(length)]
    plots.heatmap(
        patterns[layer][head],
        x=positions,
        y=positions,
        xlabel="key (attends to)",
        ylabel="query (from)",
        title=f"Where L{layer}H{head} looks if it sees nothing but positions",
        value="attention",
        save="attention_patterns/qk_previous_token",
    )
