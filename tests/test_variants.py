"""Variants become whole programs: what they do, what stays of their text, and what an author is told."""

import ast
import functools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechgrade.course import load_course
from mechgrade.course.source import BuildError, take_apart
from mechgrade.course.variants import Program, accepted, misconception, programs, variant_programs

HERE = Path(__file__).parent.parent

SOURCE = '''\
# %% [markdown] tags=["hint"]
# One.

# %% [markdown] tags=["hint"]
# Two.

# %%
import math

SCALE = 1  # of everything


# %%
def halve(x: float) -> float:
    """Half of x."""
    ### BEGIN SOLUTION
    return x / 2
    ### END SOLUTION


# %%
def double(x: float) -> float:
    """Twice x."""
    ### BEGIN SOLUTION
    return SCALE * 2 * x
    ### END SOLUTION


def after(x: float) -> float:
    """Uses the other one."""
    return double(x)


# %% tags=["demo"]
if __name__ == "__main__":
    helper = print(double(math.pi))

# %% [markdown] tags=["found"]
# Much.
'''


@functools.cache
def reference() -> str:
    """The reference of the source above."""
    return take_apart(SOURCE, "double", "s.py").reference


VARIANTS = '''\
"""Ways to double."""

from functools import cache

from mechgrade.authoring.variants import accepted, misconception

# The sum of a list, with a comment that stays.
def total(parts):
    result = 0
    for part in parts:
        result += part
    return result


@accepted
def by_sum(x):
    """Adds."""
    # é: bytes are not characters
    return total([x, x])  # twice


@accepted()
@cache
def by_recursion(x):
    if x == 0: return "é" and by_recursion.__name__ and 0
    return 2 + by_recursion(x - 1)


@misconception(
    "You multiply by three: "
    "two is meant."
)
def tripled(x, *, by=3):
    return by * x


@misconception("You divide the wrong way.", replaces="halve")
def upside_down(y: int) -> float:
    return 2 / y
'''


def made(text: str = VARIANTS) -> dict[str, Program]:
    return {program.name: program for program in variant_programs(reference(), text, "double", "v.py")}


def run(program: Program) -> dict[str, Any]:
    namespace: dict[str, Any] = {"__name__": "learner"}
    exec(program.source, namespace)
    return namespace


def problem(text: str) -> str:
    with pytest.raises(BuildError) as caught:
        variant_programs(reference(), text, "double", "v.py")
    return str(caught.value)


def test_every_marked_function_becomes_a_program_with_its_words() -> None:
    assert [(each.kind, each.name, each.sentence, each.doc) for each in made().values()] == [
        ("accepted", "by_sum", "", "Adds."),
        ("accepted", "by_recursion", "", ""),
        ("misconception", "tripled", "You multiply by three: two is meant.", ""),
        ("misconception", "upside_down", "You divide the wrong way.", ""),
    ]


def test_programs_do_what_their_functions_do() -> None:
    """A misconception that silently ran the reference would make the audit of a grader worthless."""
    variants = made()
    assert run(variants["by_sum"])["double"](4) == 8
    assert run(variants["by_recursion"])["double"](4) == 8
    assert run(variants["tripled"])["double"](4) == 12
    assert run(variants["tripled"])["after"](4) == 12, "the rest of the file sees the variant"
    assert (run(variants["upside_down"])["halve"](4), run(variants["upside_down"])["double"](4)) == (0.5, 8)


def test_a_program_looks_like_a_learners_file() -> None:
    source = made()["by_sum"].source
    assert "# The sum of a list, with a comment that stays.\ndef total(parts):" in source
    assert "    # é: bytes are not characters\n    return total([x, x])  # twice\n" in source
    assert "mechgrade" not in source
    assert "accepted" not in source
    assert "by_sum" not in source
    assert "SCALE * 2 * x" not in source, "nothing of the replaced function is left"
    assert "return x / 2" in source, "the other function is the reference's"
    assert "@cache\ndef double(x):" in made()["by_recursion"].source, "other decorators stay"


def test_prose_and_demo_are_no_part_of_a_program() -> None:
    """What was recorded from a program stays right when only the text around it is improved."""
    changed = SOURCE.replace("# One.", "# Another.").replace("# Much.", "# More.").replace("math.pi", "math.e")
    assert take_apart(changed, "double", "s.py").reference == reference()


def test_future_imports_come_first() -> None:
    source = made("from __future__ import annotations\n" + VARIANTS)["tripled"].source
    assert source.startswith("from __future__ import annotations\n")


def test_the_decorators_leave_functions_alone() -> None:
    """Variants can be imported and tried at a prompt."""

    def function() -> int:
        return 1

    assert accepted(function) is accepted(replaces="x")(function) is misconception("A sentence.")(function) is function


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('replaces="halve"', 'replaces="halv"', "v.py:38: upside_down: replaces 'halv', which the exercise's source does not define at its top (did you mean 'halve'?)"),
        ("def tripled", "def by_sum", "by_sum: is defined twice"),
        ('"You divide the wrong way."', '"  "', "v.py:37: upside_down: has no sentence"),
        ('"You divide the wrong way."', "SENTENCE", "upside_down: has no sentence"),
        ('"You divide the wrong way.", ', "", "upside_down: has no sentence"),
        ("@accepted()", '@accepted("faster")', "by_recursion: @accepted takes only replaces="),
        ("@accepted()", "@accepted(replace='halve')", "by_recursion: cannot be read"),
        ("@accepted()", "@accepted\n@misconception('both')", "by_recursion: is marked twice"),
        ("def tripled", "def stub", "stub: the name is taken"),
        ("return by * x", "return by_sum(x) + x", "tripled: calls the variant by_sum, which is not there"),
        ("return by * x", "return double(x) + x", "tripled: calls double, which it replaces"),
        ("def total(parts)", "def after(parts)", "v.py:8: after is a name in the exercise's source too; rename the helper"),
        ("return by * x", "return by *", "v.py:34: does not parse"),
        ("import accepted, misconception", "import accepted, misconception as m", "v.py:5: misconception is imported as m"),
    ],
)  # fmt: skip
def test_an_author_is_told_what_is_wrong(old: str, new: str, expected: str) -> None:
    assert VARIANTS.count(old) == 1
    assert expected in problem(VARIANTS.replace(old, new))


def test_a_helper_may_have_the_name_of_something_in_the_demo() -> None:
    assert made(VARIANTS.replace("total", "helper"))["by_sum"]


def test_a_local_with_the_functions_name_is_no_call_of_it() -> None:
    variant = made(VARIANTS.replace("return by * x", "double = by * x\n    return double"))["tripled"]
    assert run(variant)["double"](4) == 12


def test_all_problems_of_a_file_come_at_once() -> None:
    text = VARIANTS.replace("def tripled", "def stub").replace('"You divide the wrong way."', '""')
    assert len(problem(text).splitlines()) == 2


NAMES = st.sampled_from(["f", "ä", "by_longer_name", "total_", "x1"])


@settings(max_examples=60, deadline=None)
@given(name=NAMES, words=st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=10))
def test_renaming_touches_only_the_function_itself(name: str, words: str) -> None:
    """Strings, comments, attributes and keywords that look like the variant's name are the author's text."""
    literal = repr(f"{words} {name}")
    text = f"""\
from mechgrade.authoring.variants import accepted


@accepted
def {name}(n, k={literal}):
    label = {literal}; again = (label, {name}) # {name}
    return k if not n else {name}(n - 1) + dict({name}=label)["{name}"]
"""
    (program,) = variant_programs(reference(), text, "double", "v.py")
    tree = ast.parse(program.source)
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert name not in names
    assert run(program)["double"](2) == f"{words} {name}" * 3


def test_every_program_of_the_shipped_course_compiles_and_differs() -> None:
    """Two variants with one text would be one recording under two names."""
    course = load_course(HERE)
    for exercise in course.exercises():
        every = programs(course, exercise)
        assert [each.kind for each in every[:2]] == ["reference", "stub"]
        assert len({each.name for each in every}) == len({each.source for each in every}) == len(every)
        for each in every:
            compile(each.source, each.name, "exec")
            assert any(isinstance(node, ast.FunctionDef) for node in ast.parse(each.source).body)
