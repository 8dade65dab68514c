# WRONG: the factor is taken from the root of the mean squared length, not from the mean length; promised: 'such that their *mean* length is $\sqrt{d_{\mathrm{in}}}$'
# Generated from solutions/lab4/train_sae.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # Training a sparse autoencoder
#
# You have a **cache** of activations, `[batch, pos, d_in]`. You want directions that explain the activations, few at a
# time. There are three steps, a function each:
#
# 1. **Choose and scale.** Some positions are not text: padding, and the token that opens every input. The activation of
#    the opening token is unlike all others, and longer. A `mask` tells you which positions are real; learn only from
#    these. Activations also differ in size from layer to layer and model to model, and a learning rate is a fixed
#    number. So multiply all activations by one common factor $s$, such that their *mean* length is
#    $\sqrt{d_{\mathrm{in}}}$:
#    $$s = \sqrt{d_{\mathrm{in}}} \Big/ \frac{1}{N} \sum_n \lVert \mathbf{x}_n \rVert_2$$
# 2. **Train.** A top-k autoencoder: $\mathbf{f} = \mathrm{TopK}((\mathbf{x} - \mathbf{b}_{\mathrm{dec}})
#    W_{\mathrm{enc}} +
#    \mathbf{b}_{\mathrm{enc}})$, which keeps the $k$ largest *positive* entries, and $\hat{\mathbf{x}} = \mathbf{f}
#    W_{\mathrm{dec}} + \mathbf{b}_{\mathrm{dec}}$. The loss is $\lVert \mathbf{x} - \hat{\mathbf{x}} \rVert^2$,
#    averaged over a batch. With top-k you need no penalty.
# 3. **Scale back.** The autoencoder should work on activations as they come. Fold $s$ into its weights:
#    $W_{\mathrm{enc}} \to s W_{\mathrm{enc}}$, $W_{\mathrm{dec}} \to W_{\mathrm{dec}} / s$,
#    $\mathbf{b}_{\mathrm{dec}} \to \mathbf{b}_{\mathrm{dec}} / s$; $\mathbf{b}_{\mathrm{enc}}$ stays.
#
# **A small example.** With $d_{\mathrm{in}} = 4$ and activations of length 6 and 10, the mean length is 8, and
# $s = 2 / 8 = 0.25$.
#
# **A recipe** that works within a few hundred steps: decoder rows random and of length 1, the encoder their transpose,
# $\mathbf{b}_{\mathrm{enc}} = 0$, $\mathbf{b}_{\mathrm{dec}}$ the mean activation; then `torch.optim.Adam` with
# learning rate 0.01, each step on 128 activations drawn at random.
#
# **How it is judged.** On activations that your autoencoder has not seen, over several seeds: how much variance it
# explains with at most $k$ latents, and how many of its latents are alive. On made-up data, whose true directions are
# known, also how many of those directions it has found. Training takes time, so all this is asked only after a hundred
# steps or more. Two good autoencoders need not have a single weight in common, so another batch size, learning rate or
# schedule is right, too, where the result is as good.
#
# **Shapes.** Activations: `[batch, pos, d_in]`; mask: `[batch, pos]`; $W_{\mathrm{enc}}$: `[d_in, d_sae]`;
# $\mathbf{b}_{\mathrm{enc}}$: `[d_sae]`; $W_{\mathrm{dec}}$: `[d_sae, d_in]`; $\mathbf{b}_{\mathrm{dec}}$: `[d_in]`.
#
# Source: Gao et al. 2024, [Scaling and evaluating sparse autoencoders](https://arxiv.org/abs/2406.04093), section 2.

# %%
import torch
from jaxtyping import Bool, Float
from torch import Tensor


# %%
def training_tokens(
    activations: Float[Tensor, "batch pos d_in"], mask: Bool[Tensor, "batch pos"]
) -> tuple[Float[Tensor, "token d_in"], float]:
    """Choose the activations of real tokens, scaled to a mean length of sqrt(d_in).

    Args:
        activations: shape `[batch, pos, d_in]`.
        mask: which positions are real, shape `[batch, pos]`; at least one is.

    Returns:
        The chosen activations, text after text, times the factor, shape `[token, d_in]`; and the factor, a Python number.

    """
    chosen = activations.detach()[mask.to(torch.bool)]
    wide = chosen.double()
    size = wide.abs().max().clamp(min=torch.finfo(torch.float64).tiny)  # against squares that are too small or too large
    mean_length = (wide / size).norm(dim=1).pow(2).mean().sqrt() * size
    scale = (chosen.shape[1] ** 0.5 / mean_length).item()
    return (wide * scale).to(chosen.dtype), scale


def unscale(sae: dict[str, Tensor], scale: float) -> dict[str, Tensor]:
    """Fold a factor into an autoencoder that was trained on scaled activations, so that it works on unscaled ones.

    Args:
        sae: `"W_enc"`, `"b_enc"`, `"W_dec"`, `"b_dec"`, trained on activations times `scale`.
        scale: the factor.

    Returns:
        New weights of the same names: the same latents, and the reconstruction divided by `scale`.

    """
    return {
        "W_enc": sae["W_enc"] * scale,
        "b_enc": sae["b_enc"].clone(),
        "W_dec": sae["W_dec"] / scale,
        "b_dec": sae["b_dec"] / scale,
    }


def train_sae(
    activations: Float[Tensor, "batch pos d_in"],
    mask: Bool[Tensor, "batch pos"],
    d_sae: int,
    k: int,
    steps: int,
    seed: int,
) -> dict[str, Tensor]:
    """Train a top-k autoencoder on the activations of real tokens.

    Source: Gao et al. 2024, https://arxiv.org/abs/2406.04093

    Args:
        activations: of any scale, shape `[batch, pos, d_in]`.
        mask: which positions are real, shape `[batch, pos]`.
        d_sae: the number of latents.
        k: how many may be active.
        steps: the number of training steps, at least 1.
        seed: of the random numbers. The same seed gives the same result, and another seed gives another one. The global
            random states of PyTorch, NumPy and Python are the same afterwards.

    Returns:
        `"W_enc"`, `"b_enc"`, `"W_dec"`, `"b_dec"`, without gradients, for activations as they come. Train inside
        `torch.enable_grad()`: whoever calls you may have switched gradients off.

    """
    tokens, scale = training_tokens(activations, mask)
    generator = torch.Generator().manual_seed(seed)
    start = torch.randn(d_sae, tokens.shape[1], generator=generator, dtype=torch.float64)
    start = (start / start.norm(dim=1, keepdim=True)).to(tokens)
    with torch.enable_grad():
        weights = {
            "W_enc": start.T.clone().contiguous().requires_grad_(True),
            "b_enc": torch.zeros(d_sae).to(tokens).requires_grad_(True),
            "W_dec": start.clone().requires_grad_(True),
            "b_dec": tokens.mean(dim=0).requires_grad_(True),
        }
        optimiser = torch.optim.Adam(weights.values(), lr=0.01)
        for _ in range(steps):
            drawn = torch.randint(len(tokens), (128,), generator=generator)
            x = tokens[drawn.to(tokens.device)]
            pre = (x - weights["b_dec"]) @ weights["W_enc"] + weights["b_enc"]
            values, places = pre.topk(k, dim=1)
            latents = torch.zeros_like(pre).scatter(1, places, values.relu())
            gap = x - latents @ weights["W_dec"] - weights["b_dec"]
            optimiser.zero_grad()
            gap.square().sum(dim=1).mean().backward()
            optimiser.step()
    trained = {name: weight.detach() for name, weight in weights.items()}
    return unscale(trained, scale)


# %% [markdown]
# **Look at it.** An autoencoder for the middle of the course model, trained for longer and longer. How much of the
# variance of unseen activations does it explain?

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench, plots

    torch.set_num_threads(1)  # on tensors this small, threads wait for one another more than they compute
    bench = open_bench()
    name = f"blocks.{bench.n_layers // 2}.hook_resid_pre"
    half = min(20, (bench.n_ctx - 1) // 2)
    seen, unseen = bench.repeated_tokens(128, half, seed=0), bench.repeated_tokens(32, half, seed=1)
    activations, held_out = bench.cache(seen, [name])[name], bench.cache(unseen, [name])[name][:, 1:].flatten(0, 1)
    mask = seen != bench.bos
    print(
        f"{name}: mean length {activations[mask].norm(dim=1).mean():.1f}, of BOS {activations[:, 0].norm(dim=1).mean():.1f}"
    )
    k, d_sae = 16, 2 * bench.d_model
    steps, explained = [0, 10, 30, 60, 100, 200, 300], []
    for count in steps:
        sae = train_sae(activations, mask, d_sae, k, count, seed=0)
        pre = (held_out - sae["b_dec"]) @ sae["W_enc"] + sae["b_enc"]
        largest = pre.topk(k, dim=1)
        latents = torch.zeros_like(pre).scatter(1, largest.indices, largest.values.relu())
        error = (held_out - latents @ sae["W_dec"] - sae["b_dec"]).pow(2).sum()
        explained.append((1 - error / (held_out - held_out.mean(dim=0)).pow(2).sum()).item())
        print(
            f"{count:3} steps: explained variance {explained[-1]:6.3f}, {(latents > 0).any(dim=0).sum()} latents alive"
        )
    plots.lines(
        {f"{d_sae} latents, {k} active": explained},
        x=steps,
        xlabel="training steps",
        ylabel="explained variance of unseen activations",
        title=f"Training an autoencoder for {name}",
        save="sae_features/training",
    )
