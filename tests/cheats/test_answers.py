"""Cheats by knowledge: the public answers hard-coded, and hidden inputs told on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from mechgrade.course import Course
from mechgrade.grading import recordings
from mechgrade.grading.plugin import HIDDEN_SEEDS, hidden_seed
from mechgrade.protocol.wire import Array

from .ground import Ground

SECRET = "known to the instructor"


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    made = Ground()
    yield made
    made.close()


def _literal(tree: Any) -> str:
    if isinstance(tree, Array):
        return f"torch.tensor({tree.values.tolist()!r}, dtype=torch.{tree.dtype}).reshape({tree.shape})"
    if isinstance(tree, dict):
        return "{" + ", ".join(f"{key!r}: {_literal(value)}" for key, value in tree.items()) + "}"
    if isinstance(tree, list | tuple):
        inside = "".join(f"{_literal(item)}, " for item in tree)
        return f"[{inside}]" if isinstance(tree, list) else f"({inside})"
    return repr(tree)


def hard_coded(course: Course, name: str) -> str:
    """A file that computes nothing: for each public call it returns what was recorded of the reference."""
    exercise = course.exercise(name)
    recording = recordings.read(recordings.path_of(course.root, "embedded", exercise.lab, name))
    answers = ",\n".join(f"    {key!r}: {_literal(run.reference)}" for key, run in recording.runs.items())
    return f"""
import json
import sys

import torch

ANSWERS = {{
{answers}
}}


def {name}(*args):
    raise ValueError("no answer")


def answering(name, scenario):
    def answer(exercise, bench, **inputs):
        key = name + "(" + ", ".join(f"{{k}}={{json.dumps(v)}}" for k, v in sorted(inputs.items())) + ")"
        return ANSWERS[key] if key in ANSWERS else scenario(exercise, bench, **inputs)

    return answer


grader = sys.modules["grader.test_{name}"]
for key, value in list(vars(grader).items()):
    if key.startswith("on_"):
        setattr(grader, key, answering(key, value))
"""


@pytest.mark.parametrize("name", ["find_heads", "induction_scores"])
def test_hard_coded_answers_gain_nothing(name: str, ground: Ground) -> None:
    """The public answers are on every learner's disk. To give them by call, a file must replace the scenarios, which is noticed."""
    source = hard_coded(ground.course, name)
    public, _ = ground.grade(name, source, "process")
    assert (public.verdict, public.points) == ("wrong", 0), "what scenarios rely on was replaced, which is noticed"
    assert f"your code replaced `the grader.{'on_'}" in public.message
    final, _ = ground.grade(name, source, "process", hidden=SECRET)
    assert (final.verdict, final.points) == ("wrong", 0)


def test_the_reference_passes_on_hidden_inputs(ground: Ground) -> None:
    source = ground.course.solution_path(ground.course.exercise("find_heads")).read_text()
    final, _ = ground.grade("find_heads", source, "process", hidden=SECRET)
    assert (final.verdict, final.points) == ("passed", final.max_points)


TELLTALE = """
import sys

SEEN = []


def find_heads(scores, threshold):
    frame = sys._getframe()
    while frame is not None:
        SEEN.append(str(frame.f_locals.get("inputs")))
        frame = frame.f_back
    print(SEEN)
    raise KeyError(str(SEEN)[-1500:])
"""


def test_hidden_inputs_are_told_to_nobody(ground: Ground) -> None:
    """A process that was given hidden inputs would show them in a check whose output the learner sees, and in the next attempt
    the learner would know them.
    """
    result, outcomes = ground.grade("find_heads", TELLTALE, "process", hidden=SECRET)
    seeds = [str(hidden_seed(SECRET, "lab3/test_find_heads", place)) for place in range(HIDDEN_SEEDS)]
    assert any(seed in repr(outcomes) for seed in seeds), "the cheat itself saw them"
    shown = repr(result) + repr(result.as_tree())
    assert not any(seed in shown for seed in seeds)


def test_no_check_believes_data_alone(course: Course) -> None:
    """A check with ``run`` holds the learner's data against the learner's data: whoever makes up both has passed."""
    careless = [
        path.relative_to(course.root)
        for path in sorted((course.root / "graders").glob("lab*/test_*.py"))
        if any(
            line.startswith("def test_") and " run" in line.replace("(", " ") for line in path.read_text().splitlines()
        )
        and "# Nothing can be made up: " not in path.read_text()
    ]
    assert not careless, f"{careless}: use compare, or say in the grader why nothing can be made up"
