"""The hints of an exercise, and what it shows once it passes: generated beside the graders, so they ship without solutions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from mechgrade.course.course import Course, Exercise


@dataclass(frozen=True)
class Guide:
    """An exercise's hints by tier, the gentlest first, and the paragraph after passing."""

    hints: tuple[str, ...] = ()
    found: str = ""


@cache
def _read(path: Path) -> dict[str, dict[str, object]]:
    try:
        # libyaml's loader where it is built in: the file of a whole lab is read for a single hint.
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)
    except (OSError, yaml.YAMLError):
        return {}
    return document if isinstance(document, dict) else {}


def guide(course: Course, exercise: Exercise) -> Guide:
    """The hints and the closing paragraph; empty where the lab's file is missing."""
    entry = _read(course.hints_path(exercise.lab)).get(exercise.name)
    if not isinstance(entry, dict):
        return Guide()
    hints = entry.get("hints")
    return Guide(tuple(map(str, hints)) if isinstance(hints, list) else (), str(entry.get("found") or ""))
