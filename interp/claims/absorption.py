"""Claims of Lab 5 about a made-up world with a hierarchy, and the autoencoders that are trained on it."""

from __future__ import annotations

from functools import cache
from statistics import mean

import torch

from ..hierarchy import Recipe, hierarchy, train
from . import claim
from .world import reference

PREFIXES = {"plain": (20,), "Matryoshka": (5, 10, 20)}


@cache
def measured(kind: str, worlds: int = 3) -> list[tuple[float, float, float]]:
    """Mean absorption rate, explained variance, and mean best cosine similarity, trained as in the demonstration, in several worlds."""
    module, found = reference("lab5", "absorption"), []
    for seed in range(worlds):
        world, recipe = hierarchy(seed), Recipe(seed=seed)
        sae = train(world, module.batch_topk, module.matryoshka_loss, PREFIXES[kind], recipe)
        active, x = world.draw(4000, torch.Generator().manual_seed(1000 + seed))
        latents = module.batch_topk(sae.before(x), recipe.k)
        rates = module.absorption(latents, active, sae.W_dec, world.directions, world.parents, 0.3)
        error = (x - latents @ sae.W_dec - sae.b_dec).square().sum()
        explained = 1 - float(error / (x - x.mean(dim=0)).square().sum())
        similar = float(module.cosines(sae.W_dec, world.directions).amax(dim=0).mean())
        found.append((mean(rates.values()), explained, similar))
    return found


def _over_worlds(place: int) -> tuple[float, float]:
    plain, nested = (mean(each[place] for each in measured(kind)) for kind in PREFIXES)
    return plain, nested


@claim("absorption.rates")
def rates() -> tuple[float, float]:
    """The mean absorption rate over three worlds: plain, Matryoshka."""
    return _over_worlds(0)


@claim("absorption.each")
def in_each_world() -> bool:
    """The Matryoshka autoencoder absorbs less in each of the three worlds."""
    return all(nested[0] < plain[0] for plain, nested in zip(*map(measured, PREFIXES), strict=True))


@claim("absorption.explained")
def explained() -> tuple[float, float]:
    """The explained variance over three worlds: plain, Matryoshka."""
    return _over_worlds(1)


@claim("absorption.cosines")
def cosines() -> tuple[float, float]:
    """The best cosine similarity with a feature's direction, over features and three worlds: Matryoshka, plain."""
    plain, nested = _over_worlds(2)
    return nested, plain


@claim("absorption.hole")
def a_hole() -> tuple[float, ...]:
    """The shares of samples in which the latent of parent 1 of the first world's plain autoencoder is active: alone, with each child."""
    module = reference("lab5", "absorption")
    world, recipe = hierarchy(0), Recipe(seed=0)
    sae = train(world, module.batch_topk, module.matryoshka_loss, PREFIXES["plain"], recipe)
    active, x = world.draw(4000, torch.Generator().manual_seed(1000))
    fires = module.batch_topk(sae.before(x), recipe.k)[:, module.match_latents(sae.W_dec, world.directions)[4]] > 0
    alone = active[:, 4] & ~active[:, 5:8].any(dim=1)
    return tuple(float(fires[case].float().mean()) for case in (alone, *active[:, 5:8].T))
