"""A stub as the learner got it is not started, without a process: the result is the one that a run would give."""

from __future__ import annotations

import pytest
from support import ROOT, Watching

from mechgrade.course import Course, Exercise, load_course
from mechgrade.grading.grade import Grading
from mechgrade.grading.options import resolve
from mechgrade.grading.stub import outcome_of_stub
from mechgrade.grading.verdicts import Result
from mechgrade.grading.worker import Worker
from mechgrade.submissions.submission import Submission

COURSE = load_course(ROOT)
STUB = (ROOT / "exercises/lab3/find_heads.py").read_text()


def known(exercise: Exercise) -> bool:
    return outcome_of_stub(COURSE.stub_path(exercise).read_text()) is not None


def graded(
    course: Course, worker: Worker, text: str, name: str = "find_heads", run: bool = False
) -> tuple[Result, int]:
    """The result, and how many runs there were; ``run``: as if nobody knew what the stub was."""
    watching = Watching(worker)
    grading = Grading(course, resolve(course, isolation="process"), watching)
    if run:
        grading.sessions.__dict__["_given"] = {}
    exercise = course.exercise(name)
    texts = Submission.from_texts({(exercise.lab, name): text})
    result = grading.grade(grading.grader(texts), [exercise])
    for each in result.exercises:
        each.seconds = 0.0
        for check in each.checks:
            check.seconds = check.learner_seconds = 0.0
    return result, len(watching.seen)


@pytest.mark.parametrize("lab", COURSE.labs)
def test_what_the_text_tells_is_what_runs_give(course: Course, worker: Worker, lab: str) -> None:
    for exercise in filter(known, course.exercises(lab)):
        text = course.stub_path(exercise).read_text()
        (told, none), (run, some) = (graded(course, worker, text, exercise.name, run=run) for run in (False, True))
        assert (none, told) == (0, run)
        assert some > 0


def test_there_are_such_stubs_and_others(course: Course) -> None:
    found = {known(exercise) for exercise in course.exercises()}
    assert found == {True, False}


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        (lambda text: text + "\n# a note of mine\n", "not_started"),
        (lambda text: text + "\nraise ValueError('too early')\n", "raised"),
        (lambda text: text.replace('raise NotImplementedError("find_heads: not written yet")', "return []"), "wrong"),
    ],
)
def test_a_text_that_was_changed_is_run(course: Course, worker: Worker, change, verdict: str) -> None:  # type: ignore[no-untyped-def]
    text = change(STUB)
    assert text != STUB
    result, runs = graded(course, worker, text)
    assert result.exercises[0].verdict == verdict
    assert runs > 0


def test_line_ends_of_another_system_are_no_change(course: Course, worker: Worker) -> None:
    result, runs = graded(course, worker, STUB.replace("\n", "\r\n"))
    assert (result.exercises[0].verdict, runs) == ("not_started", 0)


@pytest.mark.parametrize(
    "text",
    [
        "def f(x):\n    if x:\n        raise NotImplementedError\n",
        "def f(x):\n    raise NotImplementedError\n\n\ndef g(x):\n    raise NotImplementedError\n",
        "def f(x):\n    x += 1\n    raise NotImplementedError\n",
        "class A:\n    def f(self):\n        raise NotImplementedError\n",
        "@staticmethod\ndef f(x):\n    raise NotImplementedError\n",
        "def f(x):\n    raise ValueError\n",
        "def f(x):\n    return 1\n",
    ],
)
def test_what_the_text_does_not_tell_is_left_to_a_run(text: str) -> None:
    assert outcome_of_stub(text) is None


def test_the_line_and_the_function_are_told() -> None:
    outcome = outcome_of_stub('def f(x):\n    """Text."""\n    raise NotImplementedError("later")\n')
    assert outcome is not None
    assert outcome.message == "`f` is still a stub (line 3)"
