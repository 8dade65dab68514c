"""A learner whose exercise became part of another: told what to copy, and that what was passed is still known."""

from __future__ import annotations

import io

from rich.console import Console

from mechgrade.course import Course
from mechgrade.progress.outlook import outlook
from mechgrade.progress.progress import Entry, Progress
from mechgrade.reports.course_map import show_map
from mechgrade.reports.screen import Screen

OLD, NOW = "normalised_metric", "logit_difference"
SOURCE = "def normalised_metric(value, clean, corrupted):\n    return (value - corrupted) / (clean - corrupted)\n"
NOTE = f"Note: {OLD} is part of {NOW} now: copy your `{OLD}` from exercises/lab2/{OLD}.py into exercises/lab2/{NOW}.py."
PASSED = f"You passed {OLD} before. It is part of {NOW} now, and its points are counted there"


def write_older(desk: Course) -> None:
    """The file, and the progress, of somebody who passed the exercise before."""
    (desk.root / f"exercises/lab2/{OLD}.py").write_text(SOURCE)
    with Progress(desk).change() as state:
        state.entries[f"lab2/{OLD}"] = Entry(
            attempts=2, points=5.0, verdict="passed", source="0", first_pass="2026-01-31T10:00:00+00:00"
        )


def shown(desk: Course, plain: bool) -> str:
    text = io.StringIO()
    screen = Screen(Console(file=text, width=120), plain=plain)
    show_map(desk, outlook(desk, Progress(desk).read(), "lab2"), screen)
    return text.getvalue()


def test_the_map_keeps_what_was_passed_and_says_what_to_copy(desk, at_desk):
    write_older(desk)
    for plain in (True, False):
        assert shown(desk, plain).count(PASSED) == 1
    said = at_desk("map", "--lab", "lab2", "--plain").stdout
    assert said.replace("\n", " ").count(NOTE) == 1
    said = at_desk("map", "--lab", "lab1", "--plain").stdout
    assert OLD not in said, "the other labs' maps are not about it"
    said = at_desk("progress").stdout
    assert "1 exercise passed" in said and f"{OLD} is among them; it is part of {NOW} now" in said


def test_once_the_whole_exercise_is_passed_nothing_is_left_to_say(desk):
    write_older(desk)
    exercise = desk.exercise(NOW)
    with Progress(desk).change() as state:
        # Passed when it was worth less: with its older half alone.
        state.entries[str(exercise)] = Entry(verdict="passed", points=exercise.points / 2, source="0")
    assert PASSED in shown(desk, True)
    with Progress(desk).change() as state:
        state.entries[str(exercise)].points = exercise.points
    assert PASSED not in shown(desk, True)
    assert Progress(desk).read().entries[f"lab2/{OLD}"].first_pass, "it stays in the learner's file all the same"


def test_grading_says_it_once_and_grades_the_rest(desk, at_desk):
    write_older(desk)
    graded = at_desk("grade", NOW, "--plain")
    assert graded.returncode == 0, graded.stderr
    assert graded.stdout.replace("\n", " ").count(NOTE) == 1
    other = at_desk("grade", "make_ioi_pair", "--plain")
    assert other.returncode == 0 and OLD not in other.stdout
    named = at_desk("grade", OLD)
    assert named.returncode == 2 and f"{OLD} is part of {NOW} now" in named.stderr.replace("\n", " ")
    assert (desk.root / f"exercises/lab2/{OLD}.py").read_text() == SOURCE
