"""The strangers' programs are graded as they should be, but for those that are listed, with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from mechgrade.course import Course
from mechgrade.grading.worker import Worker
from strangers import corpus

pytestmark = pytest.mark.long

HERE = Path(__file__).parent


def listed(kind: str) -> dict[str, str]:
    """Reasons by program, from all files of a kind: ``disputed`` (not against a binding sentence) or ``open`` (a hole that is known)."""
    found: dict[str, str] = {}
    for path in sorted(HERE.glob(f"{kind}_*.yaml")):
        lab = path.stem.removeprefix(f"{kind}_")
        found |= {f"{lab}/{name}": reason for name, reason in (yaml.safe_load(path.read_text()) or {}).items()}
    return found


def wrongly_graded(course: Course, worker: Worker, exercises: list[str], most: int | None = None) -> Mapping[str, str]:
    """The programs that are not graded as they should be, with what was said of them."""
    chosen = [each for each in course.exercises() if str(each) in exercises]
    found = corpus.grade(course, chosen, worker, most=most)
    return {each.name: f"{each.verdict}: {each.message}" for each in found if not each.as_it_should_be}


def test_each_exercise_has_its_strangers(course: Course) -> None:
    for exercise in course.exercises():
        found = corpus.programs(exercise)
        assert sum(each.right for each in found) >= 2, exercise
        assert sum(not each.right for each in found) >= 3, exercise


@pytest.mark.parametrize("kind", ["disputed", "open"])
def test_what_is_listed_is_there(course: Course, kind: str) -> None:
    names = {program.name for exercise in course.exercises() for program in corpus.programs(exercise)}
    for name, reason in listed(kind).items():
        assert name in names, name
        assert len(reason) > 20, f"{name} needs a reason"


@pytest.mark.parametrize("lab", ["lab1", "lab2", "lab3", "lab4", "lab5"])
def test_a_few_of_each_exercise(course: Course, worker: Worker, lab: str) -> None:
    """Of each exercise the first right and the first two wrong ones that nobody disputes."""
    exercises = [str(each) for each in course.exercises(lab)]
    excused = listed("disputed").keys() | listed("open").keys()
    assert wrongly_graded(course, worker, exercises, most=3).keys() <= excused


@pytest.mark.slow
@pytest.mark.parametrize("lab", ["lab1", "lab2", "lab3", "lab4", "lab5"])
def test_all(course: Course, worker: Worker, lab: str) -> None:
    """What is listed as open is open still: a list that promises too little is corrected too."""
    exercises = [str(each) for each in course.exercises(lab)]
    found = wrongly_graded(course, worker, exercises)
    disputed, known = listed("disputed"), {name for name in listed("open") if name.startswith(f"{lab}/")}
    assert {name for name in found if name not in disputed} == known, found
