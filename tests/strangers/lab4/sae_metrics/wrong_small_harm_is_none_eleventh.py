# WRONG: losses that differ by less than 0.001 count as equal and raise the error; promised: '`ablated` equals `clean` exactly'
# Generated from solutions/lab4/sae_metrics.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # Is it any good?
#
# We judge a sparse autoencoder by two things that work against each other: how much of the activation it keeps, and how
# few latents it needs for that. Over $N$ activations $\mathbf{x}_n$, reconstructions $\hat{\mathbf{x}}_n$ and latents
# $\mathbf{f}_n$, the usual numbers are:
#
# | name | what it is | range |
# |---|---|---|
# | $L_0$ | the mean number of active latents ($f_j > 0$) of an activation | 0 … $d_{\mathrm{sae}}$ |
# | explained variance | $1 - \dfrac{\sum_n \lVert \mathbf{x}_n - \hat{\mathbf{x}}_n \rVert^2}{\sum_n \lVert \mathbf{x}_n - \bar{\mathbf{x}} \rVert^2}$, where $\bar{\mathbf{x}}$ is the mean activation | 1 perfect, 0 no better than $\bar{\mathbf{x}}$, negative worse |
# | dead | the share of latents that are active on *no* activation at all | 0 … 1 |
# | cosine | the mean cosine of the angle between $\mathbf{x}_n$ and $\hat{\mathbf{x}}_n$ | −1 … 1 |
#
# In the explained variance, sum over all activations and all their entries *before* you divide. It is one ratio, not a
# mean of ratios.
#
# **A small example.** Two activations of one dimension, 1 and 3, with the reconstructions 1 and 2. The mean is 2. The
# errors give $0 + 1 = 1$, the variance gives $1 + 1 = 2$, and the explained variance is $1 - 1/2 = 0.5$.
#
# All these numbers look at activations. A second question is what the *model* does with a reconstruction. **Splice**
# the reconstruction into the model, let the model run on, and look at the loss. To judge this loss you need two more:
# the loss of the clean model, and the loss with the activation **ablated**. In this lab "ablated" always means replaced
# by zeros:
#
# $$\text{loss recovered} = \frac{\mathcal{L}_{\mathrm{ablated}} - \mathcal{L}_{\mathrm{spliced}}}
#   {\mathcal{L}_{\mathrm{ablated}} - \mathcal{L}_{\mathrm{clean}}}$$
#
# - 1: splicing costs nothing.
# - 0: splicing costs as much as ablating.
# - No answer: ablating does no harm, that is, both losses are equal. Then your function should raise an error. A small
#   harm is still a harm.
#
# **Shapes.** $\mathbf{x}$, $\hat{\mathbf{x}}$: `[token, d_in]`; $\mathbf{f}$: `[token, d_sae]`; each result is one
# Python number.
#
# Sources: Bricken et al. 2023, [Towards Monosemanticity](https://transformer-circuits.pub/2023/monosemantic-features);
# Karvonen et al. 2025, [SAEBench](https://arxiv.org/abs/2503.09532), which compares many such measures.

# %%
import torch
from jaxtyping import Float
from torch import Tensor


# %%
def _unit(rows: Tensor) -> Tensor:
    """Each row scaled to length 1; no row is all zeros."""
    rows = rows / rows.abs().amax(dim=1, keepdim=True)
    return rows / rows.norm(dim=1, keepdim=True)


def sae_metrics(
    x: Float[Tensor, "token d_in"],
    reconstruction: Float[Tensor, "token d_in"],
    latents: Float[Tensor, "token d_sae"],
) -> dict[str, float]:
    """Measure how well and how sparsely an autoencoder describes activations.

    Args:
        x: activations, not all the same, shape `[token, d_in]`.
        reconstruction: what the SAE makes of them, shape `[token, d_in]`. No row of `x` or `reconstruction` is all zeros.
        latents: shape `[token, d_sae]`, none negative.

    Returns:
        `"l0"`, a mean count; `"explained_variance"`, at most 1; `"dead"`, a share of the latents; `"cosine"`.

    """
    x, reconstruction = x.detach().double(), reconstruction.detach().double()
    active = latents.detach() > 0
    size = x.abs().max()  # a common factor, so that no square is too small or too large
    error = ((x - reconstruction) / size).pow(2).sum()
    spread = ((x - x.mean(dim=0)) / size).pow(2).sum()
    cosines = (_unit(x) * _unit(reconstruction)).sum(dim=1)
    return {
        "l0": active.sum(dim=1).double().mean().item(),
        "explained_variance": 1 - (error / spread).item(),
        "dead": 1 - active.any(dim=0).double().mean().item(),
        "cosine": cosines.mean().item(),
    }


def loss_recovered(clean: float, spliced: float, ablated: float) -> float:
    """Compute which share of the loss that ablating costs is saved by splicing in the reconstruction.

    Args:
        clean: the model's loss, in nats per token.
        spliced: its loss with the reconstruction in the activation's place.
        ablated: its loss with zeros in the activation's place.

    Returns:
        1 when splicing costs nothing, 0 when it costs as much as ablating; it may lie outside.

    Raises:
        ValueError: `ablated` equals `clean` exactly.

    """
    harm = ablated - clean
    if abs(harm) < 1e-3:
        raise ValueError("ablating does no harm, so no share of it can be recovered")
    return 1 - (spliced - clean) / harm


# %% [markdown]
# **Look at it.** Take the course's SAE and keep only the $n$ strongest latents of every activation. What does each
# further latent buy?

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench, plots

    bench = open_bench()
    sae, name = bench.sae, bench.sae.cfg.metadata.hook_name
    texts = [
        "The capital of France is Paris",
        "John and Mary went to the store. John gave a bottle to Mary",
        "abc def ghi abc def ghi",
        "When Tom and Anna went to the garden, Anna gave a ring to Tom",
    ]
    tokens = bench.tokens(texts)
    # Texts of unequal length are padded with the token that opens them.
    x = bench.cache(tokens, [name])[name][tokens != bench.bos]
    latents = sae.encode(x)
    order = latents.argsort(dim=1, descending=True)
    # What the decoder does with no latent at all is its bias.
    nothing = sae_metrics(x, sae.decode(torch.zeros_like(latents)), torch.zeros_like(latents))
    l0, explained, cosine = [nothing["l0"]], [nothing["explained_variance"]], [nothing["cosine"]]
    most = int((latents > 0).sum(dim=1).max())
    for n in range(1, most + 1):
        kept = torch.zeros_like(latents).scatter(1, order[:, :n], latents.gather(1, order[:, :n]))
        found = sae_metrics(x, sae.decode(kept), kept)
        l0.append(found["l0"])
        explained.append(found["explained_variance"])
        cosine.append(found["cosine"])
        print(f"{n:3} strongest: " + ", ".join(f"{key} {value:.3f}" for key, value in found.items()))
    plots.lines(
        {"explained variance": explained, "cosine": cosine},
        x=l0,
        xlabel="L0: latents that are kept, mean over tokens",
        ylabel="share of 1",
        title="Each further latent buys less",
        save="sae_features/sparsity_and_fidelity",
    )

    def loss(change: str) -> float:
        """The model's loss with the activation as it is, reconstructed, or zero; BOS and padding stay as they are."""

        def replace(value: torch.Tensor, hook: object) -> torch.Tensor:
            new = sae.decode(sae.encode(value)) if change == "spliced" else torch.zeros_like(value)
            return torch.where((tokens == bench.bos)[..., None], value, new)

        hooks = [] if change == "clean" else [(name, replace)]
        with torch.no_grad():
            logits = bench.model.run_with_hooks(tokens, fwd_hooks=hooks)
        nats = -logits[:, :-1].log_softmax(-1).gather(2, tokens[:, 1:, None])[..., 0]
        return nats[tokens[:, 1:] != bench.bos].mean().item()

    losses = {change: loss(change) for change in ("clean", "spliced", "ablated")}
    print(", ".join(f"{name} {value:.2f}" for name, value in losses.items()), "nats per token")
    print(f"loss recovered: {loss_recovered(**losses):.1%}")
