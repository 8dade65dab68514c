"""No grader is fooled by luck: answers that are right in the easy cases only pass in no exercise.

``test_answers.py`` has the other half, answers copied from the recorded data; of every exercise here, of two quickly there.
"""

from __future__ import annotations

import types
from pathlib import Path

import pytest
from support import ROOT, grade_folder, later

from mechgrade.course import Course, Exercise, load_course
from mechgrade.grading.verdicts import Result
from mechgrade.grading.worker import Worker

from .luck import KINDS, applies, lucky
from .test_answers import SECRET, hard_coded

pytestmark = pytest.mark.long

torch = later("torch")

COURSE = load_course(ROOT)


def _grade(worker: Worker, folder: Path, sources: dict[Exercise, str], **settings: object) -> Result:
    for exercise, source in sources.items():
        path = folder / exercise.lab / f"{exercise.name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(source)
    return grade_folder(COURSE, worker, folder, list(sources), **settings)


def _passed(result: Result) -> list[str]:
    assert not result.faults, [entry.message for entry in result.faults]
    return [f"{entry.lab}/{entry.exercise}" for entry in result.exercises if entry.verdict == "passed"]


@pytest.mark.parametrize("lab", COURSE.labs)
@pytest.mark.parametrize("kind", KINDS)
def test_no_exercise_takes_an_answer_that_is_right_by_luck(kind: str, lab: str, worker: Worker, tmp_path: Path) -> None:
    sources = {each: lucky(COURSE, each, kind) for each in COURSE.exercises(lab) if applies(COURSE, each, kind)}
    if not sources:
        pytest.skip(f"no exercise of {lab} has a {kind}")
    assert _passed(_grade(worker, tmp_path, sources)) == []


@pytest.mark.slow
@pytest.mark.parametrize("lab", COURSE.labs)
def test_no_exercise_takes_copied_answers_on_hidden_inputs(lab: str, worker: Worker, tmp_path: Path) -> None:
    """Every public answer is right, and hard-coded: that is worth nothing once inputs are drawn from a secret."""
    sources = {each: hard_coded(COURSE, each.name) for each in COURSE.exercises(lab)}
    assert _passed(_grade(worker, tmp_path, sources, hidden=SECRET)) == []


def _module(exercise: str, kind: str) -> types.ModuleType:
    module = types.ModuleType(exercise)
    source = lucky(COURSE, COURSE.exercise(exercise), kind)
    exec(compile(source, exercise, "exec", dont_inherit=True), module.__dict__)
    return module


def test_luck_is_right_in_the_easy_case_and_wrong_in_the_others(course: Course) -> None:
    """Otherwise the cheats above would be refused for being broken, and would prove nothing."""
    right = _module("induction_scores", "constant").induction_scores.__wrapped__
    pattern = torch.rand(2, 3, 4, 9, 9, generator=torch.Generator().manual_seed(0))
    one, square = pattern[:, :1], pattern[:, :, :2]

    batch_of_one = _module("induction_scores", "batch_of_one").induction_scores
    assert torch.equal(batch_of_one(one, 4), right(one, 4))
    assert not torch.equal(batch_of_one(pattern, 4), right(pattern, 4))

    only_square = _module("induction_scores", "square").induction_scores
    assert torch.equal(only_square(square, 4), right(square, 4))
    assert only_square(pattern, 4).shape == right(pattern, 4).shape
    assert not torch.equal(only_square(pattern, 4), right(pattern, 4))

    constant = _module("induction_scores", "constant").induction_scores
    assert torch.equal(constant(pattern, 4), right(pattern, 4))
    assert not torch.equal(constant(pattern + 1, 4), right(pattern + 1, 4))

    mutation = _module("induction_scores", "mutation").induction_scores
    given = pattern.clone()
    assert torch.equal(mutation(given, 4), right(pattern, 4))
    assert not torch.equal(given, pattern)
