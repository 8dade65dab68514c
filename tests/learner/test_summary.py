"""What a lab has taught is said once all of it is passed, in the terminal and on the page, and not before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from learner.conftest import write_right, write_wrong

from mechgrade.course import Course
from mechgrade.grading.verdicts import Check, ExerciseResult, Result
from mechgrade.progress.progress import Entry, Progress, State
from mechgrade.reports.live import Face, Seen, parts
from mechgrade.reports.summary import summary_of


def test_every_lab_of_this_course_has_one(course):
    for lab in course.labs.values():
        text = summary_of(course, lab)
        assert text.startswith("### What you now know\n\n- ") and "### What experts do next\n\n- " in text
        assert "Further reading" not in text and "<!--" not in text


def test_a_course_without_such_pages_has_none(course, tmp_path: Path):
    elsewhere = course.model_copy(update={"root": tmp_path})
    assert summary_of(elsewhere, course.lab("lab1")) == ""
    (tmp_path / "docs" / "labs").mkdir(parents=True)
    (tmp_path / "docs" / "labs" / "lab2.md").write_text("# Lab 2\n\n## Ideas\n\nMany.\n")
    assert summary_of(elsewhere, course.lab("lab2")) == ""


def passed_but(course: Course, last: str) -> State:
    """A learner who has passed everything in the lab of an exercise but that."""
    lab = course.exercise(last).lab
    entry = Entry(verdict="passed", source="x", first_pass="2026-01-01T00:00:00+00:00")
    return State({str(each): replace(entry) for each in course.exercises(lab) if each.name != last})


@pytest.mark.slow
@pytest.mark.parametrize("plain", [False, True])
def test_the_terminal_says_it_with_the_last_pass_and_with_no_other(desk, at_desk, plain):
    (desk.root / "docs").symlink_to(Path(__file__).parents[2] / "docs")
    state = passed_but(desk, "find_heads")
    with Progress(desk).change() as kept:
        kept.entries = state.entries
    words = {"MECHGRADE_PLAIN": "1"} if plain else {}
    write_wrong(desk, "find_heads", "threshold_included")
    assert "You have passed all of" not in at_desk("grade", "find_heads", **words).stdout
    write_right(desk, "find_heads")
    told = at_desk("grade", "find_heads", **words).stdout
    assert told.count("You have passed all of lab3, Induction heads.") == told.count("What experts do next") == 1
    assert "$" not in told
    assert "You have passed all of" not in at_desk("grade", "find_heads", **words).stdout  # that is no news
    assert "What experts do next" in at_desk("map", "--lab", "lab3", **words).stdout
    assert "What experts do next" not in at_desk("map", **words).stdout


def test_the_page_says_it_below_what_was_found(course):
    exercise = course.exercise("find_heads")
    check = Check("all", "passed", exercise.points, exercise.points)
    result = Result(
        "embedded", "bridge", "cpu", "full", [ExerciseResult("lab3", exercise.name, exercise.points, [check], file="x")]
    )
    state = passed_but(course, "find_heads")
    face = Face(course, exercise, Seen(result=result), None, state)
    assert "What experts do next" in parts(face)["after"]
    state.entries.popitem()
    assert "What experts do next" not in parts(face)["after"]
