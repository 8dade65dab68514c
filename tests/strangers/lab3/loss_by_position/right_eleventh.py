# Generated from solutions/lab3/loss_by_position.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # Loss by position
#
# You can see that a model has induction heads before you look at a single head: on repeated random tokens its loss
# **falls off a cliff** where the repetition starts. This exercise measures the cliff.
#
# At position $i$ the model has read $t_0 \dots t_i$ and gives a logit for each token that might come next. The loss of
# that prediction is the negative log-probability of the token that really came:
#
# $$\ell_i = -\log p(t_{i+1} \mid t_0 \dots t_i) = -\log \mathrm{softmax}(\mathrm{logits}_i)_{\,t_{i+1}},
#   \qquad i = 0, \dots, n-2$$
#
# in **nats** (natural logarithm). There are $n$ positions but $n - 1$ losses: the last prediction has no token to
# compare with.
#
# **A small example.** The model gives the right next tokens probabilities of 0.5 and 0.01. The losses are
# $-\ln 0.5 = 0.69$ and $-\ln 0.01 = 4.61$ nats.
#
# **Shapes.** `logits` is `[batch, pos, d_vocab]`, `tokens` is `[batch, pos]`, the result is `[batch, pos - 1]`. Entry
# $i$ is the loss of the prediction made *at* position $i$, and of the token that stands at position $i + 1$.
#
# **The two halves.** The tokens are BOS, `half` random tokens and the same `half` again, so `pos = 1 + 2 * half`. A
# loss belongs to the half of the token that is **predicted**:
#
# | what is predicted | tokens at positions | losses with index |
# |---|---|---|
# | the first half | `1 … half` | `0 … half - 1` |
# | the second half | `half + 1 … 2 * half` | `half … 2 * half - 1` |
#
# The first token of the second half counts as second half. The model cannot foresee it, because nothing announces that
# the repetition begins.
#
# A model that knows nothing can always bet evenly, at $\ln V$ nats a token for a vocabulary of $V$. Against this number
# the first half should look bad and the second half good. Elhage et al. (2021, [A Mathematical Framework for
# Transformer Circuits](https://transformer-circuits.pub/2021/framework/index.html), "Induction Heads") use repeated
# random text to show induction heads in two-layer attention-only models. Olsson et al. (2022, [In-context Learning and
# Induction Heads](https://arxiv.org/abs/2209.11895)) use the same idea on ordinary text: the loss late in the context
# minus the loss early in it.

# %%
import torch
from jaxtyping import Float, Int
from torch import Tensor


# %%
def loss_by_position(
    logits: Float[Tensor, "batch pos d_vocab"], tokens: Int[Tensor, "batch pos"]
) -> tuple[Float[Tensor, "batch pos-1"], Float[Tensor, "half=2"]]:
    """Compute the next-token loss of every prediction, and its mean over each half of a repeated sequence.

    Source: Olsson et al. 2022, https://arxiv.org/abs/2209.11895; Elhage et al. 2021,
    https://transformer-circuits.pub/2021/framework/index.html

    Args:
        logits: the model's output, shape `[batch, pos, d_vocab]`.
        tokens: the model's input, shape `[batch, pos]` with `pos = 1 + 2 * half`: BOS, the first half, the second half.

    Returns:
        A tuple `(loss, half_means)`. `loss`, shape `[batch, pos - 1]`, in nats: entry `[b, i]` is the negative
        log-probability that the logits at position `i` give to the token at position `i + 1`. A loss can be very large,
        but it is finite, also where logits are in the hundreds. `half_means`, shape `[2]`: the mean loss, over the batch
        and the positions, of the tokens of the first half and of the second half, in this order.

    Raises:
        ValueError: `logits` and `tokens` do not have the same batch and pos, or `pos` is not `1 + 2 * half` with `half`
            at least 1.

    """
    if tuple(logits.shape[:2]) != tuple(tokens.shape):
        raise ValueError(f"logits {tuple(logits.shape)} and tokens {tuple(tokens.shape)} do not have the same batch and pos")
    half, rest = divmod(tokens.shape[1] - 1, 2)
    if rest != 0 or half < 1:
        raise ValueError(f"pos must be 1 + 2 * half with half >= 1, got {tokens.shape[1]}")
    told = logits[:, :-1]
    if told.dtype not in (torch.float32, torch.float64):
        told = told.float()
    came = tokens[:, 1:].to(told.device).long()
    loss = torch.nn.functional.cross_entropy(told.flatten(0, 1), came.flatten(), reduction="none").view(came.shape)
    half_means = loss.unflatten(1, (2, half)).mean(dim=(0, 2))
    return loss, half_means


# %% [markdown]
# **Look at it.** The loss of each predicted token, averaged over the batch, and the line of a model that knows nothing.

# %% tags=["demo"]
if __name__ == "__main__":
    import math

    from mechgrade.bench import open_bench, plots

    bench = open_bench()
    half = 30
    tokens = bench.repeated_tokens(batch=8, half=half, seed=1)
    loss, half_means = loss_by_position(bench.run(tokens), tokens)
    print(f"mean loss on the first half  {half_means[0].item():.3f} nats")
    print(f"mean loss on the second half {half_means[1].item():.3f} nats")
    print(f"a uniform guess              {math.log(bench.d_vocab):.3f} nats")
    plots.lines(
        {
            "model": loss.mean(dim=0).tolist(),
            "uniform guess": [math.log(bench.d_vocab)] * (2 * half),
        },
        x=list(range(1, 2 * half + 1)),
        xlabel=f"position of the predicted token (the repetition starts at {half + 1})",
        ylabel="loss (nats)",
        title="Loss on random tokens that repeat",
        save="attention_patterns/loss_by_position",
    )
