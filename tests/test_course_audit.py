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
