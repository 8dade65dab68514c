"""Points that a person has changed by hand, with the reason: where a learner's complaint is right, and a grader is not to be changed.

``marks.json`` holds them. Like comments they lie beside the results, so they outlive every grading. The verdicts stay what the graders found;
marks are put on top wherever points become a grade: in ``grades.csv``, in what is exported, on the learner's page and in the class's mean.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mechgrade.cohort.answers import without_apostrophe
from mechgrade.cohort.beside import read_list
from mechgrade.cohort.gradesheet import read_grades, write_grades
from mechgrade.cohort.pages import MARKED, with_lines
from mechgrade.files import write_atomic
from mechgrade.grading.verdicts import FAULTS

FILE = "marks.json"

#: The column of grades.csv that says what was changed, where something was.
COLUMN = "marked"

Trees = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Mark:
    """Points by hand for a learner's exercise.

    Attributes:
        exercise: ``lab/name``.
        graded: what the grader gave when the mark was made; None where it gave nothing, by no fault of the learner's.
    """

    learner: str
    exercise: str
    points: float
    why: str
    graded: float | None

    def in_words(self, most: float) -> str:
        """The mark as the learner reads it."""
        place = "which could not be graded" if self.graded is None else f"in place of {self.graded:g}"
        return f"{self.exercise}: {self.points:g} of {most:g} points, {place}: {self.why}"


def read_marks(out: Path) -> list[Mark]:
    """The marks beside a folder's results; none where there is no file.

    Raises:
        CourseError: the file cannot be read.
    """
    return read_list(out / FILE, Mark)


def write_marks(out: Path, marks: Iterable[Mark]) -> None:
    """Keep marks.

    Raises:
        OSError: the file cannot be written.
    """
    write_atomic(out / FILE, json.dumps([asdict(each) for each in marks], indent=1, ensure_ascii=False) + "\n")


def points_of(entry: Mapping[str, Any]) -> float | None:
    """What a grader gave for an exercise, as ``learners/NAME.json`` has it; None where it could not be graded."""
    return None if entry["verdict"] in FAULTS else float(entry["points"])


def score_of(marks: Iterable[Mark], learner: str, entries: Iterable[Mapping[str, Any]]) -> float | None:
    """A learner's score with the marks; None where something could not be graded and has no mark."""
    given = {each.exercise: each.points for each in marks if each.learner == learner}
    points = [given.get(name_of(entry), points_of(entry)) for entry in entries]
    known = [each for each in points if each is not None]
    return sum(known) if len(known) == len(points) else None


def name_of(entry: Mapping[str, Any]) -> str:
    """An exercise's ``lab/name``."""
    return f"{entry['lab']}/{entry['exercise']}"


def apply_marks(out: Path, marks: Sequence[Mark], trees: Trees) -> None:
    """Put the marks of some learners into their pages and into grades.csv.

    Args:
        out: the folder of results.
        marks: all that there are.
        trees: the results of the learners whose marks are to be put there, as ``learners/NAME.json`` has them; those without a mark any
            more get what the graders gave.

    Raises:
        CourseError: grades.csv cannot be read.
        OSError: something cannot be written.
    """
    for learner, tree in trees.items():
        page = out / "learners" / f"{learner}.html"
        if page.is_file():
            write_atomic(page, with_lines(page.read_text(encoding="utf-8"), MARKED, _lines(marks, learner, tree)))
    if trees and (rows := read_grades(out)):
        _into_grades(out, rows, marks, trees)


def _lines(marks: Sequence[Mark], learner: str, tree: Mapping[str, Any]) -> list[str]:
    most = {name_of(entry): float(entry["max_points"]) for entry in tree["exercises"]}
    mine = [each for each in marks if each.learner == learner and each.exercise in most]
    score = score_of(mine, learner, tree["exercises"])
    lines = [each.in_words(most[each.exercise]) for each in mine]
    if mine and score is not None:
        lines.append(f"With this your score is {score:g} of {float(tree['max_score']):g} points.")
    return lines


def _into_grades(out: Path, table: list[list[str]], marks: Sequence[Mark], trees: Trees) -> None:
    head, *body = table
    rows = [dict(zip(head, [without_apostrophe(each) for each in line], strict=False)) for line in body]
    for row in rows:
        learner = row["learner"]
        if learner not in trees:
            continue
        entries = trees[learner]["exercises"]
        mine = {each.exercise: each for each in marks if each.learner == learner}
        points = {name_of(entry): points_of(entry) for entry in entries if entry["verdict"] != "not_applicable"}
        points |= {name: each.points for name, each in mine.items() if name in points}
        row |= {name: "" if each is None else f"{each:g}" for name, each in points.items() if name in row}
        score = score_of(mine.values(), learner, entries)
        row["score"] = "" if score is None else f"{score:g}"
        row["ungraded"] = str(sum(each is None for each in points.values()))
        row[COLUMN] = "; ".join(
            each.in_words(float(entry["max_points"])) for entry in entries if (each := mine.get(name_of(entry)))
        )
    there = [name for name in head if name != COLUMN]
    if any(row.get(COLUMN) for row in rows):
        there.insert(there.index("made_by") + 1 if "made_by" in there else len(there), COLUMN)
    write_grades(out, [there, *([row.get(name, "") for name in there] for row in rows)])


def remarks(marks: Iterable[Mark], trees: Trees) -> list[str]:
    """What to say of marks after a grading: of those that reach nobody, and of those whose grader gives something else now."""
    lines = []
    for each in marks:
        entries = {name_of(entry): entry for entry in trees[each.learner]["exercises"]} if each.learner in trees else {}
        entry = entries.get(each.exercise)
        if entry is None:
            lines.append(f"{each.learner}: the mark for {each.exercise} reaches nobody: no such result is here")
        elif points_of(entry) != each.graded:
            now, then = ("nothing" if one is None else f"{one:g}" for one in (points_of(entry), each.graded))
            lines.append(
                f"{each.learner}: {each.exercise} has {each.points:g} by hand; the grader gave {then} then, and gives {now} now. Look again"
            )
    return lines
