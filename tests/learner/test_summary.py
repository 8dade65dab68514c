"""What a lab has taught is said once all of it is passed, in the terminal and on the page, and not before."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from support import ROOT

from learner.conftest import write_right, write_wrong
from mechgrade.course import Course
from mechgrade.grading.verdicts import Check, ExerciseResult, Result
from mechgrade.progress.outlook import completed, outlook
from mechgrade.progress.progress import Entry, Progress, State
from mechgrade.reports.course_map import show_map
from mechgrade.reports.live import Face, Seen, parts
from mechgrade.reports.screen import Screen
from mechgrade.reports.summary import summary_of
from mechgrade.reports.terminal import TerminalReport


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
def test_a_grade_says_it_with_the_last_pass_and_with_no_other(desk, at_desk):
    (desk.root / "docs").symlink_to(ROOT / "docs")
    with Progress(desk).change() as kept:
        kept.entries = passed_but(desk, "find_heads").entries
    write_wrong(desk, "find_heads", "threshold_included")
    assert "You have passed all of" not in at_desk("grade", "find_heads").stdout
    write_right(desk, "find_heads")
    told = at_desk("grade", "find_heads").stdout
    assert told.count("You have passed all of lab3, Induction heads.") == told.count("What experts do next") == 1


def test_passing_again_is_no_news(course):
    before = passed_but(course, "find_heads")
    after = State({**before.entries, "lab3/find_heads": Entry(verdict="passed", source="x")})
    assert completed(course, before, after) == [course.lab("lab3")]
    assert completed(course, after, after) == completed(course, before, before) == []


@pytest.mark.parametrize("plain", [False, True])
def test_the_map_of_a_lab_has_it_to_read_again(course, plain):
    entries = passed_but(course, "find_heads").entries
    told = []
    for state in (State(entries), State({**entries, "lab3/find_heads": Entry(verdict="passed", source="x")})):
        screen = Screen(Console(file=io.StringIO(), width=80), plain)
        show_map(course, outlook(course, state, "lab3"), screen)
        told.append(screen.console.file.getvalue())
        screen = Screen(Console(file=io.StringIO(), width=80), plain)
        show_map(course, outlook(course, state), screen)
        told.append(screen.console.file.getvalue())
    assert ["What experts do next" in each for each in told] == [False, False, True, False]
    assert "](" not in told[2] and "https://arxiv.org/abs/2404.07129" in told[2].replace("\n", "")


@pytest.mark.parametrize("plain", [False, True])
def test_what_was_found_has_formulas_that_a_terminal_can_show(course, plain):
    exercise = course.exercise("describe_model")
    check = Check("all", "passed", exercise.points, exercise.points)
    screen = Screen(Console(file=io.StringIO(), width=80), plain)
    entry = ExerciseResult("lab1", exercise.name, exercise.points, [check], file="x")
    TerminalReport(course, screen, found=True).exercise(entry)
    told = screen.console.file.getvalue()
    assert "m = 4d" in told and "$" not in told and "**" not in told


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
