"""An exercise's result as plain data, and back: what crosses between processes and lies in the store.

Times are kept apart: the same submission graded twice gives the same data, byte for byte.
"""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import Any

from mechgrade.grading.verdicts import Check, ExerciseResult
from mechgrade.protocol import wire
from mechgrade.protocol.outcome import Place

#: Not kept: times, and the compared data for pictures, which a cohort's gradings do not ask for.
_LEFT_OUT = ("seconds", "learner_seconds", "views")


def as_tree(entry: ExerciseResult) -> dict[str, Any]:
    """A result without times, and without the place of the learner's file: equal files share a result."""
    checks = [
        {part.name: getattr(check, part.name) for part in fields(check) if part.name not in _LEFT_OUT}
        | {"place": asdict(check.place) if check.place else None}
        for check in entry.checks
    ]
    return {"lab": entry.lab, "exercise": entry.exercise, "max_points": entry.max_points, "checks": checks}


def entry_of(tree: dict[str, Any], seconds: float = 0.0) -> ExerciseResult:
    """The result that :func:`as_tree` wrote."""
    checks = [
        Check(**{**check, "place": Place(**check["place"]) if check["place"] else None}) for check in tree["checks"]
    ]
    file = f"{tree['lab']}/{tree['exercise']}.py"
    return ExerciseResult(tree["lab"], tree["exercise"], tree["max_points"], checks, seconds, file)


def dump(tree: dict[str, Any]) -> str:
    """The one text of such a tree. UTF-8 can hold it: half a character (a lone surrogate) is written out."""
    text = json.dumps(tree, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    try:
        text.encode()
    except UnicodeEncodeError:
        written_out: Any = wire.decode(wire.encode(tree))
        return dump(written_out)
    return text


def load(text: str, seconds: float = 0.0) -> ExerciseResult:
    """The result that :func:`dump` wrote."""
    return entry_of(json.loads(text), seconds)
