# %% [markdown]
# # Steering with a latent
#
# You found latents that fire on a concept. Does the model *use* them? Suppose a latent stands for something. If you put
# the latent into the model, the model should behave as if that something were there. If you take the latent away, it
# should behave as if it were not. This experiment turns "the latent fires on X" into "the model *uses* the latent for
# X".
#
# **Steering** adds a multiple of the latent's decoder direction $\mathbf{d}_j$ to the activation. **Ablation** takes
# away exactly what the latent writes, $f_j\, \mathbf{d}_j$:
#
# $$\mathbf{x} \longrightarrow \mathbf{x} + \alpha\, \mathbf{d}_j, \qquad\qquad
#   \mathbf{x} \longrightarrow \mathbf{x} - f_j(\mathbf{x})\, \mathbf{d}_j$$
#
# In both, only this one direction changes. In particular, do *not* replace the activation by its reconstruction: that
# would add all errors of the SAE to the effect of the latent. $\alpha$ is in units of the latent's activation. Choose a
# size that the latent reaches on text. Two cases must change nothing, up to rounding:
#
# * a coefficient of 0;
# * ablating a latent that is not active.
#
# **A small example.** $\mathbf{d}_j = (0, 1)$ and $\mathbf{x} = (2, 5)$, where the latent is 3. Steering with
# $\alpha = 4$ gives $(2, 9)$, ablation gives $(2, 2)$.
#
# Generation is **greedy** here: at each step the most likely next token is appended, and the model runs again on the
# longer text. The hook acts at *every* position, also at the new tokens. Every token can be appended, the end-of-text
# token too, and no token ends the text early.
#
# **Shapes.** A hook takes the activation `[batch, pos, d_in]` and returns one of the same shape; `tokens`:
# `[batch, pos]`, all rows equally long; the result of `steer`: `[batch, pos + steps]`.
#
# **With TransformerLens** a hook is a function of the activation and of the hook point, called as
# `hook(value, hook=...)`. What it returns takes the activation's place; if it returns nothing, the activation stays.
# The SAE here decodes as `f @ W_dec + b_dec`. If an SAE treats its latents as if the directions had length one,
# `sae.fold_W_dec_norm()` makes this true.
#
# Sources: Templeton et al. 2024, [Scaling
# Monosemanticity](https://transformer-circuits.pub/2024/scaling-monosemanticity/), "Influence on Behavior" (steering
# with SAE features); Turner et al. 2023, [Steering Language Models with Activation
# Engineering](https://arxiv.org/abs/2308.10248); Rimsky et al. 2023, [Steering Llama 2 via Contrastive Activation
# Addition](https://arxiv.org/abs/2312.06681).

# %% [markdown] tags=["hint"]
# Each hook is a function inside a function: the outer function fixes the latent and the coefficient, the model calls
# the inner function. What does the model do with an inner function that has no `return`?

# %% [markdown] tags=["hint"]
# For ablation you need one column of `sae.encode(value)` and one row of `sae.W_dec`. Their product must have the shape
# of the activation: `[batch, pos, 1]` times `[d_in]`.

# %% [markdown] tags=["hint"]
# In `steer`, each step is one run of the model with the hook, on everything that has been written so far. You need only
# the logits at the last position, and `torch.cat([...], dim=1)` appends.

# %%
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor

Hook = Callable[..., Tensor]


# %%
def steering_hook(sae: Any, latent: int, coefficient: float) -> Hook:
    """Make a hook that adds a multiple of a latent's direction at every position.

    Source: Templeton et al. 2024, https://transformer-circuits.pub/2024/scaling-monosemanticity/

    Args:
        sae: a `sae_lens.SAE`.
        latent: the number of the latent.
        coefficient: how much of the latent to add, in units of its activation; negative to push away from it.

    Returns:
        A function `(value, hook) -> new value` for activations `[batch, pos, d_in]`; it does not change `value` itself.

    """

    ### BEGIN SOLUTION
    def add(value: Tensor, hook: Any) -> Tensor:
        return value + coefficient * sae.W_dec[latent]

    return add
    ### END SOLUTION


def ablation_hook(sae: Any, latent: int) -> Hook:
    """Make a hook that takes away what a latent writes, at every position.

    Source: Templeton et al. 2024, https://transformer-circuits.pub/2024/scaling-monosemanticity/

    Args:
        sae: a `sae_lens.SAE`.
        latent: the number of the latent.

    Returns:
        A function `(value, hook) -> new value` for activations `[batch, pos, d_in]`: the activation without the latent's
        activation times its decoder direction; it does not change `value` itself.

    """

    ### BEGIN SOLUTION
    def take_away(value: Tensor, hook: Any) -> Tensor:
        return value - sae.encode(value)[..., latent, None] * sae.W_dec[latent]

    return take_away
    ### END SOLUTION


def steer(
    model: Any, tokens: Int[Tensor, "batch pos"], hook_name: str, hook: Hook, steps: int
) -> Int[Tensor, "batch longer"]:
    """Continue texts greedily, with a hook in the model at every step.

    Source: Turner et al. 2023, https://arxiv.org/abs/2308.10248

    Args:
        model: a `TransformerBridge` or a `HookedTransformer`; it is left without hooks, also when `hook` raises an error.
        tokens: prompts of equal length, shape `[batch, pos]`.
        hook_name: where the hook acts.
        hook: a function `(value, hook) -> new value`.
        steps: how many tokens to append; 0 gives the prompts back.

    Returns:
        The prompts with their continuations, shape `[batch, pos + steps]`.

    """
    ### BEGIN SOLUTION
    for _ in range(steps):
        with torch.no_grad():
            logits = model.run_with_hooks(tokens, fwd_hooks=[(hook_name, hook)])
        tokens = torch.cat([tokens, logits[:, -1].argmax(dim=-1, keepdim=True)], dim=1)
    return tokens
    ### END SOLUTION


# %% [markdown]
# **Look at it.** Take the latents that, at their strongest on text, move a single logit most. Put them into a sentence
# in which they are silent. Does the token that they promote come? And do the texts in which they fire need them?

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench, plots

    from interp.prompts import mixed_prompts

    bench = open_bench()
    model, sae = bench.model, bench.sae
    name = sae.cfg.metadata.hook_name
    texts = bench.tokens(["".join(sentence) for sentence in mixed_prompts(200, seed=0)])
    with torch.no_grad():
        latents = sae.encode(bench.cache(texts, [name])[name]) * (texts != bench.bos)[..., None]
        effects = sae.W_dec @ model.W_U
        effects = effects - effects.mean(dim=-1, keepdim=True)
    peaks, places = latents.flatten(0, 1).max(dim=0)
    pushes, pushed = (effects * peaks[:, None]).max(dim=-1)  # each latent's favourite token, and how far it pushes it
    order = pushes.argsort(descending=True).tolist()
    favourites: dict[int, int] = {}  # token -> latent, so that no two latents promote the same
    for latent in order:
        favourites.setdefault(int(pushed[latent]), latent)
    chosen = [(latent, token) for token, latent in favourites.items()][:4]

    prompt = bench.tokens("My cat likes")
    shares = [share / 4 for share in range(-4, 13)]
    curves = {}
    for latent, token in chosen:
        word, probabilities = model.to_string([token]), []
        for share in shares:
            hook = steering_hook(sae, latent, share * peaks[latent].item())
            with torch.no_grad():
                logits = model.run_with_hooks(prompt, fwd_hooks=[(name, hook)])
            probabilities.append(logits[0, -1].softmax(dim=-1)[token].item())
        curves[f"latent {latent}, {word!r}"] = probabilities
        print(f"latent {latent} promotes {word!r}")
        for share in (0.0, 1.0, 2.0):
            hook = steering_hook(sae, latent, share * peaks[latent].item())
            continued = model.to_string(steer(model, prompt, name, hook, steps=3)[0, 1:])
            print(f"  with {share:.0f} times its strongest activation: {continued}")
        row, position = divmod(int(places[latent]), texts.shape[1])
        before = texts[[row], : position + 1]
        with torch.no_grad():
            clean = model(before)[0, -1].softmax(dim=-1)[token]
            logits = model.run_with_hooks(before, fwd_hooks=[(name, ablation_hook(sae, latent))])
        ablated = logits[0, -1].softmax(dim=-1)[token]
        text = model.to_string(before[0, 1:])
        print(f"  after {text!r}: probability {clean:.2f}, and {ablated:.2f} with the latent ablated")
    plots.lines(
        curves,
        x=shares,
        xlabel="coefficient, in units of the latent's strongest activation on text",
        ylabel="probability of the token that it promotes",
        title="Steering 'My cat likes'",
        save="sae_features/steering",
    )

# %% [markdown] tags=["found"]
# **What you found.** Each curve is flat where the coefficient is small, and it changes within a narrow range, if it
# changes at all. Some latents bring their token about, others do not, whatever the weights say. With too much of a
# latent the model repeats itself: with twice the strongest activation of latent 239 it writes "My cat likes in in
# in". <!-- claim: steering.repeats --> The activation is then where no text ever put it. Useful coefficients are about as large as the latent's own
# activations, or a few times that.
#
# Steering and ablation answer different questions. If adding the latent brings an answer about, the latent is
# *sufficient*, here and at this strength. Ablation tells whether the model *needs* the latent. Take two of the latents
# above, each where it is strongest: after ablation the token that latent 350 promotes still has a probability of 1.00,
# and the token of latent 239 has 0.23. <!-- claim: steering.favourites --> In the first case the rest of the activation says the same.
#
# **On Claude 3 Sonnet** Templeton et al. (2024) clamp the feature of the Golden Gate Bridge to ten times its maximum,
# and the model says that it *is* the bridge. On GPT-2 XL Turner et al. (2023) steer with a difference of two
# activations, without an SAE.
