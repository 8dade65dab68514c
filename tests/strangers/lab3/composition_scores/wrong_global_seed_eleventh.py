# WRONG: the baseline seeds and uses PyTorch's global random state and leaves it so; promised: 'the global random states (PyTorch's, NumPy's, Python's) are the same after the call as before it'
# Generated from solutions/lab3/composition_scores.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # How heads are wired together
#
# Heads of different layers never touch. They meet in the residual stream: one head writes to it, and a later head may
# read what the first head has written. **Composition scores** ask the weights how strongly two heads are wired
# together, before you run any text.
#
# An early head maps what it attends to, $x$, to what it writes, $x\,W_{OV}$ with $W_{OV} = W_V W_O$ (in the convention
# of TransformerLens: vectors are rows, and matrices act from the right). A later head reads the stream in three places:
#
# - its **query** side: the attention score of a query $x$ and a key $y$ is $x\,W_{QK}\,y^\top$ with
#   $W_{QK} = W_Q W_K^\top$. What the early head wrote at the query's position meets $W_{QK}$ from the left;
# - its **key** side: what the early head wrote at the key's position meets $W_{QK}^\top$;
# - its **value** side: what it wrote at the attended position meets the later head's own $W_{OV}$.
#
# For each of the three the score compares the size of the product with the sizes of its factors (Elhage et al. 2021, [A
# Mathematical Framework for Transformer Circuits](https://transformer-circuits.pub/2021/framework/index.html), "Three
# Kinds of Composition"):
#
# $$\mathrm{comp}(A, B) = \frac{\lVert A B \rVert_F}{\lVert A \rVert_F \,\lVert B \rVert_F}, \qquad A =
#   W_{OV}^{\mathrm{early}}, \quad B = \begin{cases} W_{QK}^{\mathrm{late}} & \text{Q-composition} \\
#   (W_{QK}^{\mathrm{late}})^\top & \text{K-composition} \\ W_{OV}^{\mathrm{late}} & \text{V-composition} \end{cases}$$
#
# $\lVert\cdot\rVert_F$ is the Frobenius norm, the root of the sum of all squared entries.
#
# **How large can a score be?** 0 means that the later head reads nothing of what the early head writes. The upper end
# is lower than you may think. The score is 1 only if both heads use a single direction, and it is the same one. Suppose
# both heads use the same $d_h$ directions, all equally strong. Then $A$ and $B$ are the same projection $P$, with
# $P P = P$ and $\lVert P \rVert_F = \sqrt{d_h}$. The score is $\sqrt{d_h} / (\sqrt{d_h} \sqrt{d_h}) = 1/\sqrt{d_h}$. So
# for $d_h = 64$, two *perfectly* aligned heads score 0.125. A score of 0.1 is a lot.
#
# **Compared with what?** Two random heads do not score 0. In a space of $d$ dimensions, random directions overlap, and
# random pairs score about $1/\sqrt d$. So draw the four factors of $A = W_1 W_2$ and $B = W_3 W_4$ at random, every
# entry standard normal, of the shapes that the weights of heads have. The mean score of many pairs is the **baseline**.
#
# **Shapes.** The weights of a layer's heads come stacked: `W_Q`, `W_K`, `W_V` are `[head, d_model, d_head]`, and `W_O`
# is `[head, d_head, d_model]`. The two layers may have different numbers of heads here. Each result is `[early, late]`.

# %%
import torch
from jaxtyping import Float
from torch import Tensor


# %%
def _size(left: Tensor, middle: Tensor, right: Tensor) -> Tensor:
    """Frobenius norm of left @ middle @ right: QR turns the outer factors into small triangles of the same size."""
    small = torch.linalg.qr(left, mode="r").R @ middle @ torch.linalg.qr(right.mT, mode="r").R.mT
    return torch.linalg.matrix_norm(small, ord="fro")


def _composition(W_1: Tensor, W_2: Tensor, W_3: Tensor, W_4: Tensor) -> Tensor:
    """Score every A = W_1 W_2 with every B = W_3 W_4; heads are stacked in the first axis."""
    W_1, W_2, W_3, W_4 = (weight.double() for weight in (W_1, W_2, W_3, W_4))
    eye_a = torch.eye(W_1.shape[-1], dtype=W_1.dtype, device=W_1.device)
    eye_b = torch.eye(W_3.shape[-1], dtype=W_3.dtype, device=W_3.device)
    sizes_a, sizes_b = _size(W_1, eye_a, W_2), _size(W_3, eye_b, W_4)
    meeting = W_2[:, None] @ W_3[None]  # [early, late, d_head, d_head]
    products = _size(W_1[:, None], meeting, W_4[None])
    return (products / (sizes_a[:, None] * sizes_b[None])).clamp(max=1.0)


# %%
def composition_scores(
    early_W_V: Float[Tensor, "early d_model d_head"],
    early_W_O: Float[Tensor, "early d_head d_model"],
    late_W_Q: Float[Tensor, "late d_model d_head"],
    late_W_K: Float[Tensor, "late d_model d_head"],
    late_W_V: Float[Tensor, "late d_model d_head"],
    late_W_O: Float[Tensor, "late d_head d_model"],
) -> dict[str, Float[Tensor, "early late"]]:
    """Compute the Q-, K- and V-composition score of every early head with every late head.

    Source: Elhage et al. 2021, https://transformer-circuits.pub/2021/framework/index.html

    Args:
        early_W_V: value matrices of the heads of the earlier layer, `[early, d_model, d_head]`.
        early_W_O: their output matrices, `[early, d_head, d_model]`.
        late_W_Q: query matrices of the heads of the later layer, `[late, d_model, d_head]`.
        late_W_K: their key matrices, of the same shape.
        late_W_V: their value matrices, of the same shape.
        late_W_O: their output matrices, `[late, d_head, d_model]`.

    Returns:
        `"Q"`, `"K"` and `"V"`, each of shape `[early, late]`, between 0 and 1: the Frobenius norm of the product of the
        early head's OV matrix with the late head's QK matrix, its transpose, or its OV matrix, divided by the norms of
        the two, neither of which is 0.

    """

    early = (early_W_V, early_W_O)
    late = {
        "Q": (late_W_Q, late_W_K.mT),
        "K": (late_W_K, late_W_Q.mT),
        "V": (late_W_V, late_W_O),
    }
    with torch.no_grad():
        return {kind: _composition(*early, *factors).to(early_W_V.dtype) for kind, factors in late.items()}


# %%
def random_baseline(d_model: int, d_head: int, samples: int, seed: int) -> float:
    """Compute the mean composition score of random pairs of heads.

    The same seed gives the same number, whatever was drawn before the call; and the global random states (PyTorch's,
    NumPy's, Python's) are the same after the call as before it.

    Source: Elhage et al. 2021, https://transformer-circuits.pub/2021/framework/index.html

    Args:
        d_model: width of the residual stream.
        d_head: width of a head.
        samples: number of pairs.
        seed: seed of the random draw.

    Returns:
        The mean over `samples` pairs of the score of two independent matrices, each the product of a `[d_model,
        d_head]` and a `[d_head, d_model]` matrix of independent standard normal entries. A Python float.

    """
    generator = torch.manual_seed(seed)
    scores = []
    for _ in range(samples):
        tall = torch.randn(2, d_model, d_head, generator=generator, dtype=torch.float64, device="cpu")
        wide = torch.randn(2, d_head, d_model, generator=generator, dtype=torch.float64, device="cpu")
        scores.append(_composition(tall[:1], wide[:1], tall[1:], wide[1:]).item())
    return sum(scores) / len(scores)


# %% [markdown]
# **Look at it.** The K-composition of all heads of layer 0 with all heads of layer 1, above the random baseline; and
# for the strongest pair all three kinds.

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench, plots

    bench = open_bench()
    model = bench.model
    scores = composition_scores(model.W_V[0], model.W_O[0], model.W_Q[1], model.W_K[1], model.W_V[1], model.W_O[1])
    baseline = random_baseline(bench.d_model, bench.d_head, samples=50, seed=0)
    print(f"random pairs score {baseline:.3f}; 1 / sqrt(d_model) is {bench.d_model**-0.5:.3f}")
    for kind, score in scores.items():
        early, late = divmod(int(score.argmax()), score.shape[1])
        print(f"{kind}-composition: highest for L0H{early} with L1H{late}, {score[early, late].item():.3f}")
    early, late = divmod(int(scores["K"].argmax()), scores["K"].shape[1])
    kinds = "  ".join(f"{kind} {score[early, late].item() - baseline:+.3f}" for kind, score in scores.items())
    print(f"L0H{early} with L1H{late}, above the baseline: {kinds}")
    plots.heatmap(
        scores["K"] - baseline,
        x=[f"L1H{head}" for head in range(bench.n_heads)],
        y=[f"L0H{head}" for head in range(bench.n_heads)],
        xlabel="later head",
        ylabel="earlier head",
        title="K-composition, above random pairs",
        value="score minus baseline",
        save="attention_patterns/composition_scores",
    )
