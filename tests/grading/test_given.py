"""The file that a learner started from is known in every install, and once for a class."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest
from support import ROOT, one_exercise

from mechgrade.course import load_course
from mechgrade.grading.given import _names, as_given


def test_a_learners_install_has_no_jupytext(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clone has the sources of exercises, and `make setup` does not install what takes their cells apart."""
    course = load_course(one_exercise(tmp_path))
    exercise = course.exercise("find_heads")
    course.stub_path(exercise).parent.mkdir(parents=True)
    course.stub_path(exercise).write_text("# everything deleted\n")
    monkeypatch.setitem(sys.modules, "jupytext", None)
    text = as_given(course, exercise)
    assert "def find_heads" in text and "raise NotImplementedError" in text
    assert _outside_functions(text) == _outside_functions((ROOT / "exercises/lab3/find_heads.py").read_text())


def _outside_functions(text: str) -> set[str]:
    return {name for node in ast.parse(text).body for name in _names(node)}
