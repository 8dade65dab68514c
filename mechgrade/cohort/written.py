"""Points for written answers in what people read: learners' pages, ``grades.csv`` and the class's page. They stand apart from the checked points."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from mechgrade.cohort.answers import Rows, tally
from mechgrade.cohort.gradesheet import read_grades, write_grades
from mechgrade.cohort.pages import WRITTEN, with_lines
from mechgrade.course import Course, CourseError, Question
from mechgrade.files import write_atomic

#: The columns of grades.csv that come before those of the questions.
TOTALS = ("written", "written_max", "written_ungraded")


def labs_of(out: Path) -> set[str]:
    """The labs that were graded into a folder; none where nothing was graded yet.

    Raises:
        CourseError: what was graded cannot be read.
    """
    path = out / "summary.json"
    try:
        return {str(each["lab"]) for each in json.loads(path.read_text(encoding="utf-8"))["exercises"]}
    except FileNotFoundError:
        return set()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CourseError(
            f"{path} cannot be read ({type(error).__name__}); run `mechgrade cohort grade` again"
        ) from None


def questions_of(course: Course, out: Path, lab: str | None = None) -> list[Question]:
    """The questions of the labs that were graded into a folder, or of one of them; of no lab where nothing was graded yet.

    Raises:
        CourseError: what was graded cannot be read, or it is of other labs.
    """
    labs = labs_of(out)
    if lab is not None and labs and course.lab(lab).name not in labs:
        raise CourseError(
            f"the results in {out} are of {', '.join(sorted(labs))}, and not of {lab}: points would reach no page; give the folder of {lab}'s results"
        )
    return [question for question in course.questions(lab) if question.lab in labs]


def apply(out: Path, questions: Sequence[Question], rows: Rows) -> None:
    """Put the points and comments into all files that have a place for them.

    Raises:
        CourseError: there are no results, or they cannot be read.
        OSError: something cannot be written.
    """
    if not questions:
        return
    names: list[str] = []
    for page in sorted((out / "learners").glob("*.html")):
        found = tally(rows, page.stem, questions)
        names.append(page.stem)
        write_atomic(page, with_lines(page.read_text(encoding="utf-8"), WRITTEN, found.lines))
    summary = out / "summary.html"
    if summary.is_file():
        lines = [_of_class(question, rows, names) for question in questions]
        write_atomic(summary, with_lines(summary.read_text(encoding="utf-8"), WRITTEN, lines))
    _into_grades(out, questions, rows, set(names))


def _of_class(question: Question, rows: Rows, names: Sequence[str]) -> str:
    found = [row for name in names if (row := rows.get((name, str(question)))) is not None]
    given = [row.points for row in found if row.points is not None]
    mean = f", mean {sum(given) / len(given):.1f} of {question.points} points" if given else ""
    there = sum(row.is_there for row in found)
    return f"{question.title} ({question}): {there} answered, {len(given)} of {len(names)} graded{mean}"


def _into_grades(out: Path, questions: Sequence[Question], rows: Rows, graded: set[str]) -> None:
    rows_before = read_grades(out)
    if not rows_before:
        return
    head, *body = rows_before
    asked = [f"{question} (written)" for question in questions]
    kept = [place for place, name in enumerate(head) if name not in TOTALS and not name.endswith(" (written)")]
    table: list[Sequence[object]] = [[*(head[place] for place in kept), *TOTALS, *asked]]
    for line in body:
        cells = [line[place] if place < len(line) else "" for place in kept]
        found = tally(rows, cells[0], questions)
        if cells[0] in graded or found.points is not None:  # who handed in nothing may have got zero by now
            total = "" if found.points is None else f"{found.points:g}"
            table.append([*cells, total, f"{found.most:g}", str(found.ungraded), *found.cells])
        else:  # nothing was handed in: no score of any kind
            table.append([*cells, "", f"{found.most:g}", "0", *[""] * len(asked)])
    write_grades(out, table)
