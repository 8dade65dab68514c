"""The same score at every isolation level: an instructor's final grading must not differ from what a learner saw at home."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support import grade_folder

from mechgrade import sandbox
from mechgrade.course import Course
from mechgrade.course.variants import programs
from mechgrade.grading.worker import Worker

pytestmark = pytest.mark.long

KINDS = ("reference", "misconception", "accepted", "stub")


def _without_times(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: _without_times(value) for key, value in tree.items() if key not in ("seconds", "isolation")}
    return [_without_times(item) for item in tree] if isinstance(tree, list) else tree


@pytest.mark.parametrize("turn", [0, 1])
def test_a_lab_gets_the_same_result_at_every_level(turn: int, course: Course, worker: Worker, tmp_path: Path) -> None:
    """All references; then a mixture of programs that pass, that fail in known ways, and that were not begun."""
    if sandbox.probe().level != "full":
        pytest.skip("this machine has no level full")
    exercises = course.exercises("lab3")
    (tmp_path / "lab3").mkdir()
    for place, exercise in enumerate(exercises):
        by_kind = {program.kind: program for program in programs(course, exercise)}
        chosen = by_kind[KINDS[place % len(KINDS)] if turn else "reference"]
        (tmp_path / "lab3" / f"{exercise.name}.py").write_text(chosen.source, encoding="utf-8")
    results = {
        level: _without_times(grade_folder(course, worker, tmp_path, exercises, isolation=level).as_tree())
        for level in ("full", "process", "inline")
    }
    assert results["full"] == results["process"] == results["inline"]
    assert (results["full"]["score"] == results["full"]["max_score"]) == (turn == 0)
