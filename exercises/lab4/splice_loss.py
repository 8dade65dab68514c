# Generated from solutions/lab4/splice_loss.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # The model with the SAE in it
#
# How good is an SAE? The explained variance says how near its reconstructions are to the activations. What the *model*
# does with them counts more. So **splice** the SAE into the model: later layers see the reconstruction in place of the
# activation. Then look at the loss.
#
# $$\mathbf{x} \;\longrightarrow\; \hat{\mathbf{x}} = \mathrm{decode}(\mathbf{f}), \qquad
#   \mathbf{f} = \mathrm{encode}(\mathbf{x})$$
#
# What the SAE misses is its **error term**, $\boldsymbol{\varepsilon} = \mathbf{x} - \mathrm{decode}(\mathbf{f})$. If
# you add the error term, nothing has changed: $\hat{\mathbf{x}} + \boldsymbol{\varepsilon} = \mathbf{x}$. Why is this
# useful? It makes experiments on single latents clean. Edit the latents to $\mathbf{f}'$ *and keep the error term as it
# was*:
#
# $$\mathbf{x} \;\longrightarrow\; \mathrm{decode}(\mathbf{f}') + \boldsymbol{\varepsilon}$$
#
# Now the model differs from the original by your edit alone, and not by everything that the SAE does badly.
#
# **A small example.** $\mathbf{x} = 10$, the SAE reconstructs 9, so $\varepsilon = 1$. An edit changes the
# reconstruction to 6. With the error term the model gets $6 + 1 = 7$: the edit alone, a change of −3.
#
# Special positions (BOS, padding) can stand anywhere. The SAE leaves them as they are. The **loss** is the mean of
# $-\log p(t_{p+1} \mid t_{\le p})$ over all pairs of the batch in which the token to predict, $t_{p+1}$, is text.
#
# **Shapes.** `tokens` and `text` (which positions are text): `[batch, pos]`. `edit` takes latents `[..., d_sae]` and
# gives latents of the same shape. It treats every position by itself, so you may hand it all positions or only those of
# text. The result is a number.
#
# **With TransformerLens** `model.run_with_hooks(tokens, fwd_hooks=[(name, hook)])` calls `hook(value, hook)` at the
# hook point, and goes on with what it *returns*.
#
# Sources: Bricken et al. 2023, [Towards Monosemanticity](https://transformer-circuits.pub/2023/monosemantic-features)
# (loss with the SAE spliced in); Marks et al. 2024, [Sparse Feature Circuits](https://arxiv.org/abs/2403.19647),
# section 2 (the error term).

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
        model: a `TransformerBridge` or a `HookedTransformer`; it is left without hooks, also when `edit` raises an
            error.
        sae: a `sae_lens.SAE`; the name of its hook point is `sae.cfg.metadata.hook_name`.
        tokens: the input, shape `[batch, pos]`.
        text: which positions are text, at least one behind the first position; at the others the activations stay as they are;
            shape `[batch, pos]`.
        error_term: whether to add what the SAE misses: the activation minus the reconstruction from the latents as they
            are *before* the edit.
        edit: what to do to the latents, of shape `[..., d_sae]`; None leaves them as they are. It may write into the latents
            that it is given, and it may make latents negative.

    Returns:
        The mean loss, in nats, over all next tokens of the batch that are text.

    """
    raise NotImplementedError("splice_loss: not written yet")


# %% [markdown]
# **Look at it.** What does it cost to put the SAE in? And what does each latent contribute, with the error term in
# place?

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
