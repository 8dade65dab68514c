"""Programs that do nothing gain nothing, whatever checks for errors, types and fixed answers say of them."""

from __future__ import annotations

import re

import pytest
from support import ROOT

from mechgrade.course import load_course
from mechgrade.grading.grade import Grading
from mechgrade.grading.options import resolve
from mechgrade.grading.verdicts import FAULTS, ExerciseResult
from mechgrade.grading.worker import Worker
from mechgrade.submissions.submission import Submission

from . import measured
from .nothing import KINDS, Replay, program, results, table

pytestmark = pytest.mark.long

COURSE = load_course(ROOT)

#: One exercise of each lab: clear errors, fixed answers and a training that could once be had without solving it.
SAMPLE = ("selective_cache", "logit_difference", "find_heads", "superposition")


def _gained(name: str, worker: Worker) -> dict[str, float]:
    """What each program gains; each was graded, by no fault of the machine or the grader."""
    found = {kind: result for kind, (result,) in results(COURSE, [COURSE.exercise(name)], worker).items()}
    assert not [each.message for each in found.values() if each.verdict in FAULTS]
    return {kind: result.points for kind, result in found.items()}


@pytest.mark.parametrize("name", SAMPLE)
def test_what_does_nothing_gains_nothing(name: str, worker: Worker) -> None:
    assert _gained(name, worker) == dict.fromkeys(KINDS, 0)


@pytest.mark.slow
@pytest.mark.parametrize("name", [each.name for each in COURSE.exercises() if each.name not in SAMPLE])
def test_what_does_nothing_gains_nothing_in_any_exercise(name: str, worker: Worker) -> None:
    assert _gained(name, worker) == dict.fromkeys(KINDS, 0)


def _public(name: str, kind: str, worker: Worker) -> ExerciseResult:
    """What a program gets on public inputs."""
    exercise = COURSE.exercise(name)
    grading = Grading(COURSE, resolve(COURSE, isolation="process"), worker)
    texts = {(exercise.lab, exercise.name): program(COURSE, exercise, kind)}
    (result,) = grading.grade(grading.grader(Submission.from_texts(texts)), [exercise]).exercises
    return result


def test_a_clear_error_would_gain_points_alone(worker: Worker) -> None:
    """Otherwise the programs above would gain nothing because they are broken, and would prove nothing."""
    result = _public("sae_metrics", "raises", worker)
    assert result.waiting, "no check passed whose points were held back"
    assert result.points == 0


def test_replayed_answers_are_those_of_the_reference(worker: Worker) -> None:
    """On public inputs they earn all points, so on hidden ones it is the inputs that make them worth nothing."""
    with Replay() as replay:
        first = _public("find_heads", "replays", worker)
        replay.public = False
        again = _public("find_heads", "replays", worker)
    assert first.points == again.points == first.max_points


def test_the_table_is_of_this_course() -> None:
    """An exercise that is new, or has other points, is to be tried before the page says that it was."""
    nothing = {f"{each.lab}/{each.name}": {kind: {"points": 0} for kind in KINDS} for each in COURSE.exercises()}
    assert measured.kept("nothing") == table(COURSE, nothing)
    assert re.search(r"^\| all \| \d+ \| \d+ \| 0 \| 0 \| 0 \| 0 \|$", measured.kept("nothing"), re.MULTILINE)
