# %% [markdown]
# # The model with the SAE in it
#
# How good is an SAE? Explained variance says how near its reconstructions are to the activations. What counts more is
# what the *model* makes of them: **splice** the SAE into the model, so that later layers see the reconstruction in place
# of the activation, and look at the loss.
#
# $$\mathbf{x} \;\longrightarrow\; \hat{\mathbf{x}} = \mathrm{decode}(\mathbf{f}), \qquad
#   \mathbf{f} = \mathrm{encode}(\mathbf{x})$$
#
# What the SAE misses is its **error term**, $\boldsymbol{\varepsilon} = \mathbf{x} - \mathrm{decode}(\mathbf{f})$. Add it, and
# nothing has changed: $\hat{\mathbf{x}} + \boldsymbol{\varepsilon} = \mathbf{x}$. That looks idle, but it is what makes
# experiments on single latents clean. If latents are edited to $\mathbf{f}'$ *and the error term is kept as it was*,
#
# $$\mathbf{x} \;\longrightarrow\; \mathrm{decode}(\mathbf{f}') + \boldsymbol{\varepsilon},$$
#
# then the model differs from the original by this edit alone, and no longer by everything that the SAE does badly.
#
# Special positions (BOS, padding) can stand anywhere. The SAE leaves them alone: they stay as they are. The **loss** is the mean of
# $-\log p(t_{p+1} \mid t_{\le p})$ over all pairs of the batch of which the token to be predicted, $t_{p+1}$, is text.
#
# **Shapes.** `tokens` and `text` (which positions are text): `[batch, pos]`. `edit` takes latents `[..., d_sae]` and gives
# latents of the same shape. The result is a number.
#
# **With TransformerLens** `model.run_with_hooks(tokens, fwd_hooks=[(name, hook)])` calls `hook(value, hook)` at the hook
# point, and goes on with what it *returns*.
#
# Sources: Bricken et al. 2023, [Towards Monosemanticity](https://transformer-circuits.pub/2023/monosemantic-features)
# (loss with the SAE spliced in); Marks et al. 2024, [Sparse Feature Circuits](https://arxiv.org/abs/2403.19647) (the
# error term).

# %% [markdown] tags=["hint"]
# Begin without the SAE: a hook that returns what it was given. Your loss must then be the model's own. Which logits
# predict which token, and which of them count?

# %% [markdown] tags=["hint"]
# The error term belongs to what the SAE *would have* written, so it takes the latents before the edit. What would happen
# to every edit if it took them afterwards?

# %% [markdown] tags=["hint"]
# In the hook: `torch.where(text[..., None], replaced, value)` leaves special positions alone. For the loss:
# `logits[:, :-1].log_softmax(-1)`, `gather` with `tokens[:, 1:, None]`, and then the mask `text[:, 1:]`.

# %%
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Bool, Int
from torch import Tensor


# %%
def splice_loss(
    model: Any,
    sae: Any,
    tokens: Int[Tensor, "batch pos"],
    text: Bool[Tensor, "batch pos"],
    error_term: bool = False,
    edit: Callable[[Tensor], Tensor] | None = None,
) -> float:
    """Give the model's loss with an SAE spliced in.

    Source: Marks et al. 2024, https://arxiv.org/abs/2403.19647

    Args:
        model: a `TransformerBridge` or a `HookedTransformer`.
        sae: a `sae_lens.SAE`; the name of its hook point is `sae.cfg.metadata.hook_name`.
        tokens: the input, shape `[batch, pos]`.
        text: which positions are text; at the others the activations stay as they are; shape `[batch, pos]`.
        error_term: whether to add what the SAE misses: the activation minus the reconstruction from the latents as they
            are *before* the edit.
        edit: what to do to the latents, of shape `[..., d_sae]`; None leaves them as they are. It may write into the latents
            that it is given, and it may make latents negative.

    Returns:
        The mean loss, in nats, over all next tokens of the batch that are text.

    """
    ### BEGIN SOLUTION

    def splice(value: Tensor, hook: Any) -> Tensor:
        latents = sae.encode(value)
        error = value - sae.decode(latents)
        replaced = sae.decode(latents if edit is None else edit(latents))
        if error_term:
            replaced = replaced + error
        return torch.where(text[..., None], replaced, value)

    with torch.no_grad():
        logits = model.run_with_hooks(tokens, fwd_hooks=[(sae.cfg.metadata.hook_name, splice)])
    losses = -logits[:, :-1].log_softmax(dim=-1).gather(2, tokens[:, 1:, None])[..., 0]
    return losses[text[:, 1:]].mean().item()
    ### END SOLUTION


# %% [markdown]
# **Look at it.** What does it cost to put the SAE in? And what does each latent contribute, with the error term in place?

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench, plots

    from interp.prompts import mixed_prompts

    bench = open_bench()
    model, sae = bench.model, bench.sae
    tokens = bench.tokens(["".join(sentence) for sentence in mixed_prompts(64, seed=1, part="held_out")])
    text = tokens != bench.bos
    clean = splice_loss(model, sae, tokens, text, error_term=True)
    spliced = splice_loss(model, sae, tokens, text)
    mean_only = splice_loss(
        model, sae, tokens, text, edit=torch.zeros_like
    )  # the decoder's bias in place of everything
    print(f"loss of the model, and with SAE and error term: {clean:.3f}")
    print(f"with the SAE alone:                             {spliced:.3f}")
    print(f"with all latents silent:                        {mean_only:.3f}")
    print(f"loss recovered by the SAE:                      {(mean_only - spliced) / (mean_only - clean):.1%}")

    name = sae.cfg.metadata.hook_name
    with torch.no_grad():
        latents = sae.encode(bench.cache(tokens, [name])[name])[text]
    frequent = (latents > 0).float().mean(dim=0).topk(24).indices.tolist()

    def without(latent: int) -> Callable[[Tensor], Tensor]:
        def edit(latents: Tensor) -> Tensor:
            latents = latents.clone()
            latents[..., latent] = 0
            return latents

        return edit

    costs = [
        splice_loss(model, sae, tokens, text, error_term=True, edit=without(latent)) - clean for latent in frequent
    ]
    plots.bars(
        torch.tensor(costs),
        x=[str(latent) for latent in frequent],
        xlabel="latent, the most frequent first",
        ylabel="increase of the loss (nats)",
        title="What the model loses when one latent is silenced",
        save="sae_features/cost_of_silence",
    )

# %% [markdown] tags=["found"]
# **What you found.** With the error term the loss is the model's own, to the last digit that floating point keeps. Without
# it the loss rises, and how much is not to be foreseen from the explained variance: what the SAE misses may matter more to
# the model than its share of the variance says, or less. (On the course's own model it matters little.) Between the spliced
# model and the one with all latents silent lies what the SAE does explain; the share is called **loss recovered**.
#
# Silencing one latent costs little, mostly. And frequency is no measure of it: some frequent latents cost next to nothing
# and some rarer ones a lot. A negative number is no mistake: on these texts the model does better without the latent.
#
# **On GPT-4** Gao et al. (2024, [Scaling and evaluating sparse autoencoders](https://arxiv.org/abs/2406.04093)) state the
# price in compute: with their largest SAE (16 million latents) spliced in, the loss is that of a language model trained
# with about a tenth of the compute. Without the error term, one studies that weaker model.
