"""The file that a learner started from is known in every install, and once for a class."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support import one_exercise

from mechgrade.course import load_course
from mechgrade.grading.given import as_given


def test_a_learners_install_has_no_jupytext(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clone has the sources of exercises, and `make setup` does not install what reads them. Grading goes on with the file that is there."""
    course = load_course(one_exercise(tmp_path))
    exercise = course.exercise("find_heads")
    course.stub_path(exercise).parent.mkdir(parents=True, exist_ok=True)
    course.stub_path(exercise).write_text("def find_heads(scores):\n    raise NotImplementedError\n")
    monkeypatch.setitem(sys.modules, "jupytext", None)
    assert as_given(course, exercise) == course.stub_path(exercise).read_text()
