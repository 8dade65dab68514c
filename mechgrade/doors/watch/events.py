"""What the loop waits for."""

from __future__ import annotations

from dataclasses import dataclass

from mechgrade.course import Exercise
from mechgrade.grading.verdicts import Result


@dataclass(frozen=True)
class Saved:
    """Files were written, renamed or removed: these exercises' ones, in the order of the course."""

    exercises: tuple[Exercise, ...]


@dataclass(frozen=True)
class Key:
    """A key was pressed; the empty text says that the keyboard is gone."""

    text: str


@dataclass(frozen=True)
class Graded:
    """A grading has ended: with a result, with the reason that there is none, or (both None) because it was cut short."""

    exercise: Exercise
    result: Result | None = None
    failure: str | None = None


@dataclass(frozen=True)
class Lost:
    """The folder cannot be watched any more."""

    why: str


Event = Saved | Key | Graded | Lost
