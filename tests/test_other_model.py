"""Nothing in an exercise assumes the embedded model's sizes: the whole course on a second, random model of another shape.

Nothing is recorded on it, so the references run live, as they would on any model of a learner's choice.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from other_model import HEADS, LAYERS, course_with_other_model

from mechgrade.course import load_course


@pytest.mark.slow
def test_the_solutions_get_full_marks_on_a_model_of_another_shape(tmp_path: Path) -> None:
    root = course_with_other_model(tmp_path / "course")
    course = load_course(root)
    left_out = [each.name for each in course.exercises() if "trained" in each.needs]
    command = [str(Path(sys.executable).with_name("mechgrade")), "grade", "solutions", "--model", "other"]
    done = subprocess.run(
        [*command, "--json", str(tmp_path / "result.json")],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=1500,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads((tmp_path / "result.json").read_text())
    by_verdict: dict[str, list[str]] = {}
    for each in result["exercises"]:
        by_verdict.setdefault(each["verdict"], []).append(each["exercise"])
    # What needs a trained model is told by name, and is no zero.
    assert by_verdict.pop("not_applicable") == left_out and left_out
    assert list(by_verdict) == ["passed"]
    points = sum(each.points for each in course.exercises() if each.name not in left_out)
    assert (result["score"], result["max_score"]) == (points, points)
    assert "other is not trained" in " ".join(done.stdout.split())

    env = {**os.environ, "MODEL": "other", "OMP_NUM_THREADS": "1"}
    page = [sys.executable, "exercises/quickstart.py"]
    told = subprocess.run(page, cwd=root, env=env, capture_output=True, text=True, timeout=300)
    assert f"{LAYERS} layers, {HEADS} heads per layer" in told.stdout, told.stderr
    assert (root / "outputs/attention_patterns/quickstart.png").is_file()
