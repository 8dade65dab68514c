"""What claims are measured on: the shipped models, loaded once, and the reference solutions."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor

from mechgrade.bench import open_bench

from .. import circuits
from .texts import ROOT


@cache
def bench(profile: str = "embedded", lab: str | None = None) -> Any:
    """A model of course.yaml, as a learner's file opens it."""
    return open_bench(profile, lab=lab)


def model(profile: str = "embedded") -> Any:
    """The model alone."""
    return bench(profile).model


@cache
def sae() -> Any:
    """The course's autoencoder."""
    return bench(lab="lab4").sae


@cache
def reference(lab: str, name: str) -> Any:
    """An exercise's reference solution, as a module."""
    spec = importlib.util.spec_from_file_location(f"reference_{lab}_{name}", ROOT / "solutions" / lab / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def probability(logits: Tensor, answer: str) -> float:
    """The probability of an answer after the last position of one prompt."""
    return float(logits[0, -1].softmax(-1)[model().to_single_token(answer)])


@torch.no_grad()
def run(ids: Tensor, *hooks: tuple[str, Callable[..., Tensor]], profile: str = "embedded") -> Tensor:
    """Logits of a run with hooks."""
    logits: Tensor = model(profile).run_with_hooks(ids, fwd_hooks=list(hooks))
    return logits


def head_name(layer: int, head: int) -> str:
    """`L1H2` for layer 1, head 2."""
    return f"L{layer}H{head}"


@cache
def names(profile: str = "embedded") -> circuits.NameReport:
    """The indirect-object maps of the card."""
    return circuits.names(model(profile))


@cache
def repeats(half: int = 60) -> circuits.RepeatReport:
    """The repeat maps of the card."""
    return circuits.repeats(model(), half=half)
