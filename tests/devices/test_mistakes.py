"""What a learner is told on a device of the mistakes of mistakes.py. tests/grading/test_fails_on_gpu.py has what is told without one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from devices.mistakes import MISTAKES, Mistake
from mechgrade.course import Course

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda each: each.name)
def test_a_device_mistake_is_told(
    graded: Callable[..., list[dict[str, Any]]], course: Course, tmp_path: Path, mistake: Mistake
) -> None:
    exercise = course.exercise(mistake.exercise)
    place = tmp_path / "hand-in" / exercise.lab / f"{exercise.name}.py"
    place.parent.mkdir(parents=True)
    place.write_text(mistake.text(course))
    (result,) = graded(tmp_path / "hand-in", "--exercise", exercise.name, device=mistake.device)
    messages = " ".join(" ".join(check["message"].split()) for check in result["checks"])
    assert result["verdict"] == "raised" and mistake.told(course, mistake.on_device) in messages, messages
