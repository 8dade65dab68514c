"""Graders made from a function's signature find what graders written by hand find, in fewer lines."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from support import grade_folder

from mechgrade.authoring.record import record
from mechgrade.authoring.rules import broken_rules
from mechgrade.bench.none import Plain as Provider
from mechgrade.bench.specs import bench_spec
from mechgrade.course import Course, load_course
from mechgrade.grading import functions as f
from mechgrade.grading.worker import Worker

from . import plain
from .stranger import SOURCE, write

YAML = """\
schema: 1
title: Plain functions
isolation: process
labs:
  week1:
    title: Functions
    slug: 01-functions
    minutes: 20
    exercises:
"""


def course_of(root: Path, exercises: list[tuple[plain.Plain, str]]) -> Course:
    """A course of some functions, each with its name and its grader's text."""
    head, _, rest = SOURCE.partition("# %%\ndef slope")
    tail = rest.partition("# %% tags")[2]
    files = {"course.yaml": YAML}
    for exercise, grader in exercises:
        name = exercise.name
        files["course.yaml"] += f"      {name}: {{title: {name}, points: 5, minutes: 10}}\n"
        lines = exercise.function.splitlines()
        body = "\n".join(
            [
                lines[0],
                '    """What it takes, and what it gives."""',
                "    ### BEGIN SOLUTION",
                *lines[1:],
                "    ### END SOLUTION",
            ]
        )
        files[f"solutions/week1/{name}.py"] = f"{head}# %%\n{body}\n\n\n# %% tags{tail}"
        files[f"graders/week1/test_{name}.py"] = grader
    write(root, files)
    return load_course(root)


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    worker = Worker()
    yield worker
    worker.close()


@pytest.mark.parametrize("how", ["by_hand", "made"])
def test_they_take_what_is_right_and_no_wrong_program(tmp_path: Path, worker: Worker, how: str) -> None:
    course = course_of(tmp_path, [(each, getattr(each, how)) for each in plain.ALL])
    record(course, course.exercises(), "none")
    right = {f"week1/{each.name}.py": f"import numpy as np\n\n\n{each.function}" for each in plain.ALL}
    write(tmp_path / "right", right)
    result = grade_folder(course, worker, tmp_path / "right", course.exercises(), hidden="secret")
    assert [each.verdict for each in result.exercises] == ["passed"] * 5, result
    for place in range(3):
        wrong = {f"week1/{each.name}.py": f"import numpy as np\n\n\n{each.programs()[place]}" for each in plain.ALL}
        write(tmp_path / f"wrong{place}", wrong)
        result = grade_folder(course, worker, tmp_path / f"wrong{place}", course.exercises())
        assert [each.verdict for each in result.exercises] == ["wrong"] * 5, [each.message for each in result.exercises]


def test_a_mistake_that_only_extremes_show_costs_their_point(tmp_path: Path, worker: Worker) -> None:
    course = course_of(tmp_path, [(plain.SOFTMAX, plain.SOFTMAX.made)])
    record(course, course.exercises(), "none")
    careless = "def softmax(scores):\n    import numpy as np\n    e = np.exp(scores)\n    return e / e.sum(-1, keepdims=True)\n"
    write(tmp_path / "mine", {"week1/softmax.py": careless})
    (entry,) = grade_folder(course, worker, tmp_path / "mine", course.exercises()).exercises
    assert entry.points == 4 and [each.verdict for each in entry.checks] == ["passed", "wrong"]
    assert "`scores` all zeros" in entry.checks[1].asks
    # The learner's own call, and not what was packed around it.
    assert entry.checks[1].message.startswith("softmax(scores=float64 [3, 7])")


def test_half_the_lines(capsys: pytest.CaptureFixture[str]) -> None:
    for each in plain.ALL:
        before, after = plain.lines(each.by_hand), plain.lines(each.made)
        print(f"{each.name}: {before} lines by hand, {after} made")
        assert 2 * after <= before


@pytest.mark.parametrize(
    ("made", "what"),
    [
        ("x=reals('row'), y=reals('row')", "softmax takes scores too"),
        ("scores=reals('row'), axis=one_of(0)", "softmax takes no axis"),
    ],
)
def test_inputs_that_are_no_parameters_are_told(tmp_path: Path, made: str, what: str) -> None:
    grader = f"from mechgrade.grading.functions import *\n\nchecks_of_function(__name__, 5, {made})\n"
    course = course_of(tmp_path, [(plain.SOFTMAX, grader)])
    assert any(what in rule for rule in broken_rules(course, course.exercises(), "none"))
    course = course_of(tmp_path / "other", [(plain.SOFTMAX, plain.SOFTMAX.made.replace(" 5,", " 6,"))])
    assert any("add up to 6 points" in rule for rule in broken_rules(course, course.exercises(), "none"))


def test_what_generators_make(tmp_path: Path) -> None:
    bench = Provider().make(bench_spec(course_of(tmp_path, [(plain.SOFTMAX, "")])))
    lengths = {"row": 3, "column": 4}

    def made(value: f.Input, extreme: str = "") -> object:
        return value.make(bench, extreme, lengths, 1)

    x = f.reals("row", "column")
    assert np.shape(made(x)) == (3, 4) and np.array_equal(made(x), made(x))  # type: ignore[arg-type]
    assert not made(x, "strided").flags.c_contiguous and made(x, "strided").shape == (3, 4)  # type: ignore[attr-defined]
    assert made(x, "other precision").dtype == np.float32 and not np.any(made(x, "zeros"))  # type: ignore[attr-defined, call-overload]
    assert len(np.unique(made(x, "ties"))) < 12  # type: ignore[call-overload]
    part = f.reals("row", low=2, high=3)
    assert part.extremes == ["low", "high", "strided", "other precision"] and set(made(part, "high")) == {3}  # type: ignore[call-overload]
    assert made(f.places("column"), "high") == 3 and set(made(f.integers(2, 5, "row"), "low")) == {2}  # type: ignore[call-overload]
    assert made(f.number(0.5, 2), "low") == 0.5 and 0.5 <= made(f.number(0.5, 2)) <= 2  # type: ignore[operator]
    assert f.reals("row", without=["zeros"]).extremes == ["ties", "strided", "other precision"]
    with pytest.raises(ValueError, match="no extreme huge"):
        f.reals("row", also=["huge"])
    with pytest.raises(ValueError, match="one end of a range"):
        f.reals("row", low=1)
    with pytest.raises(ValueError, match="cannot be called seed"):
        f.checks_of_function("builtins", 5, x=f.reals("seed"))
    assert "test_extremes" not in vars(sys.modules["builtins"])
