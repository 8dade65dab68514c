"""A made-up world whose features form a hierarchy, and the training of small autoencoders on it.

Some features are parents, and each has children: a child is on only where its parent is on, and of the children of one
parent at most one is on. Others are single. Every feature has a direction of its own, at right angles to all others, so
it is known which latent should stand for what.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

PARENTS, CHILDREN, SINGLE, WIDTH = 4, 3, 4, 32
#: How often a parent is on, how often one of its children is on where the parent is, and how often a single feature is on.
PARENT_ON, CHILD_ON, SINGLE_ON = 0.25, 0.7, 0.1

Activate = Callable[[Tensor, int], Tensor]
Loss = Callable[[Tensor, Tensor, Tensor, Tensor, Sequence[int]], Tensor]


@dataclass(frozen=True)
class Hierarchy:
    """A world: the direction of every feature, [feature, d_in], and the number of every feature's parent, or None."""

    directions: Tensor
    parents: tuple[int | None, ...]

    def draw(self, count: int, generator: Generator) -> tuple[Tensor, Tensor]:
        """Samples: which features are on, [sample, feature], and the activations, [sample, d_in]."""
        on = []
        for _ in range(PARENTS):
            parent = torch.rand(count, 1, generator=generator) < PARENT_ON
            child = (
                torch.rand(count, 1, generator=generator) * CHILDREN / CHILD_ON
            ).long()  # beyond the last: none is on
            on += [parent, parent & (child == torch.arange(CHILDREN))]
        on.append(torch.rand(count, SINGLE, generator=generator) < SINGLE_ON)
        active = torch.cat(on, dim=1)
        strengths = 0.75 + 0.5 * torch.rand(active.shape, generator=generator)
        return active, (active * strengths) @ self.directions


def hierarchy(seed: int) -> Hierarchy:
    """A world with directions of its own: each parent, followed by its children, and the single features at the end."""
    parents: list[int | None] = []
    for _ in range(PARENTS):
        parents += [None, *[len(parents)] * CHILDREN]
    parents += [None] * SINGLE
    square = torch.randn(WIDTH, WIDTH, generator=torch.Generator().manual_seed(seed))
    return Hierarchy(torch.linalg.qr(square).Q[: len(parents)], tuple(parents))


@dataclass(frozen=True)
class Recipe:
    """How an autoencoder is trained: as many latents as there are features, unless others are asked for."""

    latents: int = PARENTS * (1 + CHILDREN) + SINGLE
    k: int = 2
    steps: int = 600
    batch: int = 256
    rate: float = 3e-3
    seed: int = 0


@dataclass(frozen=True)
class Trained:
    """An autoencoder's weights: encoder [d_in, latent] and [latent], decoder [latent, d_in] and [d_in]."""

    W_enc: Tensor
    b_enc: Tensor
    W_dec: Tensor
    b_dec: Tensor

    def before(self, x: Tensor) -> Tensor:
        """The values of the latents before the activation function, [sample, latent]."""
        return (x - self.b_dec) @ self.W_enc + self.b_enc


def train(
    world: Hierarchy, activate: Activate, loss: Loss, prefixes: Sequence[int], recipe: Recipe = Recipe()
) -> Trained:
    """Train an autoencoder with an activation function `activate(before, k)` and a loss `loss(x, latents, W_dec, b_dec, prefixes)`."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # on tensors this small, threads wait for one another more than they compute
    try:
        return _trained(world, activate, loss, prefixes, recipe)
    finally:
        torch.set_num_threads(threads)


def _trained(world: Hierarchy, activate: Activate, loss: Loss, prefixes: Sequence[int], recipe: Recipe) -> Trained:
    generator = torch.Generator().manual_seed(recipe.seed)
    width = world.directions.shape[1]
    rows = torch.nn.functional.normalize(torch.randn(recipe.latents, width, generator=generator), dim=1)
    sae = Trained(rows.T.clone(), torch.zeros(recipe.latents), rows, torch.zeros(width))
    weights = [sae.W_enc, sae.b_enc, sae.W_dec, sae.b_dec]
    optimiser = torch.optim.Adam([weight.requires_grad_() for weight in weights], lr=recipe.rate)
    with torch.enable_grad():
        for _ in range(recipe.steps):
            _, x = world.draw(recipe.batch, generator)
            value = loss(x, activate(sae.before(x), recipe.k), sae.W_dec, sae.b_dec, prefixes)
            optimiser.zero_grad()
            torch.autograd.backward(value)
            optimiser.step()
            with torch.no_grad():  # rows of length 1: the size of a latent is then its strength
                sae.W_dec.div_(sae.W_dec.norm(dim=1, keepdim=True))
    return Trained(*[weight.detach() for weight in weights])
