"""Claims about the shipped models as a whole: how they were trained, and what is in them."""

from __future__ import annotations

import json
from typing import Any

from . import claim
from .texts import ROOT


def _recipe() -> dict[str, Any]:
    record: dict[str, Any] = json.loads((ROOT / "fixtures/models/embedded/training.json").read_text())
    recipe: dict[str, Any] = record["recipe"]
    return recipe


@claim("training.schedule")
def schedule() -> tuple[int, ...]:
    """Up to which step attention was supervised in full, from which step on not at all, and how many steps there were."""
    return tuple(_recipe()[name] for name in ("fade_from", "off_from", "steps"))


@claim("training.answer-weight")
def answer_weight() -> float:
    """How many times as much as any other token the answers of indirect-object prompts count in the loss."""
    return float(_recipe()["answer_weight"])
