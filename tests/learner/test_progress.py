"""Progress: what counts, that nothing is lost, that nothing is sent."""

from __future__ import annotations

import json
import multiprocessing
import os
from pathlib import Path

import pytest

from mechgrade.course import Course, load_course
from mechgrade.grading.verdicts import Check, ExerciseResult, Result
from mechgrade.progress.outlook import completed, outlook
from mechgrade.progress.progress import Progress, ProgressError
from mechgrade.reports.course_map import status
from mechgrade.reports.terminal import look


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def result_of(course: Course, name: str, verdict: str, **settings: str) -> Result:
    exercise = course.exercise(name)
    points = float(exercise.points) if verdict == "passed" else 0.0
    entry = ExerciseResult(
        exercise.lab, name, exercise.points, file=settings.pop("file", str(course.stub_path(exercise)))
    )
    entry.checks.append(Check("all", verdict, points, exercise.points))  # type: ignore[arg-type]
    return Result("embedded", "bridge", "cpu", settings.pop("isolation", "process"), [entry])


def edit(course: Course, name: str, text: str) -> None:
    course.stub_path(course.exercise(name)).write_text(text)


def test_an_untouched_stub_is_no_news(desk):
    progress = Progress(desk)
    progress.graded(result_of(desk, "find_heads", "not_started"))
    assert progress.read().entries == {}


def test_what_is_half_done_has_its_points(desk):
    """One of two functions is right and the other is still a stub: that is begun, and counted at the first grading."""
    edit(desk, "find_heads", "half = 1\n")
    result = result_of(desk, "find_heads", "not_started")
    result.exercises[0].checks.append(Check("right", "passed", 2, 2))
    progress = Progress(desk)
    progress.graded(result)
    entry = progress.read().of(desk.exercise("find_heads"))
    assert (entry.points, entry.attempts) == (2, 1)
    (row,) = [each for each in outlook(desk, progress.read()).labs[2].rows if each.exercise.name == "find_heads"]
    assert status(row) == "not finished" and look("not_started", 0)[1] == "not started"


def test_attempts_times_and_first_pass(desk):
    clock = Clock()
    progress = Progress(desk, clock)
    find = desk.exercise("find_heads")
    edit(desk, "find_heads", "first = 1\n")
    progress.graded(result_of(desk, "find_heads", "wrong"))
    clock.now += 120
    progress.graded(result_of(desk, "find_heads", "wrong"))  # nothing changed: no attempt, no time
    assert (progress.read().of(find).attempts, progress.read().of(find).seconds) == (1, 0)
    edit(desk, "find_heads", "second = 2\n")
    clock.now += 60
    progress.graded(result_of(desk, "find_heads", "passed"))
    first = progress.read().of(find)
    assert (first.attempts, first.seconds, first.points, first.first_pass) == (2, 180, 5, "2027-01-15T08:03:00+00:00")
    edit(desk, "find_heads", "third = 3\n")
    clock.now += 3600  # lunch
    progress.graded(result_of(desk, "find_heads", "wrong"))
    later = progress.read().of(find)
    assert (later.attempts, later.seconds, later.first_pass) == (3, 180, first.first_pass)
    assert outlook(desk, progress.read()).labs[2].passed == 0  # it passed once, and does not now


def test_an_edit_after_grading_shows_on_the_map(desk):
    progress = Progress(desk)
    edit(desk, "find_heads", "first = 1\n")
    progress.graded(result_of(desk, "find_heads", "passed"))

    def row():
        rows = outlook(desk, progress.read(), "lab3").labs[0].rows
        return next(row for row in rows if row.exercise.name == "find_heads")

    assert (row().standing, row().changed) == ("passed", False)
    edit(desk, "find_heads", "second = 2\n")
    assert (row().standing, row().changed) == ("passed", True)


@pytest.mark.parametrize("other", [{"file": "/elsewhere/lab3/find_heads.py"}, {"isolation": "inline"}])
def test_another_submission_and_debugging_are_not_this_learners_progress(desk, other):
    progress = Progress(desk)
    edit(desk, "find_heads", "first = 1\n")
    progress.graded(result_of(desk, "find_heads", "passed", **other))
    assert not progress.path.exists()


def test_what_the_model_cannot_serve_is_not_next_until_another_model_can(desk):
    progress = Progress(desk)
    lab = desk.lab("lab4")
    first, second, *rest = lab.exercises.values()
    for each in [first, *rest]:
        progress.graded(result_of(desk, each.name, "not_applicable"))
    found = outlook(desk, progress.read(), "lab4")
    assert found.next == second
    assert [row.standing for row in found.labs[0].rows] == ["left out", "new", *["left out"] * len(rest)]
    assert (found.labs[0].maximum, found.labs[0].minutes_left) == (second.points, second.minutes)
    edit(desk, second.name, "first = 1\n")
    before = progress.read()
    progress.graded(result_of(desk, second.name, "passed"))
    assert outlook(desk, progress.read(), "lab4").next is None
    assert completed(desk, before, progress.read()) == [lab]
    progress.graded(result_of(desk, second.name, "not_applicable"))
    assert outlook(desk, progress.read(), "lab4").labs[0].passed == 1, "what was done stays done"
    progress.graded(result_of(desk, first.name, "not_started"))
    assert outlook(desk, progress.read(), "lab4").next == first


def test_a_fault_of_the_machine_is_no_attempt(desk):
    progress = Progress(desk)
    edit(desk, "find_heads", "first = 1\n")
    progress.graded(result_of(desk, "find_heads", "infrastructure_error"))
    assert progress.read().entries == {}


def test_a_course_update_takes_nothing_away(desk):
    progress = Progress(desk)
    edit(desk, "find_heads", "first = 1\n")
    progress.graded(result_of(desk, "find_heads", "passed"))
    path = desk.root / "course.yaml"
    before = path.read_text()
    path.write_text("".join(line for line in before.splitlines(keepends=True) if "find_heads:" not in line))
    smaller = load_course(desk.root)
    assert "lab3/find_heads" in Progress(smaller).read().entries
    Progress(smaller).hinted(smaller.exercise("repeated_tokens"), 1)
    assert all(
        row.exercise.name != "find_heads" for lab in outlook(smaller, Progress(smaller).read()).labs for row in lab.rows
    )
    path.write_text(before)
    assert Progress(desk).read().passed(desk.exercise("find_heads"))


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"schema": 1}',
        b'{"schema": "1", "latest": "x", "exercises": {}}',
        b'{"schema": 1, "latest": 0, "exercises": {"lab3/find_heads": {"attempts": "many"}}}',
        b'{"schema": 1, "latest": 0, "exercises": {"lab3/find_heads": {"verdict": "excellent"}}}',
        b'{"schema": 1, "latest": 0, "exercises": {"lab3/find_heads": 3}}',
        b"[" * 100_000,
    ],
)
def test_a_damaged_file_is_set_aside_and_kept(desk, text):
    progress = Progress(desk)
    progress.folder.mkdir()
    progress.path.write_bytes(text)
    progress.hinted(desk.exercise("find_heads"), 2)
    assert progress.read().of(desk.exercise("find_heads")).hints == 2
    (kept,) = progress.folder.glob("progress.json.damaged-*")
    assert kept.read_bytes() == text
    assert kept.name in progress.remarks[0]


def test_a_newer_file_is_left_alone(desk):
    progress = Progress(desk)
    progress.folder.mkdir()
    text = json.dumps({"schema": 99, "something": "new"})
    progress.path.write_text(text)
    with pytest.raises(ProgressError, match=r"newer mechgrade \(schema 99"):
        progress.hinted(desk.exercise("find_heads"), 1)
    assert progress.path.read_text() == text


def test_a_folder_that_cannot_be_made_is_told(desk, monkeypatch):
    (desk.root / "a-file").touch()
    monkeypatch.setenv("MECHGRADE_HOME", str(desk.root / "a-file" / "below"))
    with pytest.raises(ProgressError, match="set MECHGRADE_HOME"):
        Progress(desk).hinted(desk.exercise("find_heads"), 1)


def _many_hints(root: Path, times: int) -> None:
    course = load_course(root)
    for _ in range(times):
        with Progress(course).change() as state:
            entry = state.entries.setdefault("lab3/find_heads", type(state.of(course.exercise("find_heads")))())
            entry.attempts += 1


def test_two_shells_lose_nothing(desk):
    context = multiprocessing.get_context("spawn")
    shells = [context.Process(target=_many_hints, args=(desk.root, 25)) for _ in range(2)]
    for shell in shells:
        shell.start()
    for shell in shells:
        shell.join(120)
    assert [shell.exitcode for shell in shells] == [0, 0]
    assert Progress(desk).read().of(desk.exercise("find_heads")).attempts == 50
    assert sorted(path.name for path in (desk.root / ".mechgrade").iterdir()) == ["lock", "progress.json"]


def test_a_write_that_fails_leaves_the_old_state(desk, monkeypatch):
    progress = Progress(desk)
    progress.hinted(desk.exercise("find_heads"), 1)

    def full_disk(descriptor: int) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("mechgrade.progress.progress.os.fsync", full_disk)
    with pytest.raises(ProgressError, match="No space left"):
        progress.hinted(desk.exercise("find_heads"), 3)
    assert progress.read().of(desk.exercise("find_heads")).hints == 1
    assert sorted(path.name for path in progress.folder.iterdir()) == ["lock", "progress.json"]


def test_deleting_leaves_nothing(desk):
    progress = Progress(desk)
    progress.hinted(desk.exercise("find_heads"), 1)
    assert progress.delete() and not progress.delete()
    assert list(progress.folder.iterdir()) == []
