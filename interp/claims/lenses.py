"""Claims of Lab 5 about the tuned lens: what it reads, and what it has learned by itself."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch import Tensor

from ..lenses import ASKED, LensTexts, capital_streams, lens_texts
from . import claim
from .world import model, reference

Lens = tuple[Tensor, Tensor]


def _module() -> Any:
    return reference("lab5", "tuned_lens")


@cache
def _lenses(profile: str) -> tuple[LensTexts, dict[str, Lens]]:
    """The texts with all countries, and the logit lens, the tuned lens, and the one that was trained without the countries."""
    found: dict[str, Lens] = {}
    for name, without in (("control", ASKED), ("tuned", ())):
        texts = lens_texts(model(profile), without=without)
        found[name] = _module().tuned_lens(texts.unembed, texts.batches, texts.held_out, rate=0.003)
    return texts, found | {"logit": _module().tuned_lens(texts.unembed, [], texts.held_out, rate=0.003)}


@torch.no_grad()
def _divergence(profile: str, name: str) -> Tensor:
    """Each layer's divergence on held-out text."""
    texts, lenses = _lenses(profile)
    found: Tensor = _module().lens_kl(texts.unembed, texts.held_out, *lenses[name])
    return found


@torch.no_grad()
def _capital(profile: str, name: str) -> Tensor:
    """The mean probability of the capital after each layer."""
    texts, lenses = _lenses(profile)
    streams, answers = capital_streams(model(profile))
    read = _module().lens_logits(texts.unembed, streams, *lenses[name]).softmax(dim=-1)
    mean: Tensor = read[:, torch.arange(len(answers)), answers].mean(dim=1)
    return mean


def _three(profile: str, passed: int) -> tuple[float, float, float]:
    """The capital's probability by the logit lens, the tuned lens and the control, after some layers."""
    logit, tuned, control = (float(_capital(profile, name)[passed]) for name in ("logit", "tuned", "control"))
    return logit, tuned, control


@claim("lens.logit")
def logit_lens_is_far() -> tuple[float, float, float]:
    """The logit lens's divergence in the unsupervised model: at the embedding, after layer 0, after layer 1."""
    start, first, second, _ = _divergence("unsupervised", "logit").tolist()
    return start, first, second


@claim("lens.tuned")
def tuned_lens_is_near() -> tuple[float, float, float]:
    """The tuned lens's divergence in the unsupervised model: at the embedding, after layer 0, after layer 1."""
    start, first, second, _ = _divergence("unsupervised", "tuned").tolist()
    return start, first, second


@claim("lens.unsupervised")
def capitals_of_the_unsupervised_model() -> tuple[float, float, float]:
    """After layer 1 of the unsupervised model: the logit lens, the tuned lens, the one without the countries."""
    return _three("unsupervised", 2)


@claim("lens.course-0")
def capitals_of_the_course_model() -> tuple[float, float, float]:
    """After layer 0 of the course model: the logit lens, the tuned lens, the one without the countries."""
    return _three("embedded", 1)


@claim("lens.course-1")
def later_capitals_of_the_course_model() -> tuple[float, float, float]:
    """After layer 1 of the course model: the logit lens, the tuned lens, the one without the countries."""
    return _three("embedded", 2)
