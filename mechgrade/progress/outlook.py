"""Where a learner stands in the course: what is passed, what is begun, what is next, how many minutes it takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from mechgrade.course import Course, Exercise, Lab
from mechgrade.progress.current import current
from mechgrade.progress.progress import Entry, State, file_hash

Standing = Literal["passed", "begun", "new", "left out"]


@dataclass(frozen=True)
class Row:
    """One exercise on the map. ``changed``: its file is another than the one that was graded last."""

    exercise: Exercise
    entry: Entry
    standing: Standing
    changed: bool

    @property
    def verdict(self) -> str:
        """The verdict by which it is shown."""
        shown = {"new": "not_started", "left out": "not_applicable"}
        return shown.get(self.standing, self.entry.verdict or "not_started")


@dataclass(frozen=True)
class LabOutlook:
    """One lab on the map. ``merged``: exercises that were passed and are part of another now, which is not passed whole yet."""

    lab: Lab
    rows: tuple[Row, ...]
    merged: tuple[tuple[str, Exercise], ...] = ()

    @property
    def passed(self) -> int:
        """How many exercises are passed."""
        return sum(row.standing == "passed" for row in self.rows)

    @property
    def points(self) -> float:
        """Points of the last gradings."""
        return sum(row.entry.points for row in self.rows if row.standing != "left out")

    @property
    def maximum(self) -> int:
        """Points that can be had with the learner's model."""
        return sum(row.exercise.points for row in self.rows if row.standing != "left out")

    @property
    def minutes_left(self) -> int:
        """The course's estimate for the rest."""
        return sum(row.exercise.minutes for row in self.rows if row.standing not in ("passed", "left out"))

    @property
    def minutes_worked(self) -> float:
        """The learner's own working time, estimated."""
        return sum(row.entry.seconds for row in self.rows) / 60


@dataclass(frozen=True)
class Outlook:
    """The whole map. ``next``: the current exercise; None when nothing is left to do."""

    labs: tuple[LabOutlook, ...]
    next: Exercise | None


def outlook(course: Course, state: State, lab: str | None = None) -> Outlook:
    """The map of a course, or of one lab of it."""
    chosen = [course.lab(lab)] if lab is not None else list(course.labs.values())
    labs = tuple(
        LabOutlook(
            each, tuple(_row(course, state, one) for one in each.exercises.values()), tuple(passed_before(state, each))
        )
        for each in chosen
    )
    return Outlook(labs, current(course, state, lab))


def passed_before(state: State, lab: Lab) -> Iterator[tuple[str, Exercise]]:
    """The exercises of a lab that were passed and are part of another by now, until that one is passed with what it is worth now."""
    for old, now in lab.merged.items():
        exercise, before = lab.exercises[now], state.entries.get(f"{lab.name}/{old}")
        entry = state.of(exercise)
        is_whole = entry.verdict == "passed" and entry.points >= exercise.points
        if before is not None and before.first_pass and not is_whole:
            yield old, exercise


def completed(course: Course, before: State, after: State) -> list[Lab]:
    """The labs whose last exercise was passed between two states."""

    def done(lab: Lab, state: State) -> bool:
        exercises = lab.exercises.values()
        return all(map(state.is_done, exercises)) and any(map(state.passed, exercises))

    return [lab for lab in course.labs.values() if done(lab, after) and not done(lab, before)]


def _row(course: Course, state: State, exercise: Exercise) -> Row:
    entry = state.of(exercise)
    standing: Standing = "begun" if entry.source or entry.hints else "new"
    if entry.verdict == "passed":
        standing = "passed"  # on whichever model: what was done stays done
    elif entry.left_out:
        standing = "left out"
    changed = bool(entry.source) and file_hash(course.stub_path(exercise)) != entry.source
    return Row(exercise, entry, standing, changed)


def duration(minutes: float) -> str:
    """Minutes as people say them: ``48 min``, ``2 h 05 min``."""
    whole = round(minutes)
    return f"{whole} min" if whole < 60 else f"{whole // 60} h {whole % 60:02} min"
