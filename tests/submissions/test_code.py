"""Code that is taken out of cells by need: the same that a plain search finds, and what Python itself would have run."""

from __future__ import annotations

import time
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechgrade.submissions.assemble import Code, Statement, assemble

NAMES = ("a", "b", "c", "d")

names = st.sampled_from(NAMES)
numbers = st.integers(0, 9)


@st.composite
def statements(draw: st.DrawFn) -> str:
    """A statement that runs wherever a to d are defined as numbers, f to h as functions of nothing, and T as a dictionary."""
    name, other, number = draw(names), draw(names), draw(numbers)
    function = draw(st.sampled_from("fgh"))
    return draw(
        st.sampled_from(
            [
                f"{name} = {number}",
                f"{name} = {other} + 1",
                f"{name} += {other}",
                f"{name}, {other} = {other}, {name}",
                f"T['{other}'] = {name}",
                f"T.update({name}={number})",  # only tried: not taken
                f"if {other} > {number}:\n    {name} = {number}",
                f"for {name} in range({number}):\n    T[{name}] = {other}",
                f"def {function}():\n    return {name} + len(T)",
                f"def {function}({name}={other}):\n    {other} = {name}\n    return {other}",
                f"{function} = (lambda old: lambda: old() + {name})({function})",
                f"class K:\n    {name} = {other}\n{other} = K.{name}",
                f"{name} = sum({other} for {other} in range({number}))",
                f"import math\n{name} = math.floor({other})",
                f"{name}: int\n{other}: int = {name}",
            ]
        )
    )


cells = st.lists(st.lists(statements(), min_size=1, max_size=4).map("\n".join), min_size=1, max_size=8)
FIRST = "T = {}\na = b = c = d = 1\ndef f(): return a\ndef g(): return b\ndef h(): return f() + g()"


@given(cells)
@settings(deadline=None, max_examples=300)
def test_what_is_taken_does_what_the_whole_does(made: list[str]) -> None:
    """A function gives the same after its own part as after all cells, when nothing that was only tried matters."""
    whole = [FIRST, *(cell.replace("T.update", "dict") for cell in made)]
    for function in "fgh":
        everything: dict[str, object] = {}
        exec("\n".join(whole), everything)
        taken: dict[str, object] = {}
        exec(assemble(whole, [function]), taken)
        assert eval(f"{function}()", taken) == eval(f"{function}()", everything)


def plainly(code: Code, wanted: Iterable[str], until: int | None) -> list[tuple[int, str]]:
    """What is needed, by looking through all statements again and again: how it was found once, in quadratic time."""
    found = code._statements
    first = max(each.cell for each in found) + 1 if until is None else until

    def giving(before: list[Statement], name: str) -> set[int]:
        places = [place for place, each in enumerate(before) if name in each.binds | each.changes]
        above = [place for place in places if before[place].cell < first]
        if not any(name in before[place].binds for place in above):
            above = places
        chosen: set[int] = set()
        for place in reversed(above):
            chosen.add(place)
            each = before[place]
            if name in each.binds and each.final and (each.recursive or name not in each.uses):
                break
        return chosen

    chosen: set[int] = set()
    queue = [(name, len(found)) for name in wanted]
    seen = set(queue)
    while queue:
        name, before = queue.pop()
        for place in giving(found[:before], name) - chosen:
            chosen.add(place)
            uses = {(use, end) for use in found[place].uses for end in (place, len(found))}
            queue += uses - seen
            seen |= uses
    return [(found[place].cell, found[place].text) for place in sorted(chosen)]


@given(cells, st.integers(0, 9))
@settings(deadline=None, max_examples=300)
def test_what_is_taken_is_what_a_plain_search_finds(made: list[str], until: int) -> None:
    code = Code(made)
    for where in (until, None):
        for wanted in (["f"], ["g", "h"], ["a"], ["nothing"]):
            assert code.needed(wanted, where) == plainly(code, wanted, where)


@pytest.mark.parametrize(
    "text",
    [
        "a = 1\n" + "a = a\n" * 13_000 + "def f(): return a",
        "a = b = 1\n" + "a = b\nb = a\n" * 6_500 + "def f(): return a",
        "T = {}\n" + "T[0] = len(T)\n" * 5_500 + "def f(): return T",
        "a = 1; " + "a = a; " * 11_000 + "\ndef f(): return a",
        "def f(:\n" + "\n" * 80_000,
        "def g(:\n" + "\n" * 80_000,
        "x = %" + " " * 80_000 + "\ndef f(): pass",
        "?" * 80_000 + "x\ndef f(): pass",
    ],
    ids=["itself", "two", "table", "one line", "blank lines", "blank lines, another", "blanks", "marks"],
)
def test_a_cell_of_80_kb_takes_a_moment(text: str) -> None:
    """The first took 72 seconds when each name was looked for in all statements, and blank lines longer."""
    start = time.process_time()
    assert "def f" in assemble([text], ["f"]) or "def g" in text
    assert time.process_time() - start < 8


def test_a_stub_is_no_definition_where_there_is_another() -> None:
    stub, own = "def f():\n    'Text.'\n    raise NotImplementedError('f')", "def f(): return 1"
    assert assemble([stub, own], ["f"], until=1) == own + "\n\n\n"
    assert assemble([stub, "x = 1"], ["f"], until=1) == stub + "\n\n\n"
    assert assemble([own, stub], ["f"]) == stub + "\n\n\n", "the last one counts, as in Python"
    under_a_condition = "def f(x):\n    if x:\n        raise NotImplementedError\n    return 1"
    assert assemble([under_a_condition, own], ["f"], until=1) == under_a_condition + "\n\n\n"


def test_a_mistake_above_the_check_is_told_and_not_passed_over() -> None:
    broken, own = "def f(:\n    return 1", "def f(): return 2"
    assert assemble([broken, own], ["f"], until=1) == broken + "\n"
    assert assemble([own, broken], ["f"], until=2) == own + "\n\n\n", (
        "a cell that does not parse leaves the former function"
    )
    assert assemble(["x = 1", own, broken], ["f"], until=1) == own + "\n\n\n"
    assert assemble(["x = 1", broken], ["f"], until=1) == broken + "\n"
    assert assemble(["f = lambda: (", "x = 1"], ["f"]) == "f = lambda: (\n"


def test_how_many_are_written() -> None:
    code = Code(["def f(): raise NotImplementedError", "def g(:", "h = 1", "def f(): return 1"])
    assert [code.written(["f", "g", "h"], until) for until in (0, 1, 2, 3, 4, None)] == [0, 0, 1, 2, 3, 3]
    assert code.defines(["f"]) and code.defines(["g"]) and not code.defines(["k"])


def test_stars_below_the_check_only_where_a_name_is_unknown() -> None:
    star = "from elsewhere import *"
    assert star not in assemble(["def f(): return len([])", star], ["f"], until=1)
    assert star in assemble(["def f(): return helper()", star], ["f"], until=1)
    assert star in assemble([star, "def f(): return len([])"], ["f"], until=2)


def test_lines_that_only_look_like_magics_stay() -> None:
    cell = "%matplotlib inline\nfiles = !ls\ndef f(a, b):\n    return (a\n        % b)\n"
    assert assemble([cell], ["f"]) == "def f(a, b):\n    return (a\n        % b)\n\n\n"
    indented = "if True:\n    !ls\n    def f(): return 1"
    assert "!ls" not in assemble([indented], ["f"]) and "def f" in assemble([indented], ["f"])


def test_statements_that_share_a_line_are_cut_apart() -> None:
    cell = "boom(); X = [\n  1,\n]; boom()\ndef f(): return X  # the end\n"
    assert assemble([cell], ["f"]) == "X = [\n  1,\n]\ndef f(): return X\n\n\n"
    assert "# kept" in assemble(["X = [\n  1,\n]  # kept\ndef f(): return X"], ["f"])
