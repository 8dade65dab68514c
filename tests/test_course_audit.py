"""Every program that an instructor wrote beside an exercise gets the verdict that it was written for, on both back ends.

Without this, a right answer by another road would lose points, or a known mistake would pass or go unnamed.
"""

from __future__ import annotations

import pytest
from support import ROOT, grade_folder

from mechgrade.authoring.audit import Auditor
from mechgrade.course import load_course

COURSE = load_course(ROOT)

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("backend", ["bridge", "hooked"])
@pytest.mark.parametrize("lab", COURSE.labs)
def test_each_program_gets_the_verdict_it_was_written_for(lab, backend, worker):
    audit = Auditor(COURSE, "embedded", backend, worker=worker).audit(COURSE.exercises(lab), with_mutants=False)
    totals = audit.totals()
    assert audit.problems == []
    assert totals["references_passed"] == totals["stubs_not_started"] == len(COURSE.lab(lab).exercises)
    assert totals["accepted_passed"] == totals["accepted"] >= 2 * totals["exercises"]
    assert totals["misconceptions_rejected"] == totals["misconceptions"] >= 4 * totals["exercises"]
    # Of the others nothing but a boolean or two is wrong, which another mistake would make as wrong.
    assert totals["misconceptions_named"] == totals["misconceptions_nameable"] >= 0.75 * totals["misconceptions"]
    assert totals["misconceptions_confused"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["bridge", "hooked"])
def test_the_whole_course_has_full_marks_with_two_threads_too(backend, worker):
    """The references alone; with one thread the test above grades them beside everything else."""
    exercises = COURSE.exercises()
    result = grade_folder(COURSE, worker, ROOT / "solutions", exercises, backend=backend, threads=2)
    assert {entry.exercise: entry.message for entry in result.exercises if entry.verdict != "passed"} == {}
    assert result.score == sum(exercise.points for exercise in exercises)


@pytest.mark.parametrize("lab", COURSE.labs)
def test_every_right_program_is_portable(lab, worker):
    """References and accepted variants would run on a GPU. load_sae's reader of files knows no other name of the CPU, so it is not known there."""
    exercises = [each for each in COURSE.exercises(lab) if each.name != "load_sae"]
    count, problems = Auditor(COURSE, "embedded", worker=worker).portable(exercises)
    assert problems == []
    assert count >= 3 * len(exercises)


def test_a_program_that_is_not_portable_is_found(worker, tmp_path):
    """The audit's own mistake: a reference that makes its mask on the CPU."""
    import shutil

    root = tmp_path / "course"
    leave_out = shutil.ignore_patterns(".*", "outputs", "docs", "tests", "examples", "__pycache__")
    shutil.copytree(ROOT, root, ignore=leave_out)
    file = root / "solutions" / "lab1" / "attention_from_qk.py"
    file.write_text(file.read_text().replace(", device=q.device", ""))
    course = load_course(root)
    count, problems = Auditor(course, "embedded", worker=worker).portable([course.exercise("attention_from_qk")])
    assert count >= 3
    assert any("attention_from_qk, reference would fail on a GPU: `torch.ones(" in each for each in problems)
