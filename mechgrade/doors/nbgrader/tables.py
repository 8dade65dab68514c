"""The gradebook as CSV (RFC 4180), for spreadsheets and for the import pages of Canvas and Moodle."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from nbgrader.api import Gradebook

from mechgrade.course import CourseError
from mechgrade.tables import as_csv

Form = Literal["plain", "canvas", "moodle"]


def table(db_url: str, form: Form, assignments: list[str]) -> str:
    """The scores of some assignments, or of all: a row a learner. Late penalties are taken off, as nbgrader does.

    A learner who handed nothing in has an empty cell, which is no zero until somebody says so.

    Args:
        db_url: nbgrader's database.
        form: `canvas` and `moodle` have the columns that those import.
        assignments: names; empty for all.

    Raises:
        CourseError: there is no gradebook yet.
    """
    path = Path(db_url.removeprefix("sqlite:///"))
    if db_url.startswith("sqlite:") and not path.is_file():
        raise CourseError(f"there is no gradebook at {path}; `make release LAB=...` makes one")
    with Gradebook(db_url) as book:
        chosen = [each for each in book.assignments if not assignments or each.name in assignments]
        chosen.sort(key=lambda each: str(each.name))
        columns = {str(each.name): float(each.max_score) for each in chosen}
        scores = {
            (str(submission.student.id), str(each.name)): max(
                0.0, float(submission.score) - float(submission.late_submission_penalty or 0)
            )
            for each in chosen
            for submission in each.submissions
        }
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
    return as_csv(rows)


def _number(score: float | None) -> str:
    return "" if score is None else f"{score:g}"
