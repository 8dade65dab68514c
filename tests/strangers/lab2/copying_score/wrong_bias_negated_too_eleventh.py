# WRONG: with negative the finished logits are negated, and with them the bias b_U; promised: 'negated if asked for, normalised again, through W_U, plus b_U.'
# Generated from solutions/lab2/copying_score.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # Does a head copy what it looks at?
#
# The attention pattern says where a head looks. The OV circuit says what the head *writes* when it looks at some place:
# the product $W_V W_O$ takes the residual stream there and turns it into what is added at the query's place. A **name
# mover** should write the name that it looks at. If it looks at " Mary", its output should make " Mary" likely. You can
# test this without any prompt about two people, from weights and single tokens.
#
# Take the residual stream $x_t$ of a token $t$. Send it through the head as if the head attended to it with weight 1,
# and read the result at the unembedding:
#
# $$y_t = \pm\, \mathrm{LN}(x_t)\, W_V W_O, \qquad
#   \mathrm{logits}_t = \mathrm{LN}(y_t)\, W_U + b_U, \qquad
#   \mathrm{LN}(x) = \frac{x - \mathrm{mean}(x)}{\sqrt{\mathrm{var}(x) + \epsilon}}$$
#
# (mean and variance over the components of $x$; the variance divides by their number). The first LN is the LayerNorm in
# front of the head's layer, the second is the model's final LayerNorm. Their weights are folded into the matrices, as
# TransformerLens does by default, so LN has no weights here. With the minus sign we ask about *anti-copying*: does the
# head push the token down?
#
# The **copying score** is the share of tokens that come out among the $k$ highest logits of their own row. Wang et al.
# use $k = 5$ over 1,000 samples of names. A **negative name mover** has a high score with the minus sign. If a token's
# logit equals the $k$-th highest, both answers are right: the checks have no such ties.
#
# **A small example.** Three tokens and $k = 1$. Token 0 has the logits `[5, 1, 0]`, token 1 has `[3, 4, 0]`, token 2
# has `[9, 1, 2]`. Tokens 0 and 1 come first in their own rows, token 2 does not. The score is 2/3.
#
# **Shapes.** `residual` is `[token, d_model]`, one row for each token; `W_V` is `[d_model, d_head]`, `W_O`
# `[d_head, d_model]`, `W_U` `[d_model, d_vocab]`, `b_U` `[d_vocab]`. All the weights are *one* head's: with
# TransformerLens, `model.W_V[layer, head]`, `model.W_O[layer, head]`, and `model.W_U`, `model.b_U` for all.
#
# The matrix $W_V W_O$ is `[d_model, d_model]` but has only rank `d_head`. Multiply from the left, and you never need
# the whole matrix.
#
# Source: Wang et al. (2022, [Interpretability in the Wild](https://arxiv.org/abs/2211.00593)), section 3.1; the OV
# circuit is from Elhage et al. (2021, [A Mathematical Framework for Transformer
# Circuits](https://transformer-circuits.pub/2021/framework/index.html)).

# %%
import torch
from jaxtyping import Float, Int
from torch import Tensor


# %%
def _normalise(x: Tensor, eps: float) -> Tensor:
    """LayerNorm without weights."""
    centred = x - x.mean(dim=-1, keepdim=True)
    return centred * torch.rsqrt(centred.square().mean(dim=-1, keepdim=True) + eps)


def ov_logits(
    residual: Float[Tensor, "token d_model"],
    W_V: Float[Tensor, "d_model d_head"],
    W_O: Float[Tensor, "d_head d_model"],
    W_U: Float[Tensor, "d_model d_vocab"],
    b_U: Float[Tensor, " d_vocab"],
    negative: bool = False,
    eps: float = 1e-5,
) -> Float[Tensor, "token d_vocab"]:
    """Give the logits that a head would write if it attended to one place alone.

    Source: Wang et al. 2022, https://arxiv.org/abs/2211.00593, section 3.1

    Args:
        residual: what stands in the residual stream before the head's layer, one row for each token looked at.
        W_V: the head's value weights.
        W_O: the head's output weights.
        W_U: the unembedding.
        b_U: the unembedding's bias.
        negative: whether to turn the head's output round, to ask about anti-copying.
        eps: what both LayerNorms add to the variance.

    Returns:
        Logits `[token, d_vocab]`: the residual, normalised (LayerNorm without weights), through W_V and W_O, negated if
        asked for, normalised again, through W_U, plus b_U.

    """
    written = _normalise(residual, eps) @ W_V @ W_O
    logits = _normalise(written, eps) @ W_U + b_U
    return -logits if negative else logits


# %%
def copying_score(logits: Float[Tensor, "token d_vocab"], tokens: Int[Tensor, " token"], k: int = 5) -> float:
    """Give the share of tokens that are among the k highest logits of their own row.

    Source: Wang et al. 2022, https://arxiv.org/abs/2211.00593, section 3.1

    Args:
        logits: what a head writes when it looks at each of some tokens, one row for each.
        tokens: the id of each row's token.
        k: how many of the highest logits count as a hit, at least 1 and at most d_vocab.

    Returns:
        A number between 0 and 1, a Python float. A token that stands in several rows counts in each of them.

    Raises:
        ValueError: k is less than 1 or more than d_vocab, or there is not exactly one token for each row.

    """
    rows, d_vocab = logits.shape
    if k < 1 or k > d_vocab:
        raise ValueError(f"k must be from 1 to {d_vocab}, not {k}")
    if tuple(tokens.shape) != (rows,):
        raise ValueError(f"{rows} rows of logits need {rows} tokens, not {tuple(tokens.shape)}")
    own = logits.gather(1, tokens.to(logits.device).long().unsqueeze(1))
    better = (logits > own).sum(dim=1)  # how many logits of the row are above the token's own
    return int((better < k).sum()) / rows


# %% [markdown]
# **Look at it.** Both scores of every head, over all names that are one token. As in the paper, the head gets the state
# after the first layer's MLP. In a model with tied embeddings, this MLP takes part in embedding the token.

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench, plots

    from interp.prompts import NAMES

    bench = open_bench()
    model = bench.model
    words = [name for name in NAMES if bench.tokens(f" {name}").shape[1] == 2]  # BOS and one token
    tokens = bench.tokens([f" {name}" for name in words])
    _, cache = model.run_with_cache(tokens, names_filter=["blocks.0.hook_resid_post"])
    residual, names = cache["resid_post", 0][:, 1], tokens[:, 1]
    scores = torch.zeros(2, bench.n_layers, bench.n_heads)
    for layer in range(bench.n_layers):
        for head in range(bench.n_heads):
            for row, negative in enumerate((False, True)):
                weights = (model.W_V[layer, head], model.W_O[layer, head], model.W_U, model.b_U)
                scores[row, layer, head] = copying_score(ov_logits(residual, *weights, negative=negative), names)
    heads = [f"L{layer}H{head}" for layer in range(bench.n_layers) for head in range(bench.n_heads)]
    print(f"{len(words)} names; by chance a name is among 5 of {bench.d_vocab} tokens in {5 / bench.d_vocab:.4f}")
    for name, (copying, anti) in zip(heads, scores.flatten(1).T.tolist(), strict=True):
        print(f"{name:6} copying {copying:.2f}   anti-copying {anti:.2f}")
    plots.heatmap(
        scores.flatten(1).T,
        x=["copying", "anti-copying"],
        y=heads,
        xlabel="",
        ylabel="head",
        title="Does the head write the name that it looks at?",
        value="share of names in the top 5",
        save="patching_results/copying_score",
    )
