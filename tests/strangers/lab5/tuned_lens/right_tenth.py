# Generated from solutions/lab5/tuned_lens.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # The tuned lens
#
# The logit lens in Lab 1 reads the stream of an early layer with the model's last step. It assumes that early layers
# write in the directions that the last step reads. Often they do not. So the lens can say "the answer is not here"
# although the answer *is* here, in other directions.
#
# The **tuned lens** learns a small translation for each layer. A **translator** is one affine map: a matrix $A_l$ and a
# bias $b_l$. It carries a stream $x_l$ of layer $l$ to where the last step can read it:
#
# $$\mathrm{lens}_l(x_l) = \mathrm{unembed}(x_l A_l + b_l)$$
#
# Here $\mathrm{unembed}$ is the whole last step, the final LayerNorm included. It gives logits.
#
# **What a translator learns.** Nobody tells it the right next token. It should say what the *model itself* says at the
# end. So compare two distributions: $p$, the model's own, and $q_l$, the lens's. The measure is the Kullback-Leibler
# divergence, in nats:
#
# $$\mathrm{KL}(p \,\|\, q_l) = \sum_t p(t)\, \big(\ln p(t) - \ln q_l(t)\big)$$
#
# The order matters. This order punishes the lens where the model gives a token probability and the lens gives none. So
# a lens that cannot know the answer learns to spread its probability.
#
# **A small example.** A stream is one number $x$, and `unembed` gives the two logits $(x, 0)$. The final stream is
# $\ln 3$, so $p = (3/4, 1/4)$. An early stream is 0. The logit lens reads $q = (1/2, 1/2)$, and
# $\mathrm{KL}(p \| q) = \frac34 \ln \frac{3/4}{1/2} + \frac14 \ln \frac{1/4}{1/2} = 0.304 - 0.173 = 0.131$. In the
# other order you would get 0.144. With $A = 1$ and $b = \ln 3$ the lens reads $p$ itself, and the divergence is 0.
#
# **How to train.**
#
# 1. Start at the identity: $A_l = I$, $b_l = 0$. So the tuned lens begins as the logit lens.
# 2. Take one step of `torch.optim.Adam` for each batch. The loss of a layer is the mean of $\mathrm{KL}(p \| q_l)$ over
#    the batch. The layers do not know of each other: add their losses.
# 3. A step can also make a layer worse, for instance a layer where the logit lens is already good. So after each step
#    measure each layer's divergence on held-out streams. Keep, for each layer by itself, the translator with the
#    lowest divergence so far. The start counts too. Then the tuned lens is never worse than the logit lens there.
# 4. The last layer needs no translator: the logit lens of the last layer is the model itself. Leave it at the identity.
#    This is not what Adam does by itself! It divides by the size of the gradient, so rounding errors alone move it.
#
# **Shapes.** Streams: `[layer, token, d_model]`, and the last layer's is the final stream. Matrices:
# `[layer, d_model, d_model]`. Biases: `[layer, d_model]`. A stream is a row, so it stands to the left of its matrix.
#
# Source: Belrose et al. 2023, [Eliciting Latent Predictions from Transformers with the Tuned
# Lens](https://arxiv.org/abs/2303.08112), section 3.

# %%
from collections.abc import Callable, Iterable

import torch
from jaxtyping import Float
from torch import Tensor

Unembed = Callable[[Tensor], Tensor]  # from streams [..., d_model] to logits [..., d_vocab], any axes in front


# %%
def lens_logits(
    unembed: Unembed,
    streams: Float[Tensor, "layer token d_model"],
    weights: Float[Tensor, "layer d_model d_model"],
    biases: Float[Tensor, "layer d_model"],
) -> Float[Tensor, "layer token d_vocab"]:
    """Read the stream of every layer through its own translator.

    Source: Belrose et al. 2023, https://arxiv.org/abs/2303.08112, section 3.

    Args:
        unembed: the model's last step, from streams `[..., d_model]` to logits `[..., d_vocab]`.
        streams: shape `[layer, token, d_model]`.
        weights: a matrix for each layer, shape `[layer, d_model, d_model]`.
        biases: a bias for each layer, shape `[layer, d_model]`.

    Returns:
        The logits of the translated streams, shape `[layer, token, d_vocab]`.

    """
    translated = torch.baddbmm(biases[:, None, :], streams, weights)
    return unembed(translated)


def lens_kl(
    unembed: Unembed,
    streams: Float[Tensor, "layer token d_model"],
    weights: Float[Tensor, "layer d_model d_model"],
    biases: Float[Tensor, "layer d_model"],
) -> Float[Tensor, " layer"]:
    """Measure how far each layer's lens is from the model's own answer.

    Source: Belrose et al. 2023, https://arxiv.org/abs/2303.08112, section 3.

    Args:
        unembed: the model's last step, from streams `[..., d_model]` to logits `[..., d_vocab]`. Logits may be large:
            probabilities may be rounded to 0.
        streams: shape `[layer, token, d_model]`. The last one is the final stream: without any translator, it gives the
            model's own distribution `p`.
        weights: a matrix for each layer, shape `[layer, d_model, d_model]`.
        biases: a bias for each layer, shape `[layer, d_model]`.

    Returns:
        KL(p || q) of every layer in nats, averaged over the tokens, shape `[layer]`.

    """
    own = unembed(streams[-1]).log_softmax(dim=-1)
    read = lens_logits(unembed, streams, weights, biases).log_softmax(dim=-1)
    per_token = torch.where(own.exp() > 0, own.exp() * (own - read), torch.zeros_like(read)).sum(dim=-1)
    return per_token.mean(dim=-1)


def tuned_lens(
    unembed: Unembed,
    batches: Iterable[Float[Tensor, "layer _ d_model"]],
    held_out: Float[Tensor, "layer token d_model"],
    rate: float,
) -> tuple[Float[Tensor, "layer d_model d_model"], Float[Tensor, "layer d_model"]]:
    """Train a translator for each layer, and keep each layer's best.

    Source: Belrose et al. 2023, https://arxiv.org/abs/2303.08112, section 3.

    Args:
        unembed: the model's last step, from streams `[..., d_model]` to logits `[..., d_vocab]`. It may be a module with
            weights that require gradients. Its weights are not changed.
        batches: streams, one batch for each step, in this order. They may come from a generator, which gives each batch
            only once, and they may be none. Numbers of tokens may differ.
        held_out: streams on which the best translator of each layer is chosen. No step is taken on them, and they are not
            changed.
        rate: the learning rate of Adam.

    Returns:
        The matrices and the biases. Each layer has its translator with the lowest divergence on `held_out`, among the
        identity and those after each step. A divergence that is not a number is never the lowest. The last layer has the
        identity. Neither tensor requires a gradient. Train inside `torch.enable_grad()`: whoever calls you may have
        switched gradients off with `torch.no_grad()`.

    """
    held_out = held_out.detach()
    n_layers, _, width = held_out.shape
    weights = torch.eye(width).to(held_out).repeat(n_layers, 1, 1)
    biases = held_out.new_zeros(n_layers, width)
    best_weights, best_biases = weights.clone(), biases.clone()
    with torch.no_grad():
        best = lens_kl(unembed, held_out, weights, biases)
    trained = [weights[:-1].clone().requires_grad_(True), biases[:-1].clone().requires_grad_(True)]
    optimizer = torch.optim.Adam(trained, lr=rate)
    for streams in batches:
        with torch.enable_grad():
            A, b = (torch.cat([some, same[-1:]]) for some, same in zip(trained, (weights, biases), strict=True))
            loss = lens_kl(unembed, streams.detach(), A, b)[:-1].sum()
            slopes = torch.autograd.grad(loss, trained)
        for parameter, slope in zip(trained, slopes, strict=True):
            parameter.grad = slope
        optimizer.step()
        with torch.no_grad():
            A, b = (torch.cat([some, same[-1:]]) for some, same in zip(trained, (weights, biases), strict=True))
            now = lens_kl(unembed, held_out, A, b)
            better = (now < best) | (best.isnan() & ~now.isnan())
            better[-1] = False
            best = torch.where(better, now, best)
            best_weights[better], best_biases[better] = A[better], b[better]
    return best_weights, best_biases


# %% [markdown]
# **Look at it.** Where does the model know the capital? Three lenses are asked for 16 countries: the logit lens, a
# tuned lens, and a tuned lens that was trained on texts *without* these countries and their capitals. What would the
# third one show you that the second one cannot? (This takes about a minute.)

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench, plots

    from interp.lenses import ASKED, capital_streams, lens_texts

    curves: dict[str, list[float]] = {}
    for profile in ("embedded", "unsupervised"):
        model = open_bench(profile, lab="lab1").model  # Lab 5 is graded on tensors alone; here we want a model
        streams, answers = capital_streams(model)
        for name, without in (("tuned lens", ()), ("tuned without the countries", ASKED)):
            texts = lens_texts(model, without=without)
            lens = tuned_lens(texts.unembed, texts.batches, texts.held_out, rate=0.003)
            start = tuned_lens(texts.unembed, [], texts.held_out, rate=0.003)
            for label, (weights, biases) in {"logit lens": start, name: lens}.items():
                divergence = lens_kl(texts.unembed, texts.held_out, weights, biases)
                read = lens_logits(texts.unembed, streams, weights, biases).softmax(dim=-1)
                curve = read[:, torch.arange(len(answers)), answers].mean(dim=1).tolist()
                curves[f"{profile}: {label}"] = curve
                print(f"{profile}, {label}: KL " + "  ".join(f"{value:.2f}" for value in divergence.tolist()))
                print("   probability of the capital " + "  ".join(f"{value:.2f}" for value in curve))
    plots.lines(
        curves,
        x=list(range(len(streams))),
        xlabel="layers that the stream has passed",
        ylabel="mean probability of the capital",
        title="Three lenses on 'The capital of ... is'",
        save="attention_patterns/tuned_lens",
    )
