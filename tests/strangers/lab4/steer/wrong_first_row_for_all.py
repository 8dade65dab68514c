# WRONG: appends the first row's token to every row ("prompts of equal length", each continued by "the most likely next token")
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor

Hook = Callable[..., Tensor]


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

    def hook_function(value, hook):
        return value + coefficient * sae.W_dec[latent].detach().to(value)

    return hook_function


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

    def hook_function(value, hook):
        with torch.no_grad():
            activation = sae.encode(value)[..., latent, None]
            written = activation * sae.W_dec[latent]
        return value - written.to(value)

    return hook_function


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
    for _ in range(steps):
        with torch.no_grad():
            logits = model.run_with_hooks(tokens, fwd_hooks=[(hook_name, hook)])
        following = logits[0, -1].argmax(dim=-1).expand(tokens.shape[0])
        tokens = torch.cat([tokens, following[:, None].to(tokens.device)], dim=1)
    return tokens
