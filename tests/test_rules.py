"""The form that an exercise must have: each rule notices the one thing that it is about, and the course breaks none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support import one_exercise

from mechgrade.authoring.rules import broken_rules
from mechgrade.course import Course, load_course

pytestmark = pytest.mark.long

SOURCE = "solutions/lab3/find_heads.py"
VARIANTS = "solutions/lab3/variants/find_heads.py"
GRADER = "graders/lab3/test_find_heads.py"


@pytest.mark.slow  # `make audit` asks the same of each exercise
def test_the_course_is_in_form(course: Course) -> None:
    assert broken_rules(course, course.exercises(), course.default_model) == []


def replace(old: str, new: str, count: int = -1) -> Callable[[str], str]:
    def change(text: str) -> str:
        assert old in text, "the test is out of date"
        return text.replace(old, new, count)

    return change


def first_misconceptions(text: str) -> str:
    """The file up to its third misconception."""
    return "@misconception(".join(text.split("@misconception(")[:3])


def solution_in_hint(text: str) -> str:
    """A first hint that gives a line of the solution away."""
    inside = text.partition("### BEGIN SOLUTION")[2].partition("### END SOLUTION")[0]
    line = max(inside.splitlines(), key=len).strip()
    return text.replace('tags=["hint"]\n', f'tags=["hint"]\n# `{line}`\n#\n', 1)


@pytest.mark.parametrize(
    ("path", "change", "part"),
    [
        (GRADER, replace("@pytest.mark.points(", "@pytest.mark.points(1 + ", 1), "write a number"),
        (GRADER, replace('"""Grader of', '"""A grader of'), None),
        (GRADER, lambda text: text + "\n\ndef test_more(compare):\n    '''More.'''\n", "add up to 6 points"),
        (GRADER, lambda text: text + "\n\ndef on_course_model(exercise, bench):\n    return 1\n", "is defined 2 times"),
        (
            GRADER,
            replace('    """Random scores, also', '    "".format()\n    """Random scores, also'),
            "has no docstring",
        ),
        (GRADER, replace("compare, seed", "compare"), "no check takes `seed`"),
        (VARIANTS, first_misconceptions, "2 misconception programs"),
        (VARIANTS, lambda text: "# fewer: there is one way only\n" + first_misconceptions(text), None),
        (SOURCE, solution_in_hint, "stands in its first hint too"),
        (SOURCE, replace('tags=["hint"]', "", 1), "1 hint cells"),
        (
            "course.yaml",
            lambda text: text.replace("find_heads:", "numpy: {title: N, points: 5, minutes: 5}\n      find_heads:"),
            "labs.lab3.exercises: numpy is an installed library's name",
        ),
        ("graders/lab3/test_forgotten.py", lambda _: "x = 1\n", "course.yaml does not know it"),
        ("solutions/lab3/draft.py", lambda _: "x = 1\n", "course.yaml does not know it"),
        (
            "solutions/lab3/variants/equivalent.yaml",
            lambda _: "find_heads: {'a => b': it is the same}\n",
            "has no mutant 'a => b' any more",
        ),
        ("solutions/lab3/variants/equivalent.yaml", lambda _: "found_heads: {}\n", "lab3 has no exercise"),
    ],
)
def test_a_broken_rule_is_told(path: str, change: Callable[[str], str], part: str | None, tmp_path: Path) -> None:
    root = one_exercise(tmp_path)
    file = root / path
    file.write_text(change(file.read_text() if file.is_file() else ""))
    if path == VARIANTS:  # the list of promises names the programs that are gone; see test_promises
        (root / VARIANTS).with_suffix(".yaml").unlink()
    course = load_course(root)
    known = ("recorded", "stale", "missing")  # nothing is built or recorded in this copy
    told = [each for each in broken_rules(course, course.exercises(), "embedded") if not any(w in each for w in known)]
    if part is None:
        assert told == []
    else:
        assert any(part in each for each in told), told
