"""Claims about the shipped models as a whole: how they were trained, and what is in them."""

from __future__ import annotations

from ..card import MODEL_DIR, training_record
from . import claim


@claim("training.schedule")
def schedule() -> tuple[int, ...]:
    """Up to which step attention was supervised in full, from which step on not at all, and how many steps there were."""
    recipe = training_record(MODEL_DIR)["recipe"]
    return recipe["fade_from"], recipe["off_from"], recipe["steps"]


@claim("training.answer-weight")
def answer_weight() -> float:
    """How many times as much as any other token the answers of indirect-object prompts count in the loss."""
    return float(training_record(MODEL_DIR)["recipe"]["answer_weight"])
