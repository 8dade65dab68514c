"""Hand-ins with odd names and archives, through every door: what counts, what is told, and nobody without a row."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support import later

from mechgrade.cohort.arrivals import arrival_of
from mechgrade.cohort.learners import find_learners
from mechgrade.course import Course
from mechgrade.submissions.find import find_submission
from mechgrade.submissions.handed_in import read_hand_in, read_upload
from mechgrade.submissions.reading import SubmissionError
from mechgrade.submissions.submission import Submission

from .awkward import LAB
from .trouble import TROUBLE, Trouble

nbgrader_gradebook = later("mechgrade.doors.nbgrader.gradebook")

CASES = pytest.mark.parametrize("case", TROUBLE, ids=lambda case: case.name)


def is_there(submission: Submission, course: Course) -> bool:
    """Whether there is an answer to find_heads."""
    try:
        return "def find_heads" in submission.source(course.exercise("find_heads", LAB))
    except SubmissionError:
        return False


def test_there_are_enough() -> None:
    assert len({case.name for case in TROUBLE}) == len(TROUBLE) >= 60


@CASES
def test_what_counts_and_what_is_told(case: Trouble, course: Course, tmp_path: Path) -> None:
    case.build(course, tmp_path)
    found = read_hand_in(course, [course.lab(LAB)], tmp_path)
    exercise = course.exercise("find_heads", LAB)
    used = "" if exercise in found.missing else str(found.used[LAB, "find_heads"])
    assert used == case.used
    told = "\n".join(map(str, found.ignored))
    assert all(words in told for words in case.ignored), told
    lines = found.lines(course)
    files = [path for path in tmp_path.rglob("*") if path.is_file() and not path.name.startswith(".")]
    for path in files:
        assert any(str(path.relative_to(tmp_path)) in line for line in [*lines, *found.submission.notes]), path


@CASES
def test_every_door_finds_the_same(case: Trouble, course: Course, tmp_path: Path) -> None:
    """Gradescope and the cohort by its folder, `mechgrade grade` by folder and by zip, nbgrader by what `extract` writes."""
    folder = tmp_path / "submitted/ada" / LAB
    folder.mkdir(parents=True)
    case.build(course, folder)
    shutil.make_archive(str(tmp_path / "whole"), "zip", folder)
    nbgrader_gradebook.extract(course, course.lab(LAB), tmp_path / "submitted", tmp_path / "class")
    doors = {
        "Gradescope": read_upload(course, course.lab(LAB), folder),
        "folder": find_submission(course, folder, LAB),
        "zip": find_submission(course, tmp_path / "whole.zip", LAB),
        "extract": Submission(tmp_path / "class/ada"),
    }
    assert {name: is_there(each, course) for name, each in doors.items()} == dict.fromkeys(doors, bool(case.used))


def test_a_class_of_them(course: Course, tmp_path: Path) -> None:
    """Everybody has a row, and what it says is what the hand-in alone says."""
    for place, case in enumerate(TROUBLE):
        folder = tmp_path / "class" / f"learner{place:02}"
        folder.mkdir(parents=True)
        case.build(course, folder)
    learners = find_learners(course, tmp_path / "class", tmp_path / "unpacked")
    assert [each.name for each in learners] == [f"learner{place:02}" for place in range(len(TROUBLE))]
    exercises = [course.exercise("find_heads", LAB)]
    for learner, case in zip(learners, TROUBLE, strict=True):
        row = arrival_of(learner, learner.hand_in(course, exercises), exercises)
        assert row.used.get("lab3/find_heads", "") == case.used
        assert row.missing == ([] if case.used else ["lab3/find_heads"])
        assert bool(row.note(course)) == (not case.used)
