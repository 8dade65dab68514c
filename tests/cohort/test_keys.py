"""Keys: what changes a result changes them, and nothing else does."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from mechgrade.cohort.keys import bases, key_of
from mechgrade.course import Course, load_course
from mechgrade.grading.options import Options

from .ground import NAMES, small_course

ORDER = Options("embedded", "bridge", "cpu", "process")


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return small_course(tmp_path / "course")


def by_name(course: Course, options: Options = ORDER) -> dict[str, str]:
    return {exercise.name: base for exercise, base in bases(course, course.exercises(), options).items()}


@pytest.mark.parametrize(
    ("path", "changed"),
    [
        ("graders/lab3/test_find_heads.py", {"find_heads"}),
        ("fixtures/recorded/embedded/lab3/find_heads.json", {"find_heads"}),
        ("fixtures/recorded/embedded/lab3/find_heads.safetensors", {"find_heads"}),
        ("graders/lab3/helpers.py", set(NAMES)),
        ("graders/conftest.py", set(NAMES)),
        ("fixtures/models/embedded/model.safetensors", set(NAMES)),
        ("fixtures/saes/embedded/sae_weights.safetensors", set()),  # lab 3 has none
        ("solutions/lab3/find_heads.py", set()),
        ("solutions/lab3/variants/find_heads.py", set()),
        ("exercises/lab3/find_heads.py", set()),
    ],
)
def test_a_file_touches_what_depends_on_it(course: Course, path: str, changed: set[str]) -> None:
    """A changed grader grades its own exercise again; a changed model all; a changed solution none, without hidden inputs."""
    before = by_name(course)
    with (course.root / path).open("ab") as file:
        file.write(b"\nchanged = True\n")
    after = by_name(course)
    assert {name for name in after if after[name] != before[name]} == changed


def test_settings_and_secrets(course: Course) -> None:
    """Each setting makes other results. With hidden inputs they depend on the secret and on the reference."""
    orders = [ORDER, replace(ORDER, backend="hooked"), replace(ORDER, device="cuda"), replace(ORDER, isolation="full")]
    orders += [replace(ORDER, threads=2), replace(ORDER, hidden="one"), replace(ORDER, hidden="two")]
    assert len({by_name(course, order)["find_heads"] for order in orders}) == len(orders)
    hidden = replace(ORDER, hidden="one")
    before = by_name(course, hidden)
    with (course.root / "solutions/lab3/find_heads.py").open("a") as file:
        file.write("changed = True\n")
    after = by_name(course, hidden)
    assert after["find_heads"] != before["find_heads"]
    assert after["repeated_tokens"] == before["repeated_tokens"]


def test_points_and_limits(course: Course) -> None:
    """Other points are other results for their exercise; other limits for all."""
    before = by_name(course)
    path = course.root / "course.yaml"
    text = path.read_text()
    path.write_text(text.replace("points: 5", "points: 6", 1))
    after = by_name(load_course(course.root))
    assert sum(after[name] != before[name] for name in NAMES) == 1
    path.write_text(text.replace("memory_mb: 2048", "memory_mb: 1024"))
    after = by_name(load_course(course.root))
    assert all(after[name] != before[name] for name in NAMES)


def test_where_the_course_lies_changes_nothing(course: Course, tmp_path: Path) -> None:
    """An instructor who moves the course, or a cluster that has it elsewhere, grades nothing again."""
    shutil.copytree(course.root, tmp_path / "moved")
    assert by_name(load_course(tmp_path / "moved")) == by_name(course)


def test_the_text_makes_the_key() -> None:
    """Other text, no text, another reason for none: other keys."""
    keys = [
        key_of("base", "x = 1"),
        key_of("base", "x = 2"),
        key_of("base", None, "no file"),
        key_of("base", None, "a link"),
    ]
    keys += [key_of("other", "x = 1"), key_of("base", "")]
    assert len(set(keys)) == len(keys)
