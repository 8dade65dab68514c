"""The gradebook as CSV (RFC 4180), for spreadsheets and for the import pages of Canvas and Moodle."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from nbgrader.api import Gradebook

from mechgrade.course import CourseError
from mechgrade.doors.nbgrader.written import is_answer_id
from mechgrade.tables import as_csv

Form = Literal["plain", "canvas", "moodle"]


@dataclass(frozen=True)
class Table:
    """The gradebook as CSV, and what is in it."""

    text: str
    learners: int
    labs: list[str]


def table(db_url: str, form: Form, assignments: list[str]) -> Table:
    """The scores of some assignments, or of all: a row a learner. Late penalties are taken off, as nbgrader does.

    Points that a person gives for written answers have a column of their own, empty while one of them is not graded.
    A learner who handed nothing in has an empty cell, which is no zero until somebody says so.

    Args:
        db_url: nbgrader's database.
        form: `canvas` and `moodle` have the columns that those import.
        assignments: names; empty for all.

    Raises:
        CourseError: there is no gradebook yet, or one of the assignments is not in it.
    """
    path = Path(db_url.removeprefix("sqlite:///"))
    if db_url.startswith("sqlite:") and not path.is_file():
        raise CourseError(f"there is no gradebook at {path}; `make release LAB=...` makes one")
    with Gradebook(db_url) as book:
        there = [str(each.name) for each in book.assignments]
        if lacking := [name for name in assignments if name not in there]:
            raise CourseError(
                f"the gradebook has no {' and no '.join(lacking)}; it has {', '.join(sorted(there)) or 'no lab yet'} "
                "(`mechgrade release LAB` puts a lab there)"
            )
        chosen = [each for each in book.assignments if not assignments or each.name in assignments]
        chosen.sort(key=lambda each: str(each.name))
        columns: dict[str, float] = {}
        scores: dict[tuple[str, str], float | None] = {}
        for each in chosen:
            written = _written_max(each)
            columns[str(each.name)] = float(each.max_score) - written
            if written:
                columns[f"{each.name} written"] = written
            for submission in each.submissions:
                learner, (given, is_whole) = str(submission.student.id), _written(submission)
                late = float(submission.late_submission_penalty or 0)
                scores[learner, str(each.name)] = max(0.0, float(submission.score) - given - late)
                scores[learner, f"{each.name} written"] = given if is_whole else None
        learners = [(str(s.id), s.last_name or "", s.first_name or "", s.email or "") for s in book.students]
    rows: list[list[str]] = []
    heads = list(columns)
    if form == "canvas":
        # Canvas matches by SIS Login ID, and wants this row and these columns to be there.
        rows.append(["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *heads])
        rows.append(["    Points Possible", "", "", "", "", *(f"{points:g}" for points in columns.values())])
    elif form == "moodle":
        rows.append(["username", "firstname", "lastname", "email", *heads])
    else:
        rows.append(["learner", "last_name", "first_name", "email", *(f"{n} ({p:g})" for n, p in columns.items())])
    for learner, last, first, email in sorted(learners):
        points = [_number(scores.get((learner, name))) for name in heads]
        if form == "canvas":
            rows.append([f"{last}, {first}" if last or first else learner, "", "", learner, "", *points])
        elif form == "moodle":
            rows.append([learner, first, last, email, *points])
        else:
            rows.append([learner, last, first, email, *points])
    return Table(as_csv(rows), len(learners), [str(each) for each in heads])


def _written_max(assignment: Any) -> float:
    """The most that a person can give for an assignment's written answers."""
    cells = [cell for notebook in assignment.notebooks for cell in notebook.grade_cells]
    return sum(float(cell.max_score) for cell in cells if is_answer_id(str(cell.name)))


def _written(submission: Any) -> tuple[float, bool]:
    """What a person gave for a submission's written answers, and whether all of them have points."""
    grades = [each for notebook in submission.notebooks for each in notebook.grades if is_answer_id(str(each.name))]
    return sum(float(each.score) for each in grades), all(each.manual_score is not None for each in grades)


def _number(score: float | None) -> str:
    return "" if score is None else f"{score:g}"
