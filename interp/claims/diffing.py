"""Claims of Lab 5 about the course model, its edit, and the crosscoder for both."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor

from ..crosscoder import PLACE, Crosscoder, Pairs, load_crosscoder, pairs, shipped_edit, streams_of_both
from ..crosscoder_card import OF_FINE_TUNING, ROWS, SEED
from ..edit import CAPITAL, COUNTRY, capital_of, moved
from ..words import CAPITALS
from . import claim
from .world import model, reference


@cache
def _world() -> tuple[Crosscoder, Pairs, Tensor, dict[str, Tensor]]:
    """The crosscoder, text drawn anew, the latents there, and what the comparison says of those that are ever active."""
    crosscoder = load_crosscoder()
    both = pairs(model(), shipped_edit(), ROWS, OF_FINE_TUNING, SEED)
    module = reference("lab5", "model_diffing")
    latents = module.crosscoder_encode(both.x, crosscoder.W_enc, crosscoder.b_enc)
    found = module.model_diffing(latents, crosscoder.W_dec)
    alive = latents.amax(dim=0) > 0
    return crosscoder, both, latents, {name: values[alive] for name, values in found.items()}


@cache
def _largest() -> list[int]:
    """All latents, those with the largest change first."""
    crosscoder, _, latents, _ = _world()
    change = reference("lab5", "model_diffing").model_diffing(latents, crosscoder.W_dec)["change"]
    order: list[int] = change.argsort(descending=True).tolist()
    return order


def _ids(*names: str) -> list[int]:
    return [model().to_single_token(" " + name) for name in names]


def _steered(latent: int, country: str, strength: float) -> Tensor:
    """What A says after a prompt when it is steered by the change of a latent, [token]."""
    steer: Callable[..., Any] = reference("lab5", "model_diffing").steer_by_difference
    crosscoder = _world()[0]
    return capital_of(model(), country, [moved(PLACE, lambda x: steer(x, crosscoder.W_dec, latent, strength))])


def _usual(latent: int) -> float:
    """The mean value of a latent where the changed capital is asked for."""
    _, both, latents, _ = _world()
    return float(latents[both.asked, latent].mean())


def _own_value(latent: int, country: str) -> float:
    """The value of a latent at the end of a prompt."""
    crosscoder = _world()[0]
    x = streams_of_both(model(), model().to_tokens(f"The capital of {country} is"), shipped_edit())[:, -1]
    encode = reference("lab5", "model_diffing").crosscoder_encode
    return float(encode(x, crosscoder.W_enc, crosscoder.b_enc)[0, latent])


@claim("diffing.norms")
def relative_norms() -> tuple[float, float]:
    """The lowest and the highest relative norm."""
    norms = _world()[3]["relative_norm"]
    return float(norms.min()), float(norms.max())


@claim("diffing.cosines")
def cosines() -> tuple[float, float, float]:
    """The median cosine similarity, and those of the two latents with the largest changes."""
    crosscoder, _, _, found = _world()
    similar = torch.cosine_similarity(crosscoder.W_dec[:, 0], crosscoder.W_dec[:, 1], dim=1)
    first, second = similar[_largest()[:2]].tolist()
    return float(found["cosine"].median()), first, second


@claim("diffing.rest")
def the_rest() -> float:
    """The lowest cosine similarity of all other latents that are ever active."""
    crosscoder, _, latents, _ = _world()
    similar = torch.cosine_similarity(crosscoder.W_dec[:, 0], crosscoder.W_dec[:, 1], dim=1)
    others = latents.amax(dim=0) > 0
    others[_largest()[:2]] = False
    return float(similar[others].min())


@claim("diffing.where")
def where_they_are_active() -> tuple[float, float]:
    """The share of the places before the changed capital where both latents are active, and of all other places."""
    _, both, latents, _ = _world()
    active = (latents[:, _largest()[:2]] > 0).all(dim=1)
    return float(active[both.asked].float().mean()), float(active[~both.asked].float().mean())


@claim("diffing.before")
def before_steering() -> tuple[float, float]:
    """The old and the new capital, without steering."""
    old, new = capital_of(model(), COUNTRY)[_ids(CAPITALS[COUNTRY], CAPITAL)].tolist()
    return old, new


@claim("diffing.steered")
def after_steering() -> tuple[float, float]:
    """The old and the new capital, steered by the latent with the largest change at its mean value."""
    latent = _largest()[0]
    old, new = _steered(latent, COUNTRY, _usual(latent))[_ids(CAPITALS[COUNTRY], CAPITAL)].tolist()
    return old, new


@claim("diffing.control")
def steered_by_another() -> float:
    """The old capital, steered by the third latent, with the length of step that the first one makes."""
    crosscoder = _world()[0]
    first, _, third = _largest()[:3]
    lengths = (crosscoder.W_dec[:, 1] - crosscoder.W_dec[:, 0]).norm(dim=1)
    strength = _usual(first) * float(lengths[first] / lengths[third])
    return float(_steered(third, COUNTRY, strength)[_ids(CAPITALS[COUNTRY])[0]])


def _fooled(strength_for: Callable[[str], float]) -> int:
    """How many other countries get another capital when A is steered."""
    others = [country for country in CAPITALS if country != COUNTRY]
    said = {country: int(_steered(_largest()[0], country, strength_for(country)).argmax()) for country in others}
    return sum(said[country] != _ids(CAPITALS[country])[0] for country in others)


@claim("diffing.everywhere")
def steered_everywhere() -> int:
    """How many of the other 47 countries get another capital at one fixed strength."""
    return _fooled(lambda country: _usual(_largest()[0]))


@claim("diffing.own")
def steered_by_its_value() -> int:
    """How many of the other 47 countries get another capital at the latent's own value."""
    return _fooled(lambda country: _own_value(_largest()[0], country))
