"""In an exercise with several functions, one that is still a stub is named with its line, and the others are graded."""

from __future__ import annotations

import ast

import pytest
from support import ROOT

from mechgrade.course import load_course

COURSE = load_course(ROOT)
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
#: These compute on small tensors alone. The others run the model, or train.
CHEAP = {"composition_scores", "latent_logits", "normalise_decoder", "sae_decode", "sae_encode"}


def functions(source: str) -> list[str]:
    """The functions of which a learner writes the body."""
    lines = source.split("\n")
    nodes = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    return [node.name for node in nodes if any(BEGIN in line for line in lines[node.lineno - 1 : node.end_lineno])]


def with_body(source: str, function: str, body: str) -> tuple[str, int]:
    """A source in which a function has another body, and the line where that body stands."""
    start = source.index(BEGIN, source.index(f"\ndef {function}("))
    end = source.index(END, start) + len(END)
    return source[:start] + body + source[end:], source[:start].count("\n") + 1


SOURCES = {each.name: COURSE.solution_path(each).read_text(encoding="utf-8") for each in COURSE.exercises()}
MANY = {name: found for name, source in SOURCES.items() if len(found := functions(source)) > 1}
CASES = [
    pytest.param(name, function, marks=() if name in CHEAP else pytest.mark.slow, id=f"{name}-{function}")
    for name, found in MANY.items()
    for function in found
]


def test_there_are_such_exercises() -> None:
    assert len(MANY) >= 15 and MANY.keys() >= CHEAP


@pytest.mark.parametrize(("name", "stub"), CASES)
def test_what_is_still_a_stub_is_named_and_hides_nothing(name, stub, grade_text):
    source, line = with_body(SOURCES[name], stub, "raise NotImplementedError")
    entry = grade_text(name, source)
    sentence = f"`{stub}` is still a stub (line {line})"
    assert {check.verdict for check in entry.checks} <= {"passed", "not_started"}, [c.message for c in entry.checks]
    assert {check.message for check in entry.checks if check.verdict == "not_started"} == {sentence}
    if any(check.verdict == "passed" for check in entry.checks):
        assert entry.stubs == [sentence]


@pytest.mark.parametrize(("name", "stub"), CASES)
def test_what_is_wrong_beside_a_stub_is_told(name, stub, grade_text):
    """The learner has written the others, and waits for a verdict on them."""
    source, line = with_body(SOURCES[name], stub, "raise NotImplementedError")
    for other in MANY[name]:
        if other != stub:
            source, _ = with_body(source, other, "return None")
    entry = grade_text(name, source)
    line = next(number for number, text in enumerate(source.split("\n"), 1) if "raise NotImplementedError" in text)
    graded = [check for check in entry.checks if check.verdict != "not_started"]
    assert all(check.verdict in ("wrong", "raised") for check in graded)
    if graded:
        assert entry.verdict in ("wrong", "raised") and "is still a stub" not in entry.message
    # A function that calls the others may end before it comes to the stub.
    assert set(entry.stubs) <= {f"`{stub}` is still a stub (line {line})"}
