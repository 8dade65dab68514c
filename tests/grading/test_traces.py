"""Which process makes the run by which a failure is told: the one that failed, where it gives the same again, else a fresh one."""

from __future__ import annotations

from pathlib import Path

from support import Watching, grade_folder
from test_explained import course_in

from mechgrade.course import load_course
from mechgrade.grading.verdicts import ExerciseResult
from mechgrade.grading.worker import Worker
from mechgrade.protocol.job import Job


def graded(folder: Path, worker: Worker, text: str) -> tuple[ExerciseResult, int]:
    """The result of a learner's file, and how many processes were opened for it."""
    course = load_course(course_in(folder))
    file = course.root / "handed_in/lab3/find_heads.py"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    opened: list[Job] = []

    def is_learners(job: Job) -> bool:
        opened.extend([job] * (job.source == text))
        return False

    watching = Watching(worker, is_learners)
    exercises = [course.exercise("find_heads")]
    return grade_folder(course, watching, course.root / "handed_in", exercises).exercises[0], len(opened)  # type: ignore[arg-type]  # an opener


def test_failures_are_told_by_the_process_that_failed(tmp_path: Path, worker: Worker) -> None:
    result, opened = graded(
        tmp_path, worker, "def find_heads(number):\n    return 2.5 * abs(number) if number < 5 else 7.25\n"
    )
    assert [check.message for check in result.checks] == [
        "find_heads(number=6): the result is 7.25, expected 15",
        "it is positive",
    ]
    assert opened == 1


def test_what_only_a_fresh_process_gives_again_is_told_by_one(tmp_path: Path, worker: Worker) -> None:
    """The calls are counted: the third call of a process is another than its first, by which the check failed."""
    text = "count = 0\n\ndef find_heads(number):\n    global count\n    count += 1\n    return 100.0 * count\n"
    result, opened = graded(tmp_path, worker, text)
    assert result.checks[0].message == "find_heads(number=3): the result is 100, expected 7.5"
    assert opened > 1


def test_nothing_is_told_of_a_value_that_no_process_gives_again(tmp_path: Path, worker: Worker) -> None:
    text = "import os\n\ndef find_heads(number):\n    return float(int.from_bytes(os.urandom(4), 'big'))\n"
    result, opened = graded(tmp_path, worker, text)
    assert all(check.verdict == "wrong" and " returned " not in check.message for check in result.checks)
    assert all(check.gave == "" or check.place is None for check in result.checks)
    assert opened > 1


def test_the_run_that_is_made_again_draws_the_same_numbers(tmp_path: Path, worker: Worker) -> None:
    """What is drawn without a seed begins anew, as it did when the process was new."""
    text = "import random\n\ndef find_heads(number):\n    return round(random.random() + 10, 3)\n"
    result, opened = graded(tmp_path, worker, text)
    assert result.checks[0].message.startswith("find_heads(number=3): the result is 10.")
    del opened  # the second check drew later, so only a process that drew as much before gives the same


def test_a_process_that_ended_is_replaced(tmp_path: Path, worker: Worker) -> None:
    """The second check ends the process; the first is told all the same."""
    text = "import os\n\ndef find_heads(number):\n    if number < 0:\n        os._exit(3)\n    return 2.5 * number if number < 5 else 7.25\n"
    result, opened = graded(tmp_path, worker, text)
    assert result.checks[0].message == "find_heads(number=6): the result is 7.25, expected 15"
    assert result.checks[1].verdict == "crashed" and opened == 2
