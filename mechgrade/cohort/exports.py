"""A class's grades and feedback, in the forms that learning platforms take: under their ids, and in their own tables where you have one."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

from mechgrade.cohort.answers import load as load_answers
from mechgrade.cohort.answers import tally
from mechgrade.cohort.arrivals import Arrival, load
from mechgrade.cohort.comments import comments_of, read_comments
from mechgrade.cohort.roster import Person, Roster
from mechgrade.course import CourseError, Question
from mechgrade.grading.verdicts import FAULTS
from mechgrade.tables import as_csv

Form = Literal["canvas", "moodle", "blackboard", "plain"]
FORMS: tuple[Form, ...] = get_args(Form)


@dataclass(frozen=True)
class Grade:
    """One learner's whole grade.

    Attributes:
        score: None where there is none: nothing was handed in, or the machine or a grader failed.
        comment: of a grader.
        written: what a person gave for answers to questions; None while something is not graded.
        written_max: the most that there can be; 0 where there are no questions.
    """

    arrival: Arrival
    score: float | None
    max_score: float
    comment: str = ""
    person: Person | None = None
    written: float | None = None
    written_max: float = 0.0


def grades(out: Path, roster: Roster | None = None, questions: Sequence[Question] = ()) -> list[Grade]:
    """The grades in a folder of results, each with its person in the list.

    Args:
        out: the folder.
        roster: the list.
        questions: those of the graded labs that a person grades.

    Raises:
        CourseError: there are no results, or they cannot be read.
    """
    comments, answers = read_comments(out), load_answers(out)
    found = []
    for arrival in load(out):
        path = out / "learners" / f"{arrival.learner}.json"
        try:
            tree = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CourseError(
                f"{path} cannot be read ({type(error).__name__}); run `mechgrade cohort grade` again"
            ) from None
        fault = any(each["verdict"] in FAULTS for each in tree["exercises"])
        written = tally(answers, arrival.learner, questions)
        text = "\n".join([*written.lines, *comments_of(comments, arrival.learner, tree["exercises"])])
        score = None if fault else float(tree["score"])
        found.append(Grade(arrival, score, float(tree["max_score"]), text, None, written.points, written.most))
    if roster is None:
        return found
    people = roster.find(ways(grade.arrival) for grade in found)
    return [replace(grade, person=people.get(grade.arrival.learner)) for grade in found]


def only_written(found: Sequence[Grade]) -> list[Grade]:
    """The points for written answers as grades of their own: for platforms with one grade an assignment."""
    return [replace(each, score=each.written, max_score=each.written_max, written_max=0.0) for each in found]


def ways(arrival: Arrival) -> tuple[str, list[str]]:
    """A learner, and the ways in which a list may name the same person."""
    return arrival.learner, [each for each in (arrival.id, arrival.learner, arrival.person) if each]


def absent_of(roster: Roster | None, arrivals: Iterable[Arrival]) -> list[str]:
    """The people of a class list who handed in nothing."""
    if roster is None:
        return []
    there = {id(person) for person in roster.find(map(ways, arrivals)).values()}
    return [person.shown for person in roster.people if id(person) not in there]


def table(form: Form, found: Sequence[Grade], roster: Roster | None, column: str) -> str:
    """The CSV that a platform imports.

    Args:
        form: whose.
        found: the grades.
        roster: the platform's own table: its rows and ids are taken over, and all people in it have a row.
        column: the name of the assignment there.
    """
    # Who could not be graded whole may have more: what the model lacks is known of exercises that were graded.
    points = min((grade.max_score for grade in found), default=0.0)
    head, body = _shape(form, found, roster, column, points)
    rows = [head]
    if form == "canvas":  # Canvas wants this row
        most = [f"{points:g}", *([f"{each:g}"] if (each := _written_max(found)) else [])]
        rows.append(["    Points Possible", *[""] * (len(head) - 1 - len(most)), *most])
    return as_csv([*rows, *body])


def _shape(
    form: Form, found: Sequence[Grade], roster: Roster | None, column: str, points: float
) -> tuple[list[str], list[list[str]]]:
    by_row = {id(grade.person): grade for grade in found if grade.person is not None}
    people: list[tuple[dict[str, str], Grade | None]]
    if roster is not None:
        people = [(person.row, by_row.get(id(person))) for person in roster.people]
        people += [(_row(form, grade), grade) for grade in found if grade.person is None]
    else:
        people = [(_row(form, grade), grade) for grade in found]
    column = _column(roster, column)
    if form == "moodle":
        head = roster.columns if roster else ["Identifier", "Full name"]
        head = [*head, *(name for name in ("Grade", "Feedback comments") if name not in head)]
        filled = []
        for row, grade in people:
            new = dict(row)
            if grade is not None and grade.score is not None:
                most = _number(row.get("Maximum Grade", ""))
                scale = most / points if most and points else 1.0
                new["Grade"] = f"{round(grade.score * scale, 2):g}"
            if grade is not None and grade.comment:
                new["Feedback comments"] = grade.comment
            filled.append([new.get(name, "") for name in head])
        return head, filled
    if form == "canvas":
        head = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    elif form == "blackboard":
        head = ["Last Name", "First Name", "Username", "Student ID"]
    else:
        head = list(roster.columns) if roster else ["learner", "id"]
    most = _written_max(found)
    body = [
        [*(row.get(name, "") for name in head), _score(grade), *([_written(grade)] if most else [])]
        for row, grade in people
    ]
    extra = f"{column} written" if form == "canvas" else f"{column} written ({most:g})"
    return [*head, column, *([_column(roster, extra)] if most else [])], body


def _row(form: Form, grade: Grade) -> dict[str, str]:
    """The row of a learner who is in no list: the id is what the platform's own file name said."""
    one = grade.arrival
    if form == "moodle":
        return {"Identifier": f"Participant {one.id}" if one.id else "", "Full name": one.person}
    if form == "canvas":
        return {"Student": one.person, "ID": one.id} | ({} if one.id else {"SIS Login ID": one.learner})
    if form == "blackboard":
        return {"Username": one.id or one.learner}
    return {"learner": one.learner, "id": one.id, "name": one.person}


def _column(roster: Roster | None, wanted: str) -> str:
    """The platform's own name of an assignment: it has a number behind the words that people know."""
    found = [name for name in (roster.columns if roster else []) if name.lower().startswith(wanted.lower())]
    return found[0] if len(found) == 1 else wanted


def _written_max(found: Sequence[Grade]) -> float:
    return next((grade.written_max for grade in found), 0.0)


def _written(grade: Grade | None) -> str:
    return "" if grade is None or grade.written is None else f"{grade.written:g}"


def _score(grade: Grade | None) -> str:
    return "" if grade is None or grade.score is None else f"{grade.score:g}"


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None


def feedback(out: Path, to: Path, found: Sequence[Grade]) -> int:
    """Write a zip with each learner's page, under the name by which the platform knows whose it is; how many there are.

    Raises:
        CourseError: a page is missing, or the zip cannot be written.
    """
    try:
        with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as archive:
            for grade in found:
                one = grade.arrival
                page = out / "learners" / f"{one.learner}.html"
                name = f"{one.stem}feedback.html" if one.stem else f"{one.learner}.html"
                archive.write(page, name)
    except OSError as error:
        raise CourseError(f"{error.filename or to} cannot be read or written: {error.strerror}") from None
    return len(found)


def results(out: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each learner's result as `learners/NAME.json` has it.

    Raises:
        CourseError: there is none, or one cannot be read.
    """
    for arrival in load(out):
        path = out / "learners" / f"{arrival.learner}.json"
        try:
            yield arrival.learner, json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CourseError(f"{path} cannot be read ({type(error).__name__})") from None
