"""An instructor gets from nothing to an audited exercise, by the command and by the page in the docs, as it is written."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import ROOT, one_exercise

from mechgrade.authoring.build import build
from mechgrade.authoring.rules import broken_rules
from mechgrade.authoring.scaffold import scaffold
from mechgrade.course import CourseError, load_course


def test_a_new_exercise_is_in_form(tmp_path: Path) -> None:
    course = load_course(one_exercise(tmp_path))
    larger, written = scaffold(course, "lab3", "sharpness", 'How "sharp": a head', 4, 7)
    assert len(written) == 4
    exercise = larger.exercise("sharpness")
    assert (exercise.points, exercise.minutes, exercise.title) == (4, 7, 'How "sharp": a head')
    build(larger)
    told = broken_rules(larger, larger.exercises(), "embedded")
    assert [each for each in told if "recorded" not in each] == []


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("lab33", "sharpness", "A title", 4, 7), "there is no lab 'lab33'"),
        (("lab3", "find_heads", "A title", 4, 7), "there is an exercise lab3/find_heads already"),
        (("lab3", "not-a-name", "A title", 4, 7), "is no name for an exercise"),
        (("lab3", "numpy", "A title", 4, 7), "numpy is an installed library's name"),
        (("lab3", "statistics", "A title", 4, 7), "statistics is Python's own name"),
        (("lab3", "sharpness", "A title", 1, 7), "at least 2"),
        (("lab3", "draft", "A title", 4, 7), "is there already"),
    ],
)
def test_a_mistake_leaves_everything_as_it_was(
    arguments: tuple[str, str, str, int, int], part: str, tmp_path: Path
) -> None:
    root = one_exercise(tmp_path)
    (root / "solutions/lab3/draft.py").write_text("x = 1\n")
    before = {path: path.read_bytes() for path in root.rglob("*.*") if path.is_file()}
    with pytest.raises(CourseError, match=re.escape(part)):
        scaffold(load_course(root), *arguments)
    assert {path: path.read_bytes() for path in root.rglob("*.*") if path.is_file()} == before


def steps(page: str) -> list[tuple[str, str]]:
    """The blocks of a page in order: ("bash", commands), or (a path, the file's text)."""
    found = []
    for before, language, body in re.findall(r"([^\n]*)\n\n```(bash|python)\n(.*?)```", page, re.DOTALL):
        path = re.fullmatch(r"`([\w/.]+)`", before)
        assert language == "bash" or path, f"a block of code without a file's name before it, after {before!r}"
        found.append((path.group(1) if path and language == "python" else "bash", body))
    return found


@pytest.mark.slow
def test_the_page_followed_to_the_letter(tmp_path: Path) -> None:
    for part in ("solutions", "graders", "exercises", "docs", "interp"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__", "site"))
    (tmp_path / "fixtures").mkdir()
    for part in ("models", "saes"):
        (tmp_path / "fixtures" / part).symlink_to(ROOT / "fixtures" / part)
    shutil.copytree(ROOT / "fixtures/recorded", tmp_path / "fixtures/recorded")
    for part in ("course.yaml", "README.md"):
        shutil.copy(ROOT / part, tmp_path)
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = steps((ROOT / "docs/authoring.md").read_text())
    assert [kind for kind, _ in done] == [
        "bash",
        "solutions/lab3/attention_entropy.py",
        "solutions/lab3/variants/attention_entropy.py",
        "graders/lab3/test_attention_entropy.py",
        "bash",
        "bash",
    ]
    for kind, body in done:
        if kind == "bash":
            ran = subprocess.run(
                ["bash", "-euc", body], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=900
            )
            assert ran.returncode == 0, ran.stdout + ran.stderr
        else:
            assert (tmp_path / kind).is_file(), "mechgrade new wrote it"
            (tmp_path / kind).write_text(body)
    assert '"attention_entropy"' in (tmp_path / "docs/audit.json").read_text()
