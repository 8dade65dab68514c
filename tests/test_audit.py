"""The audit finds graders that are too kind, too strict or that cannot tell mistakes apart."""

from __future__ import annotations

import pytest
from support import one_exercise

from mechgrade.authoring.audit import Auditor
from mechgrade.authoring.mutants import mutants
from mechgrade.authoring.record import record
from mechgrade.course import load_course
from mechgrade.grading import recordings

pytestmark = pytest.mark.long

SOURCE = """
def scores(pattern, half):
    diagonal = pattern.diagonal(1 - half, dim1=-2, dim2=-1)
    model.run_with_hooks(pattern, fwd_hooks=[("blocks.0.hook_resid_pre", hook)])
    return diagonal.mean(-1)
"""


def test_mutants_make_the_mistakes_that_people_make():
    made = {
        mutant.name.split(" => ")[1]
        for mutant in mutants(SOURCE, set(range(1, 10)), confusions={"resid_pre": "resid_post"})
    }
    assert "diagonal = pattern.diagonal(1 + half, dim1=-2, dim2=-1)" in made
    assert "return diagonal.mean(1)" in made
    assert "pass" in made
    assert 'model.run_with_hooks(pattern, fwd_hooks=[("blocks.0.hook_resid_post", hook)])' in made


def test_mutants_stay_inside_the_lines_that_a_learner_writes():
    assert {mutant.line for mutant in mutants(SOURCE, {5})} == {5}


@pytest.fixture
def small(tmp_path, ready_workers):
    """A course with one exercise, whose grader a test may spoil."""
    return one_exercise(tmp_path)


def test_a_grader_that_is_too_kind_is_caught(small):
    (small / "graders/lab3/test_find_heads.py").write_text(
        "import pytest\n\n"
        "def on_scores(exercise, bench):\n"
        "    return len(exercise.find_heads(bench.normal(2, 3, seed=0), 0.0))\n\n"
        "@pytest.mark.points(5)\n"
        "def test_how_many(compare):\n"
        '    """The number of heads above the threshold."""\n'
        "    compare(on_scores)\n"
    )
    course = load_course(small)
    record(course, course.exercises(), "embedded")
    audit = Auditor(course, "embedded").audit(course.exercises())
    totals = audit.totals()
    assert totals["references_passed"] == totals["stubs_not_started"] == 1
    assert totals["accepted_passed"] == totals["accepted"]
    assert totals["misconceptions_rejected"] < totals["misconceptions"]
    assert totals["mutants_survived"] > 0
    assert any("misconception not_sorted is passed" in problem for problem in audit.problems)


def test_several_at_once_find_the_same(small):
    course = load_course(small)
    record(course, course.exercises(), "embedded")
    one, two = (
        Auditor(course, "embedded", jobs=jobs).audit(course.exercises(), with_mutants=False).as_tree()
        for jobs in (1, 2)
    )
    assert one == two
    assert one["totals"]["misconceptions_named"] >= 4


def noise(path):
    """The noise floors of a recording: other ones say that it was recorded anew."""
    return [run.noise for run in recordings.read(path).runs.values()]


def test_equal_data_is_not_recorded_anew(small):
    """A comment in the bench, or another processor's rounding, would otherwise change every file of the course."""
    course = load_course(small)
    record(course, course.exercises(), "embedded")
    path = recordings.path_of(small, "embedded", "lab3", "find_heads")
    before = recordings.read(path)
    for run in before.runs.values():
        run.noise = {place: noise + 1e-9 for place, noise in run.noise.items()}
    recordings.write(path, before)
    text = path.with_suffix(".safetensors").read_bytes()
    record(course, course.exercises(), "embedded")
    assert noise(path) == [run.noise for run in before.runs.values()] != []
    assert path.with_suffix(".safetensors").read_bytes() == text

    key = next(iter(before.runs))
    before.runs[key].misconceptions[next(iter(before.sentences))] = {"kind": "raised", "error": "E", "message": "m"}
    recordings.write(path, before)
    record(course, course.exercises(), "embedded")
    assert noise(path) != [run.noise for run in before.runs.values()], (
        "a misconception that does otherwise now is recorded anew"
    )
