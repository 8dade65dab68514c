# WRONG: ablation puts in the reconstruction without the latent, so that all errors of the SAE come in, too; promised: 'do *not* replace the activation by its reconstruction'
# Generated from solutions/lab4/steer.py by mechgrade build. This copy is yours: write your code in it.
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

    def add_direction(value: Tensor, hook: Any = None) -> Tensor:
        push = coefficient * sae.W_dec[latent].detach()
        return value + push.to(dtype=value.dtype, device=value.device)

    return add_direction


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

    def take_away(value: Tensor, hook: Any = None) -> Tensor:
        strength = sae.encode(value).select(-1, latent)
        written = torch.einsum("bp,i->bpi", strength, sae.W_dec[latent])
        return (sae.decode(sae.encode(value)) - written).to(value.dtype)

    return take_away


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
    longer = tokens.clone()
    with torch.no_grad():
        for _ in range(steps):
            logits = model.run_with_hooks(longer, fwd_hooks=[(hook_name, hook)])
            following = logits[:, -1:].argmax(dim=-1).to(dtype=longer.dtype, device=longer.device)
            longer = torch.cat([longer, following], dim=1)
    return longer


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
