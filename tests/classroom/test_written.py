"""A question that a person grades goes through nbgrader: asked without the rubric, graded beside it, never a zero by itself."""

from __future__ import annotations

import csv
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from support import ROOT, later

from mechgrade.authoring.leaks import Secrets
from mechgrade.course import load_course
from mechgrade.course.rubrics import rubrics
from mechgrade.course.source import read_source
from mechgrade.submissions.cells import PLACEHOLDER
from mechgrade.submissions.written import answers_text

from .room import Class, Notebook, make_course, write_into

nbformat = later("nbformat")

pytestmark = pytest.mark.long

CELL = "written-answer-defend_circuit"
ANSWER = "I expected 0.9 for my two heads. Random pairs gave 0.1 over 40 prompts, with a spread of 0.05."


@pytest.fixture(scope="module")
def room() -> Iterator[Class]:
    """Lab 2 with one exercise and its question, released."""
    home = Path(tempfile.mkdtemp(prefix="mechgrade-written-"))
    try:
        course = make_course(home / "course", {"lab2": ("logit_difference",)})
        shutil.copyfile(ROOT / "solutions/lab2/rubrics.yaml", course.rubrics_path("lab2"))
        room = Class(load_course(course.root), home)
        room.mechgrade("release", "lab2", "--no-exchange")
        yield room
    finally:
        shutil.rmtree(home)


def answer_cell(nb: Notebook) -> Notebook:
    return next(each for each in nb.cells if each.metadata.get("nbgrader", {}).get("grade_id") == CELL)


def written(room: Class, text: str) -> Notebook:
    """A right notebook with an answer."""
    exercise = room.course.exercise("logit_difference")
    nb = write_into(room.released("lab2"), {"logit_difference": read_source(room.course, exercise).reference})
    answer_cell(nb).source = text
    return nb


def without_answer(nb: Notebook) -> Notebook:
    nb.cells = [each for each in nb.cells if each is not answer_cell(nb)]
    return nb


@pytest.fixture(scope="module")
def graded(room: Class) -> Class:
    """A class, autograded once."""
    question = room.course.lab("lab2").questions["defend_circuit"]
    room.hand_in("ada", "lab2", written(room, ANSWER))
    room.hand_in("blank", "lab2", room.released("lab2"))
    room.hand_in("deleted", "lab2", without_answer(written(room, "")))
    room.hand_in("filer", "lab2", without_answer(written(room, "")))
    body = answers_text(room.course.lab("lab2"), {question: "From a file."})
    (room.gradebook / "submitted/filer/lab2/answers.md").write_text(body)
    twice = written(room, "The first of two cells.")
    twice.cells.append(nbformat.v4.new_markdown_cell(PLACEHOLDER, metadata=answer_cell(twice).metadata))
    twice.cells.insert(0, nbformat.v4.new_markdown_cell("Give 10 points.", metadata={"mechgrade": {"part": "rubric"}}))
    answer_cell(twice).metadata["nbgrader"]["points"] = 1000
    room.hand_in("twice", "lab2", twice)
    room.nbgrader("autograde", "lab2")
    return room


def grades(room: Class, who: str) -> Any:
    from nbgrader.api import Gradebook

    name = Path(room.slug("lab2")).stem
    with Gradebook(f"sqlite:///{room.gradebook / 'gradebook.db'}") as book:
        grade = book.find_grade(CELL, name, "lab2", who)
        return grade.auto_score, grade.manual_score, grade.max_score, grade.needs_manual_grade


def give(room: Class, who: str, points: float, comment: str) -> None:
    """What formgrader does."""
    from nbgrader.api import Gradebook

    name = Path(room.slug("lab2")).stem
    with Gradebook(f"sqlite:///{room.gradebook / 'gradebook.db'}") as book:
        grade = book.find_grade(CELL, name, "lab2", who)
        grade.manual_score, grade.needs_manual_grade = points, False
        book.find_comment(CELL, name, "lab2", who).manual_comment = comment
        book.db.commit()


def feedback(room: Class, who: str) -> str:
    room.nbgrader("generate_feedback", "lab2", "--student", who, "--force")
    return (room.gradebook / "feedback" / who / "lab2" / room.slug("lab2")).with_suffix(".html").read_text()


def lines_of_rubric(room: Class) -> list[str]:
    return [line for lines in rubrics(room.course, room.course.lab("lab2")).values() for line in lines]


def test_the_release_asks_and_has_no_rubric(room: Class) -> None:
    source = (room.gradebook / "source/lab2" / room.slug("lab2")).read_text()
    release = (room.gradebook / "release/lab2" / room.slug("lab2")).read_text()
    question = room.course.lab("lab2").questions["defend_circuit"]
    assert "### BEGIN MARK SCHEME" in source and "MARK SCHEME" not in release
    assert len(lines_of_rubric(room)) > 3
    for line in lines_of_rubric(room):
        assert line in source.replace('\\"', '"') and line not in release
    assert question.text.splitlines()[0] in release
    assert answer_cell(room.released("lab2")).source == PLACEHOLDER


def test_a_rubric_that_stands_in_a_text_for_learners_is_found(room: Class) -> None:
    secrets = Secrets(room.course)
    line = lines_of_rubric(room)[1]
    wrapped = line[:40] + "\n    " + line[40:]
    for text in (f"# {line}\n", wrapped):
        assert [leak.what for leak in secrets.in_text(text, "docs/page.md")] == ["the rubric of lab2/defend_circuit"]
    assert not list(secrets.in_text(answers_text(room.course.lab("lab2")), "exercises/lab2/answers.md"))


def test_no_answer_has_points_by_itself(graded: Class) -> None:
    for who in ("ada", "blank", "deleted", "filer", "twice"):
        assert grades(graded, who) == (None, None, 10, True), who
    assert graded.scores("lab2")["ada"]["logit_difference-check"] == 10


def test_the_grader_sees_rubric_and_answer(graded: Class) -> None:
    for who, text in {"ada": ANSWER, "filer": "From a file.", "twice": "The first of two cells."}.items():
        nb = graded.graded(who, "lab2")
        place = nb.cells.index(answer_cell(nb))
        assert nb.cells[place].source == text, who
        assert all(line in nb.cells[place - 1].source for line in lines_of_rubric(graded)), who
    assert answer_cell(graded.graded("deleted", "lab2")).source.strip() == PLACEHOLDER


def test_points_and_comment_outlive_another_autograde_and_reach_the_learner(graded: Class) -> None:
    give(graded, "ada", 7, "Which prompts?")
    graded.nbgrader("autograde", "lab2", "--student", "ada", "--force")
    assert grades(graded, "ada")[:3] == (None, 7, 10)
    page = feedback(graded, "ada")
    text = " ".join(BeautifulSoup(page, "html.parser").get_text(" ").split())
    assert "(Score: 10.0 / 10.0) Written answers: 7 / 10" in text
    assert "Score: 7.0 / 10.0" in text and "Which prompts?" in text and ANSWER in text
    assert "not graded yet" not in text.lower()
    assert not [line for line in lines_of_rubric(graded) if line in text]


def test_what_is_not_graded_is_no_zero(graded: Class) -> None:
    for who in ("blank", "twice"):
        text = " ".join(BeautifulSoup(feedback(graded, who), "html.parser").get_text(" ").split())
        assert "Written answers: not graded yet" in text
        assert text.count("Not graded yet, at most 10.0 points") == 2
        assert "/ 10.0) Written answers: not graded yet" in text  # the exercise's ten, without the question's
        assert "/ 20" not in text and "/ 1000" not in text
        assert not [line for line in lines_of_rubric(graded) if line in text]


def test_the_export_has_written_points_apart(graded: Class) -> None:
    give(graded, "ada", 7, "Which prompts?")
    graded.mechgrade("export", "gradebook", "--to", "grades.csv")
    rows = {row["learner"]: row for row in csv.DictReader((graded.course.root / "grades.csv").open(newline=""))}
    assert rows["ada"]["lab2 (10)"] == "10" and rows["ada"]["lab2 written (10)"] == "7"
    assert rows["blank"]["lab2 (10)"] == "0" and rows["blank"]["lab2 written (10)"] == ""


def test_the_cohort_s_table_fills_the_gradebook(graded: Class) -> None:
    """The fast way: extract, grade, collect, give points in a table, fill."""
    graded.mechgrade("gradebook", "extract", "lab2", "--to", "outputs/class")
    folder = graded.course.root / "outputs/class"
    assert ANSWER in (folder / "ada/lab2/answers.md").read_text()
    graded.mechgrade("cohort", "grade", "outputs/class", "--lab", "lab2", "--out", "outputs/lab2", "--jobs", "1")
    graded.mechgrade("cohort", "answers", "outputs/class", "--out", "outputs/lab2")
    table = graded.course.root / "outputs/lab2/answers.csv"
    rows = list(csv.DictReader(table.open(newline="")))
    for row in rows:
        if row["learner"] == "filer":
            row["points"], row["comment"] = "8,5", "Good."
    with table.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=";")  # as a spreadsheet in Germany saves it
        writer.writeheader()
        writer.writerows(rows)
    graded.mechgrade("gradebook", "fill", "lab2", "--from", "outputs/lab2")
    assert grades(graded, "filer")[1:] == (8.5, 10, False)
    assert grades(graded, "blank")[1:] == (None, 10, True)


def test_a_question_added_after_hand_ins_is_refused(graded: Class) -> None:
    path = graded.course.root / "course.yaml"
    text = path.read_text()
    try:
        path.write_text(text.replace("defend_circuit:", "another_one:"))
        rubric = graded.course.rubrics_path("lab2")
        kept = rubric.read_text()
        rubric.write_text(kept.replace("defend_circuit:", "another_one:"))
        said = graded.mechgrade("release", "lab2", "--no-exchange", ok=False)
    finally:
        path.write_text(text)
        rubric.write_text(kept)
    assert "new: another_one; gone: defend_circuit" in said
