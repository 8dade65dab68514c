"""The fast path to the same gradebook: notebooks taken apart into files for ``mechgrade cohort grade``, its results put back.

A class is then graded in parallel and resumably. What the gradebook lacks of nbgrader's own autograde are the graded notebooks:
feedback is the cohort's page of each learner, in nbgrader's folder for feedback.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry

from mechgrade.cohort.answers import Row
from mechgrade.cohort.answers import load as load_answers
from mechgrade.cohort.marks import name_of, read_marks
from mechgrade.cohort.written import labs_of
from mechgrade.course import ANSWERS_FILE, Course, CourseError, Lab, Question
from mechgrade.files import write_atomic
from mechgrade.grading.verdicts import FAULTS
from mechgrade.submissions.cells import answer_id, check_id
from mechgrade.submissions.handed_in import read_hand_in
from mechgrade.submissions.reading import SubmissionError
from mechgrade.submissions.written import answers_text


def extract(course: Course, lab: Lab, submitted: Path, to: Path) -> list[str]:
    """Write each submission's exercises as files: ``<to>/<learner>/<lab>/<exercise>.py``; and ``answers.md``, where the lab has questions.

    Args:
        course: the course.
        lab: which lab.
        submitted: nbgrader's folder of submissions.
        to: where to.

    Returns:
        the learners.
    """
    learners = []
    if not submitted.is_dir():
        raise CourseError(f"there is no folder {submitted}; `nbgrader collect {lab.name}` makes it")
    for folder in sorted(each / lab.name for each in submitted.iterdir() if not each.name.startswith(".")):
        if not _is_there(folder):
            continue
        found = read_hand_in(course, [lab], folder)
        submission = found.submission
        learners.append(folder.parent.name)
        target = to / folder.parent.name / lab.name
        target.mkdir(parents=True, exist_ok=True)
        for exercise in submission.exercises:
            try:
                text = submission.source(exercise)
            except SubmissionError as error:
                text = "".join(f"# {line}\n" for line in str(error).splitlines())
            (target / f"{exercise.name}.py").write_text(text, encoding="utf-8")
        if lab.questions:
            answers = {question: answer.text for question, answer in found.written.items()}
            (target / ANSWERS_FILE).write_text(answers_text(lab, answers), encoding="utf-8")
    if not learners:
        raise CourseError(
            f"there is no submission of {lab.name} in {submitted}; `nbgrader collect {lab.name}` brings them"
        )
    return learners


def _is_there(folder: Path) -> bool:
    try:
        return folder.exists() or folder.is_symlink()
    except PermissionError:  # a folder that is closed was handed in, and its learner is told
        return True


def fill(course: Course, lab: Lab, results: Path, db_url: str) -> list[str]:
    """Write a cohort's scores into the gradebook. Manual grades and comments stay. So do points for written answers,
    unless the cohort's ``answers.csv`` has others.

    Args:
        course: the course.
        lab: which lab.
        results: what ``mechgrade cohort grade --out`` wrote.
        db_url: nbgrader's database.

    Returns:
        the learners without a score, because the machine or a grader failed.

    Raises:
        CourseError: there are no results, or the assignment was never generated.
    """
    files = sorted((results / "learners").glob("*.json"))
    if not files:
        raise CourseError(f"there are no results in {results}; `mechgrade cohort grade … --out {results}` writes them")
    labs = labs_of(results)
    if labs and lab.name not in labs:
        raise CourseError(f"the results in {results} are of {', '.join(sorted(labs))}, and not of {lab.name}")
    without = []
    answers = load_answers(results)
    marks = {(each.learner, each.exercise): each for each in read_marks(results)}
    with Gradebook(db_url) as book:
        try:
            book.find_notebook(lab.slug, lab.name)
        except MissingEntry:
            raise CourseError(
                f"the gradebook knows no assignment {lab.name}; run `mechgrade release {lab.name}`"
            ) from None
        for file in files:
            learner, entries = _read(file, lab)
            if any(entry["verdict"] in FAULTS and (learner, name_of(entry)) not in marks for entry in entries):
                without.append(learner)
                continue
            book.update_or_create_student(learner)
            book.update_or_create_submission(lab.name, learner)
            for entry in entries:
                name = check_id(course.exercise(entry["exercise"], lab.name))
                # The maximum is the assignment's, for all learners: less where the model lacks what an exercise needs.
                book.find_graded_cell(name, lab.slug, lab.name).max_score = float(entry["max_points"])
                grade = book.find_grade(name, lab.slug, lab.name, learner)
                grade.auto_score = float(entry["points"])
                if (mark := marks.get((learner, name_of(entry)))) is not None:
                    grade.manual_score = mark.points  # the reason stands on the cohort's page, which is the feedback
                grade.needs_manual_grade = grade.manual_score is not None
            for question in lab.questions.values():
                _fill_answer(book, lab, learner, question, answers.get((learner, str(question))))
        book.db.commit()
    return without


def _fill_answer(book: Gradebook, lab: Lab, learner: str, question: Question, row: Row | None) -> None:
    """Write what a person gave for an answer in a cohort's table. What was given in formgrader stays where the table has nothing."""
    try:
        grade = book.find_grade(answer_id(question), lab.slug, lab.name, learner)
    except MissingEntry:
        raise CourseError(
            f"the gradebook knows no question {question.name} in {lab.name}: it came after the release; "
            f"`mechgrade release {lab.name}` says what can be done"
        ) from None
    if row is not None and row.points is not None:
        grade.manual_score = row.points
        if row.comment:
            book.find_comment(answer_id(question), lab.slug, lab.name, learner).manual_comment = row.comment
    grade.auto_score = None
    grade.needs_manual_grade = grade.manual_score is None or bool(row is not None and row.changed)


def write_feedback(lab: Lab, results: Path, folder: Path) -> int:
    """Put each learner's page where `nbgrader release_feedback` looks for feedback; how many there are.

    Args:
        lab: which lab.
        results: what ``mechgrade cohort grade --out`` wrote.
        folder: the class's, with nbgrader's ``submitted`` and ``feedback``.
    """
    pages = sorted((results / "learners").glob("*.html"))
    for page in pages:
        place = folder / "feedback" / page.stem / lab.name
        write_atomic(place / f"{lab.slug}.html", page.read_bytes())
        # By these nbgrader knows whose feedback it is, and of which hand-in.
        for name in ("timestamp.txt", "submission_secret.txt"):
            sent = folder / "submitted" / page.stem / lab.name / name
            if sent.is_file() and not sent.is_symlink():
                write_atomic(place / name, sent.read_bytes())
    return len(pages)


def _read(file: Path, lab: Lab) -> tuple[str, list[dict[str, Any]]]:
    try:
        tree = json.loads(file.read_text(encoding="utf-8"))
        return str(tree["learner"]), list(_of_lab(tree["exercises"], lab))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CourseError(
            f"{file} cannot be read ({type(error).__name__}): run `mechgrade cohort grade` again"
        ) from None


def _of_lab(entries: list[dict[str, Any]], lab: Lab) -> Iterator[dict[str, Any]]:
    return (entry for entry in entries if entry["lab"] == lab.name)
