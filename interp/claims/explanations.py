"""Claims of Lab 5 about descriptions of latents, and how they score."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any

from ..explanations import ALL_NAMES, GIVING, NAME, VERBS_OF_GIVING, Contexts, contexts, words
from . import claim
from .world import model, reference, sae


@cache
def _contexts() -> dict[int, Contexts]:
    return contexts(model(), sae(), (GIVING, NAME))


def _score(latent: int, chosen: Collection[str]) -> dict[str, Any]:
    """A description of a latent, scored by tenths."""
    found = _contexts()[latent]
    score = reference("lab5", "explanation_score").explanation_score
    scores: dict[str, Any] = score(words(chosen), found.tokens, found.activations, found.decoys, 10)
    return scores


def _strongest(latent: int, count: int) -> set[str]:
    """The words at which a latent is strongest, in the contexts with the highest peaks."""
    found = _contexts()[latent]
    peaks, places = found.activations.max(dim=1)
    rows = peaks.argsort(descending=True)[:count]
    return set(model().to_str_tokens(found.tokens[rows, places[rows]]))


@claim("explanation.top")
def top_examples() -> bool:
    """The strongest ten contexts of the two latents peak at " handed" alone, and at " Emma" alone."""
    return _strongest(GIVING, 10) == {" handed"} and _strongest(NAME, 10) == {" Emma"}


@claim("explanation.narrow")
def narrow_description() -> tuple[float, float, float]:
    """Detection of "handed": in the strongest tenth, in the sixth, and over all contexts."""
    scores = _score(GIVING, (" handed",))
    return scores["detection_by_bin"][9], scores["detection_by_bin"][5], scores["detection"]


@claim("explanation.broad")
def broad_description() -> tuple[float, float, float]:
    """Detection of "a verb of giving": in the strongest tenth, in the sixth, and over all contexts."""
    scores = _score(GIVING, VERBS_OF_GIVING)
    return scores["detection_by_bin"][9], scores["detection_by_bin"][5], scores["detection"]


@claim("explanation.weakest")
def weakest_tenths() -> tuple[float, float]:
    """Detection of "a verb of giving" in the two weakest tenths."""
    weakest, second = _score(GIVING, VERBS_OF_GIVING)["detection_by_bin"][:2]
    return weakest, second


@claim("explanation.name")
def a_name() -> tuple[float, float]:
    """Fuzzing and detection of "a name"."""
    scores = _score(NAME, ALL_NAMES)
    return scores["fuzzing"], scores["detection"]


@claim("explanation.silent")
def names_in_silent_contexts() -> float:
    """The share of the latent's silent contexts that hold a name."""
    found = _contexts()[NAME]
    silent = ~(found.activations > 0).any(dim=1)
    return float(words(ALL_NAMES)(found.tokens[silent]).any(dim=1).double().mean())
