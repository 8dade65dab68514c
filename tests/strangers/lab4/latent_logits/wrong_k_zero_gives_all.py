# WRONG: with k = 0 the slice `-0:` takes the whole vocabulary for the promoted tokens; promised: 'how many tokens at each end, from 0 to `d_vocab`'
# Generated from solutions/lab4/latent_logits.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # What a latent says
#
# On text you see what a latent *responds to*. What a latent *says* is in its weights. When latent $j$ is active with
# value $f_j$, the decoder adds $f_j\, \mathbf{d}_j$ to the residual stream, where $\mathbf{d}_j$ is row $j$ of
# $W_{\mathrm{dec}}$. If no other part reads this, it arrives at the unembedding and moves the logits:
#
# $$\boldsymbol{\ell}_j = \mathbf{d}_j W_U, \qquad \tilde{\ell}_{j,t} = \ell_{j,t} - \frac{1}{V} \sum_{t'} \ell_{j,t'}$$
#
# This is the logit lens, for one direction. The same number added to all logits changes no probability. So only
# $\tilde{\ell}$ has a meaning, without its mean over the vocabulary. The tokens with the highest $\tilde{\ell}$ are
# **promoted**, those with the lowest **suppressed**.
#
# **A small example.** With three tokens and $\boldsymbol{\ell}_j = (5, 2, 2)$, the mean is 3 and
# $\tilde{\boldsymbol{\ell}}_j = (2, -1, -1)$: the latent promotes the first token.
#
# Three warnings:
#
# - The *final* LayerNorm lies in between. It scales everything by one number for each position. So signs and order
#   stay, but sizes are relative. (The LayerNorm's weights are folded into $W_U$, as TransformerLens does by default.)
# - Most of what a latent does in the middle of a model goes through later layers. This direct path leaves that out.
# - The *encoder* direction, column $j$ of the encoder's matrix $W_{\mathrm{enc}}$, is something
#   else: it says when the latent fires.
#
# **Shapes.** `sae.W_dec`: `[d_sae, d_model]`; `W_U`: `[d_model, d_vocab]`; `latents`: `[latent]`, the numbers of some
# latents; the effects: `[latent, d_vocab]`.
#
# Sources: Bricken et al. 2023, [Towards Monosemanticity](https://transformer-circuits.pub/2023/monosemantic-features),
# whose dashboards show "positive and negative logits"; nostalgebraist 2020, [interpreting GPT: the logit
# lens](https://www.lesswrong.com/posts/AcKRB8wDpdaN6v6ru/interpreting-gpt-the-logit-lens).

# %%
from typing import Any

from jaxtyping import Float, Int
from torch import Tensor


# %%
def latent_logits(
    sae: Any, W_U: Float[Tensor, "d_model d_vocab"], latents: Int[Tensor, " latent"]
) -> Float[Tensor, "latent d_vocab"]:
    """Give the direct effect of some latents on the logits.

    Source: Bricken et al. 2023, https://transformer-circuits.pub/2023/monosemantic-features

    Args:
        sae: a `sae_lens.SAE` on the residual stream.
        W_U: the model's unembedding, the final LayerNorm's weights folded in, shape `[d_model, d_vocab]`.
        latents: the numbers of the latents, in any order, one or more, shape `[latent]`.

    Returns:
        What one unit of each latent adds to each logit, before the final LayerNorm's scale, without the mean over the
        vocabulary; shape `[latent, d_vocab]`.

    """
    # Every row of W_U without its mean over the vocabulary: then the effects have no mean either.
    centred = W_U - W_U.mean(dim=1, keepdim=True)
    directions = sae.W_dec.detach()[latents].to(centred.dtype)
    return directions @ centred


def promoted_and_suppressed(
    logits: Float[Tensor, "latent d_vocab"], k: int
) -> tuple[Int[Tensor, "latent k"], Int[Tensor, "latent k"]]:
    """Give the tokens at both ends of each latent's effects.

    Source: Bricken et al. 2023, https://transformer-circuits.pub/2023/monosemantic-features

    Args:
        logits: effects of some latents, shape `[latent, d_vocab]`.
        k: how many tokens at each end, from 0 to `d_vocab`. For a large k a token can be in both results.

    Returns:
        The ids of the k most promoted tokens, the most promoted first, and of the k most suppressed ones, the most
        suppressed first; both `[latent, k]`.

    """
    d_vocab = logits.shape[-1]
    order = logits.argsort(dim=-1)  # the lowest first
    suppressed = order[:, :k]
    promoted = order[:, -k:].flip(-1)
    return promoted, suppressed


# %% [markdown]
# **Look at it.** Which latents have the strongest opinions, and what do they promote? Compare with the texts on which
# they fire (`max_activating`).

# %% tags=["demo"]
if __name__ == "__main__":
    import torch

    from mechgrade.bench import open_bench, plots

    bench = open_bench()
    everyone = torch.arange(bench.sae.cfg.d_sae, device=bench.device)
    effects = latent_logits(bench.sae, bench.model.W_U, everyone)
    # Kurtosis: far above 3 where few tokens stand out from the rest.
    spread = effects / effects.std(dim=-1, keepdim=True)
    kurtosis = spread.pow(4).mean(dim=-1)
    chosen = kurtosis.topk(6).indices
    up, down = promoted_and_suppressed(effects[chosen], k=6)
    for row, latent in enumerate(chosen.tolist()):
        for label, ids in (("promotes", up), ("suppresses", down)):
            words = [bench.model.to_string([token]) for token in ids[row].tolist()]
            print(f"latent {latent:4} {label:10} {' '.join(words)}")
    shown = torch.tensor(list(dict.fromkeys(up[:, :3].flatten().tolist())))
    plots.heatmap(
        effects[chosen][:, shown].T,
        x=[str(latent) for latent in chosen.tolist()],
        y=[bench.model.to_string([token]).strip() for token in shown.tolist()],
        xlabel="latent",
        ylabel="token",
        title="What the most pointed latents promote",
        value="effect on the logit of one unit",
        save="sae_features/latent_logits",
    )
    encoder = torch.nn.functional.cosine_similarity(bench.sae.W_enc.T, bench.sae.W_dec, dim=-1)
    print(f"cosine between a latent's encoder and decoder direction: {encoder.min():.2f} to {encoder.max():.2f}")
