"""A model of GPT-2 small's form, by its real name, graded from the cache: live where nothing is recorded, and recorded like any other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support import ROOT, grade_folder

from hub.conftest import environment
from mechgrade.course import load_course
from mechgrade.grading.worker import Worker

pytestmark = pytest.mark.long


@pytest.fixture
def machine(mechgrade, tmp_path, monkeypatch):
    """A machine, for this process too, that pulled gpt2-small and then lost its network."""
    assert mechgrade("models", "pull", "gpt2-small").returncode == 0
    for name, value in environment(tmp_path / "hf", None).items():
        if name.startswith("HF_"):
            monkeypatch.setenv(name, value)


@pytest.mark.slow
def test_twelve_layers_get_full_marks_end_to_end_but_for_what_needs_training(machine, tmp_path):
    course = load_course(ROOT)
    untrained = course.models["gpt2-small"].model_copy(update={"trained": False})
    course = course.model_copy(update={"models": {**course.models, "gpt2-small": untrained}})
    chosen = course.exercises()
    left_out = [exercise.name for exercise in chosen if "trained" in exercise.needs]
    for exercise in chosen:
        path = tmp_path / "submission" / exercise.lab / f"{exercise.name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(course.solution_path(exercise).read_bytes())
    worker = Worker(course.limits_of("gpt2-small").start_seconds)
    try:
        result = grade_folder(course, worker, tmp_path / "submission", chosen, model="gpt2-small")
    finally:
        worker.close()
    assert {
        f"{entry.lab}/{entry.exercise}": entry.message
        for entry in result.exercises
        if entry.verdict not in ("passed", "not_applicable")
    } == {}
    assert [entry.exercise for entry in result.exercises if entry.verdict == "not_applicable"] == left_out != []
    points = sum(exercise.points for exercise in chosen if exercise.name not in left_out)
    assert (result.score, result.max_score) == (points, points)


def test_the_command_grades_on_it_and_a_wrong_answer_is_still_wrong(machine, mechgrade, tmp_path):
    """One exercise, so that the command's way is short: the reference passes, one that finds nothing is wrong."""
    wrong = tmp_path / "find_heads.py"
    wrong.write_text("def find_heads(scores, threshold):\n    return []\n")
    for path, verdict in ((ROOT / "solutions/lab3/find_heads.py", "passed"), (wrong, "wrong")):
        out = tmp_path / "result.json"
        done = mechgrade("grade", str(path), "--model", "gpt2-small", "--json", str(out), online=False)
        assert done.returncode == 0, done.stderr
        result = json.loads(out.read_text())
        assert (result["model"], result["exercises"][0]["verdict"]) == ("gpt2-small", verdict)


def test_a_model_that_was_not_pulled_is_told_before_anything_is_graded(mechgrade):
    done = mechgrade("grade", "--exercise", "find_heads", "--model", "gpt2-medium", "solutions", online=False)
    words = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 3, words
    assert "run `mechgrade models pull gpt2-medium`" in words
    assert "Traceback" not in words


@pytest.mark.slow
def test_recording_on_it_writes_fixtures_beside_the_others_which_then_grade(machine, mechgrade, tmp_path):
    course = tmp_path / "course"
    course.mkdir()
    for part in ("course.yaml", "exercises", "solutions", "graders", "interp"):
        (course / part).symlink_to(ROOT / part)
    (course / "fixtures/recorded").mkdir(parents=True)
    for part in ("models", "saes"):
        (course / "fixtures" / part).symlink_to(ROOT / "fixtures" / part)
    done = mechgrade("record", "--model", "gpt2-small", "--exercise", "find_heads", online=False, cwd=course)
    assert done.returncode == 0, done.stderr
    files = sorted(str(path.relative_to(course)) for path in Path(course, "fixtures/recorded").rglob("*.*"))
    assert files == [f"fixtures/recorded/gpt2-small/lab3/find_heads.{kind}" for kind in ("json", "safetensors")]
    done = mechgrade("record", "--check", "--model", "gpt2-small", "--exercise", "find_heads", online=False, cwd=course)
    assert "are up to date" in done.stdout
    # A learner has no solutions, and needs none then.
    (course / "solutions").unlink()
    submission = ROOT / "solutions/lab3/find_heads.py"
    done = mechgrade("grade", str(submission), "--model", "gpt2-small", "--strict", online=False, cwd=course)
    assert done.returncode == 0, done.stdout + done.stderr
    done = mechgrade("grade", str(submission), "--model", "gpt2-medium", online=False, cwd=course)
    assert done.returncode == 2
    assert "an instructor makes them with `mechgrade record --model gpt2-medium`" in " ".join(done.stderr.split())
