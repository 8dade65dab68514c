"""A class's grades and feedback, in the forms that learning platforms take: under their ids, and in their own tables where you have one."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

from mechgrade.cohort.answers import load as load_answers
from mechgrade.cohort.answers import tally
from mechgrade.cohort.arrivals import Arrival, load
from mechgrade.cohort.assignments import Assignment, find, find_or_new, number
from mechgrade.cohort.comments import comments_of, read_comments
from mechgrade.cohort.marks import name_of, read_marks, score_of
from mechgrade.cohort.matching import Matches
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


def grades(out: Path, matches: Matches | None = None, questions: Sequence[Question] = ()) -> list[Grade]:
    """The grades in a folder of results, each with its person in the class list.

    Args:
        out: the folder.
        matches: who is who in the list.
        questions: those of the graded labs that a person grades.

    Raises:
        CourseError: there are no results, or they cannot be read.
    """
    comments, answers, marks = read_comments(out), load_answers(out), read_marks(out)
    trees = dict(results(out))
    most = min((float(tree["max_score"]) for tree in trees.values()), default=0.0)
    found = []
    for arrival in load(out):
        tree = trees.get(arrival.learner, {"score": 0.0, "max_score": most, "exercises": []})
        fault = any(each["verdict"] in FAULTS for each in tree["exercises"])
        written = tally(answers, arrival.learner, questions)
        mine = [each for each in marks if each.learner == arrival.learner]
        most_of = {name_of(entry): float(entry["max_points"]) for entry in tree["exercises"]} if mine else {}
        told = [each.in_words(most_of[each.exercise]) for each in mine if each.exercise in most_of]
        text = "\n".join([*told, *written.lines, *comments_of(comments, arrival.learner, tree["exercises"])])
        score = None if fault or arrival.is_nothing else float(tree["score"])
        score = score_of(mine, arrival.learner, tree["exercises"]) if told else score
        person = matches.people.get(arrival.learner) if matches else None
        found.append(Grade(arrival, score, float(tree["max_score"]), text, person, written.points, written.most))
    return found


def only_written(found: Sequence[Grade]) -> list[Grade]:
    """The points for written answers as grades of their own: for platforms with one grade an assignment."""
    return [replace(each, score=each.written, max_score=each.written_max, written_max=0.0) for each in found]


@dataclass(frozen=True)
class Table:
    """A CSV that a platform imports.

    Attributes:
        text: of the file.
        notes: what a person should know of it, a sentence each.
    """

    text: str
    notes: list[str]


def table(form: Form, found: Sequence[Grade], roster: Roster | None, name: str) -> Table:
    """The CSV that a platform imports.

    Args:
        form: whose.
        found: the grades.
        roster: the platform's own table: its rows are taken over, all of them and no others.
        name: the assignment's there.

    Raises:
        CourseError: it is another table, or it is not clear which column is meant.
    """
    if roster is not None and form != "plain" and roster.platform != form:
        raise CourseError(
            f"the class list is not {form.title()}'s own table, which has the columns {', '.join(_OWN[form])} (in English); "
            "give that table, or leave --roster out, or use --for plain"
        )
    # Who could not be graded whole may have more: what the model lacks is known of exercises that were graded.
    points = min((grade.max_score for grade in found), default=0.0)
    by_row = {id(grade.person): grade for grade in found if grade.person is not None}
    people: list[tuple[dict[str, str], Grade | None]] = (
        [(_row(form, grade), grade) for grade in found]
        if roster is None
        else [(person.row, by_row.get(id(person))) for person in roster.people]
    )
    made = _moodle(people, roster, points) if form == "moodle" else _columns(form, people, roster, name, points, found)
    return made if roster is not None else replace(made, notes=[*_of_others(form, found), *made.notes])


#: By what a platform's own table is known, in words.
_OWN = {"canvas": ["Student", "ID"], "moodle": ["Identifier", "Grade"], "blackboard": ["Last Name", "First Name", "Username"]}  # fmt: skip


def _moodle(people: Sequence[tuple[dict[str, str], Grade | None]], roster: Roster | None, points: float) -> Table:
    """Moodle's worksheet: all its columns, with the grade and the comment in those that it has for them."""
    head = roster.columns if roster else ["Identifier", "Full name"]
    head = [*head, *(name for name in ("Grade", "Feedback comments") if name not in head)]
    notes: list[str] = []
    rows = [head]
    for row, grade in people:
        new = dict(row)
        scale, said = _scale(number(row.get("Maximum Grade", "")), points, "the worksheet")
        notes += said
        if grade is not None and grade.score is not None:
            new["Grade"] = _points(grade.score, scale)
        if grade is not None and grade.comment:
            new["Feedback comments"] = grade.comment
        rows.append([new.get(name, "") for name in head])
    return Table(as_csv(rows), list(dict.fromkeys(notes)))


def _columns(
    form: Form,
    people: Sequence[tuple[dict[str, str], Grade | None]],
    roster: Roster | None,
    name: str,
    points: float,
    found: Sequence[Grade],
) -> Table:
    """A table with a column for each assignment: that of the checked points, and that of the written answers where there are some."""
    one = find_or_new(roster, name) if form == "plain" else find(roster, name)
    wanted: list[tuple[Assignment, float, Callable[[Grade], float | None]]] = [(one, points, lambda each: each.score)]
    most = max((grade.written_max for grade in found), default=0.0)
    if most:
        extra = f"{one.name} written" if form == "canvas" else f"{one.name} written ({most:g})"
        wanted.append((find_or_new(roster, extra), most, lambda each: each.written))
    filled = {each.column for each, *_ in wanted}
    head = [each for each in _head(form, roster) if each not in filled]
    notes: list[str] = []
    scales = []
    for each, full, _ in wanted:
        scale, said = _scale(each.most, full, each.column)
        scales.append(scale)
        notes += said
        if each.is_new and roster is not None and form != "plain":
            notes.append(f"{each.column} is a new column, because the class list has none of this name")
    rows = [[*head, *(each.column for each, *_ in wanted)]]
    if form == "canvas":  # Canvas wants this row
        full_marks = [f"{full if each.most is None else each.most:g}" for each, full, _ in wanted]
        rows.append(["    Points Possible", *[""] * (len(head) - 1), *full_marks])
    for row, grade in people:
        cells = []
        for (each, _, of), scale in zip(wanted, scales, strict=True):
            score = of(grade) if grade is not None else None
            # Who has no score keeps what the table has.
            cells.append(_points(score, scale) if score is not None else row.get(each.column, ""))
        rows.append([*(row.get(each, "") for each in head), *cells])
    return Table(as_csv(rows), notes)


def _head(form: Form, roster: Roster | None) -> list[str]:
    """The columns before those of the assignments."""
    if form == "canvas":
        head = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    elif form == "blackboard":
        head = ["Last Name", "First Name", "Username", "Student ID"]
    else:
        return list(roster.columns) if roster else ["learner", "id"]
    return [each for each in head if roster is None or each in roster.columns]


def _scale(most: float | None, points: float, where: str) -> tuple[float, list[str]]:
    """By what our points are multiplied, where a platform has another maximum, and what is said of it."""
    if most is None or most == points or not points:
        return 1.0, []
    if most <= 0:
        return 1.0, [f"{where} has a maximum of {most:g}; the points are written as they are, of {points:g}"]
    return most / points, [f"scaled from {points:g} to {most:g} points, the maximum of {where}"]


def _points(score: float, scale: float) -> str:
    return f"{round(score * scale, 2):g}" if scale != 1.0 else f"{score:g}"


def _row(form: Form, grade: Grade) -> dict[str, str]:
    """The row of a learner who is in no list: the id is what the platform's own file name said. Another platform's is nobody's here."""
    one = grade.arrival
    if form == "plain":
        return {"learner": one.learner, "id": one.id, "name": one.person}
    own, is_known = (one.id if one.platform == form else ""), one.platform in ("", form)
    if form == "moodle":
        return {"Identifier": f"Participant {own}" if own else "", "Full name": one.person}
    login = one.learner if is_known and not own else ""
    if form == "canvas":
        return {"Student": one.person, "ID": own, "SIS Login ID": login}
    return {"Username": own or login, "Last Name": "" if is_known else one.person}


def _of_others(form: Form, found: Sequence[Grade]) -> list[str]:
    """What to say where hand-ins have another platform's names, so that nobody's id is known here."""
    others = sorted({each.arrival.platform for each in found} - {"", form})
    if form == "plain" or not others:
        return []
    return [
        f"the hand-ins have names of {' and '.join(map(str.title, others))}, whose numbers mean nothing to {form.title()}: the rows have no ids, and "
        f"{form.title()} will not know whose they are; give its own table with --roster"
    ]


def feedback(out: Path, to: Path, found: Sequence[Grade]) -> int:
    """Write a zip with each learner's page, under the name by which the platform knows whose it is; how many there are.

    Raises:
        CourseError: a page is missing, or the zip cannot be written.
    """
    try:
        with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as archive:
            there = [each.arrival for each in found if not each.arrival.is_nothing]
            for one in there:
                page = out / "learners" / f"{one.learner}.html"
                name = f"{one.stem}feedback.html" if one.stem else f"{one.learner}.html"
                archive.write(page, name)
    except OSError as error:
        raise CourseError(f"{error.filename or to} cannot be read or written: {error.strerror}") from None
    return len(there)


def results(out: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each learner's result as `learners/NAME.json` has it. Who handed in nothing has none.

    Raises:
        CourseError: there is none, or one cannot be read.
    """
    for arrival in load(out):
        if arrival.is_nothing:
            continue
        yield arrival.learner, result_of(out, arrival.learner)


def result_of(out: Path, learner: str) -> dict[str, Any]:
    """A learner's result as `learners/NAME.json` has it.

    Raises:
        CourseError: there is none, or it cannot be read.
    """
    path = out / "learners" / f"{learner}.json"
    try:
        tree: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CourseError(
            f"{path} cannot be read ({type(error).__name__}); run `mechgrade cohort grade` again"
        ) from None
    return tree
