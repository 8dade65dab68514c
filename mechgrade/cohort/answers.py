"""Answers to questions that a person grades: a table in which points and comments are written, and kept whatever is graded again.

``answers.csv`` lies beside the results. Made anew, it keeps each row's points and comment, and says where the answer is another than the
points were given for. People save this file from spreadsheets, whole or in part, so ``answers.last.csv`` holds what was written last: a row with
points that is gone is put back from there.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mechgrade.cohort.learners import Learner
from mechgrade.cohort.roster import read_rows
from mechgrade.course import Course, CourseError, Question
from mechgrade.course.yamlfile import did_you_mean
from mechgrade.files import write_atomic
from mechgrade.submissions.reading import shown
from mechgrade.submissions.written import Written
from mechgrade.tables import as_csv, cell

FILE, LAST = "answers.csv", "answers.last.csv"

COLUMNS = ("learner", "question", "answer", "points", "max_points", "comment", "changed", "state", "version")

#: More letters than this do not fit into a cell of a spreadsheet.
MOST = 30_000

CHANGED = "the answer is another than the one that has these points: look again, then empty this cell"
GONE = "no such learner or question here any more"


@dataclass(frozen=True)
class Row:
    """A learner's answer to a question.

    Attributes:
        question: ``lab/name``.
        points: None until a person has given some.
        changed: that the answer changed after points were given; empty once a person has emptied it.
        state: how the answer arrived.
        version: of the answer.
    """

    learner: str
    question: str
    answer: str
    points: float | None
    max_points: float
    comment: str = ""
    changed: str = ""
    state: str = ""
    version: str = ""

    @property
    def is_there(self) -> bool:
        """Whether there is an answer."""
        return bool(self.answer)

    @property
    def is_graded(self) -> bool:
        """Whether a person has written something into it."""
        return self.points is not None or bool(self.comment)

    @property
    def given(self) -> str:
        """What a person gave, in words."""
        points = "" if self.points is None else f"{self.points:g} point{'s' * (self.points != 1)}"
        return " and ".join(filter(None, [points, "a comment" if self.comment else ""]))


Rows = dict[tuple[str, str], Row]


def collect(course: Course, learners: Iterable[Learner], questions: Sequence[Question], before: Rows) -> Rows:
    """The answers of a class, with the points and comments that were given before.

    Args:
        course: the course.
        learners: the class.
        questions: which are asked.
        before: the table as it was.
    """
    rows: Rows = {}
    exercises = [each for lab in dict.fromkeys(each.lab for each in questions) for each in course.exercises(lab)]
    for learner in learners:
        written = learner.hand_in(course, exercises).written
        for question in questions:
            row = _row(learner.name, question, written.get(question, Written()))
            rows[learner.name, str(question)] = _kept(row, before.get((learner.name, str(question))))
    asked = set(map(str, questions))
    others = set(map(str, course.questions())) - asked
    for key, old in before.items():
        if key in rows:
            continue
        if old.question in others:  # of another lab
            rows[key] = old
        elif old.is_graded:  # of a learner or a question that is gone: the points were somebody's work
            rows[key] = replace(old, state=GONE)
    return rows


def _row(learner: str, question: Question, answer: Written) -> Row:
    text = answer.text[:MOST]
    notes = [answer.state, *answer.notes]
    if len(answer.text) > MOST:
        notes.append(f"only the first {MOST:,} letters are here; the rest is in the hand-in")
    # By the whole text: a change behind the cut is one, too.
    version = "v" + hashlib.sha256(answer.text.encode()).hexdigest()[:10]
    return Row(learner, str(question), text, None, question.points, state="; ".join(notes), version=version)


def _kept(row: Row, old: Row | None) -> Row:
    if old is None:
        return row
    if old.points is None:
        return replace(row, comment=old.comment)
    is_new = old.version not in ("", row.version)
    return replace(row, points=old.points, comment=old.comment, changed=CHANGED if is_new else old.changed)


def missing_as_zero(rows: Rows) -> Rows:
    """Zero points, with the reason, for each missing or empty answer that has no points: the instructor has said so."""

    def zero(row: Row) -> Row:
        if row.is_there or row.points is not None or row.state == GONE:
            return row
        reason = row.state[:1].upper() + row.state[1:] + "."
        return replace(row, points=0.0, comment=row.comment or reason)

    return {key: zero(row) for key, row in rows.items()}


def as_text(rows: Rows) -> str:
    """The table as CSV."""
    table: list[Sequence[object]] = [COLUMNS]
    for row in rows.values():
        points = "" if row.points is None else f"{row.points:g}"
        most = f"{row.max_points:g}"
        given = (row.learner, row.question, row.answer, points, most, row.comment)
        table.append((*given, row.changed, row.state, row.version))
    return as_csv(table)


def save(out: Path, rows: Rows) -> None:
    """Write the table, and what it is compared with when a person has saved it."""
    write_atomic(out / LAST, as_text(rows))
    write_atomic(out / FILE, as_text(rows))


def load(out: Path) -> Rows:
    """The table in a folder of results, as a person may have changed it; empty where there is none. What :func:`lost` names is there.

    Raises:
        CourseError: something in it cannot be read. Nothing was written then.
    """
    rows = read_table(out / FILE)
    return rows | {key: row for key, row in read_table(out / LAST).items() if _is_lost(row, rows)}


def lost(out: Path) -> list[str]:
    """What to say of points and comments that the table had when it was written last, and has no more.

    Raises:
        CourseError: a table cannot be read.
    """
    rows, last = read_table(out / FILE), read_table(out / LAST)
    lines = [
        f"{row.learner}, {row.question}: the row with {row.given} was gone, and is put back; to take points away, empty their cell"
        for row in last.values()
        if _is_lost(row, rows)
    ]
    return lines + [
        f"{row.learner}, {row.question}: has no points any more, and had {row.points:g}"
        for key, row in last.items()
        if row.points is not None and key in rows and rows[key].points is None
    ]


def _is_lost(row: Row, rows: Rows) -> bool:
    return (row.learner, row.question) not in rows and row.is_graded and row.state != GONE


def nowhere(course: Course, rows: Rows, learners: Iterable[str]) -> list[str]:
    """What to say of points and comments that reach nobody: no learner, or no question, has that name."""
    names, asked = list(learners), [str(each) for each in course.questions()]
    lines = []
    for row in rows.values():
        if not row.is_graded:
            continue
        if row.question not in asked:
            known = did_you_mean(row.question, asked) or f"; there are {', '.join(asked)}"
            lines.append(
                f"{row.learner}: {row.given} for {row.question} reach nobody: there is no such question{known}"
            )
        elif row.learner not in names:
            lines.append(
                f"{row.learner}: {row.given} for {row.question} reach nobody: no learner here has this name"
                f"{did_you_mean(row.learner, names)}; correct it in {FILE}"
            )
    return lines


def read_table(path: Path) -> Rows:
    """A table as a person may have changed it; empty where there is none. Of two equal rows, one of them empty, the other counts.

    Raises:
        CourseError: something in it cannot be read.
    """
    if not path.is_file():
        return {}
    columns, *lines = read_rows(path)
    names = [name.strip().lower() for name in columns]
    lacking = [name for name in ("learner", "question", "points", "max_points", "comment") if name not in names]
    if lacking:
        raise CourseError(
            f"{path} has no column {' and no column '.join(lacking)}; give the columns their names back: {', '.join(COLUMNS)}"
        )
    rows: Rows = {}
    for number, line in enumerate(lines, 2):
        cells = dict(zip(names, [without_apostrophe(each) for each in line], strict=False))
        row = _read(path, number, cells)
        key = row.learner, row.question
        other = rows.get(key, row)
        if other.is_graded and row.is_graded and (other.points, other.comment) != (row.points, row.comment):
            raise CourseError(
                f"{path}, row {number}: {row.learner} and {row.question} are there twice, with different points or comments; delete one row"
            )
        rows[key] = other if other.is_graded else row
    return rows


def _read(path: Path, number: int, cells: Mapping[str, str]) -> Row:
    def text(name: str) -> str:
        return cells.get(name, "").strip()

    where = f"{path}, row {number} ({shown(text('learner'))}, {shown(text('question'))})"
    most = number_in(text("max_points"))
    if most is None:
        raise CourseError(
            f"{where}: max_points is {shown(text('max_points'))!r}, and no number; write the number again"
        )
    points = number_in(text("points")) if text("points") else None
    if text("points") and (points is None or not 0 <= points <= most):
        raise CourseError(
            f"{where}: points are {shown(text('points'))!r}; write a number from 0 to {most:g}, or nothing while it is not graded"
        )
    return Row(
        text("learner"),
        text("question"),
        text("answer"),
        points,
        most,
        text("comment"),
        text("changed"),
        text("state"),
        text("version"),
    )


def number_in(text: str) -> float | None:
    """A number as a person writes it, with a decimal comma too; None where it is none."""
    if not re.fullmatch(r"-?\d{1,6}([.,]\d{1,6})?", text):
        return None
    found = float(text.replace(",", "."))
    return found if math.isfinite(found) else None


def without_apostrophe(text: str) -> str:
    """A cell's text as it was before :func:`mechgrade.tables.cell` made it harmless."""
    return text[1:] if text.startswith("'") and cell(text[1:]) == text else text


@dataclass(frozen=True)
class Tally:
    """What a learner's written answers come to.

    Attributes:
        points: None while something is not graded: the sum of a part is no score.
        most: the most that there can be.
        ungraded: how many answers have no points yet.
        lines: a line for each question, with the comment.
        cells: the points of each question; empty while there are none.
    """

    points: float | None
    most: float
    ungraded: int
    lines: list[str]
    cells: list[str]


def tally(rows: Rows, learner: str, questions: Sequence[Question]) -> Tally:
    """What a learner's answers to some questions come to."""
    found = [rows.get((learner, str(question))) for question in questions]
    given = [row.points for row in found if row is not None and row.points is not None]
    lines = [_line(question, row) for question, row in zip(questions, found, strict=True)]
    cells = ["" if row is None or row.points is None else f"{row.points:g}" for row in found]
    ungraded = len(questions) - len(given)
    total = sum(given) if questions and not ungraded else None
    return Tally(total, float(sum(each.points for each in questions)), ungraded, lines, cells)


def _line(question: Question, row: Row | None) -> str:
    comment = f": {row.comment}" if row is not None and row.comment else ""
    if row is None or row.points is None:
        state = f"; {row.state}" if row is not None and not row.is_there and row.state else ""
        return f"{question.title} (not graded yet, at most {question.points} points{state}){comment}"
    return f"{question.title} ({row.points:g} of {row.max_points:g} points){comment}"
