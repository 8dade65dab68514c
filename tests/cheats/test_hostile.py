"""Nobody's grade depends on what neighbours hand in. ``python -m cheats.hostile`` does the same with a class of 200, and keeps time."""

from __future__ import annotations

from pathlib import Path

import pytest

from .hostile import HOSTILE, course_at, differences, grade_class, wrong_points


@pytest.mark.slow
def test_hostile_hand_ins_change_no_other_grade(tmp_path: Path) -> None:
    """Thirty ordinary learners, and ten hostile ones between them."""
    course = course_at(tmp_path / "course")
    some = HOSTILE[:10]
    without = grade_class(course, tmp_path / "without", 30, ())
    together = grade_class(course, tmp_path / "together", 30, some)
    assert len(together.points) == len(some) == 10
    assert len(without.ordinary) == 30 * 4, (
        "a page, a result, a line of the table and an entry of what was handed in, each"
    )
    assert differences(without, together) == []
    assert wrong_points(together, some, course.exercise("find_heads").points) == []
