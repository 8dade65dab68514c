# RIGHT: a callable class, in place on a clone; a buffer filled step by step
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor

Hook = Callable[..., Tensor]


class _Along:
    """Moves each activation along a latent's direction, as far as `amount` says."""

    def __init__(self, sae, latent, amount):
        self.direction = sae.W_dec[latent].detach().clone()
        self.amount = amount

    @torch.no_grad()
    def __call__(self, value, hook=None):
        moved = value.detach().clone()
        moved += torch.einsum("bp,d->bpd", self.amount(value).to(self.direction), self.direction).to(moved)
        return moved


@torch.no_grad()
def _next(model, tokens, placed):
    return model.run_with_hooks(tokens, fwd_hooks=[placed])[:, -1].argmax(-1).to(tokens.device)


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

    return _Along(sae, latent, lambda value: torch.full(value.shape[:-1], float(coefficient)).to(value))


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

    def minus_activation(value):
        return -sae.encode(value).select(-1, latent)

    return _Along(sae, latent, minus_activation)


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
    n_rows, length = tokens.shape
    longer = tokens.new_empty(n_rows, length + steps)
    longer[:, :length] = tokens
    for end in range(length, length + steps):
        longer[:, end] = _next(model, longer[:, :end].contiguous(), (hook_name, hook))
    return longer
