"""An exercise's source out of a notebook's cells: what its grader needs, and nothing that a learner only tried."""

from __future__ import annotations

import ast
import warnings

import pytest

from mechgrade.course import Course
from mechgrade.course.source import read_source
from mechgrade.submissions.assemble import _statements, assemble, interface, needed


def names(text: str) -> set[str]:
    return {node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.ClassDef)}


def test_what_is_tried_is_not_run() -> None:
    cells = [
        "import torch\nprint('hello')",
        "model = load_everything()\nmodel.run()",
        "def f(x):\n    return torch.relu(x)",
        "f(model(1))",
    ]
    assert assemble(cells, ["f"]) == "import torch\ndef f(x):\n    return torch.relu(x)\n\n\n"


def test_helpers_constants_and_what_changes_them_come_along() -> None:
    cells = [
        "TABLE = {}",
        "TABLE['a'] = 1\nTOTAL = 0",
        "TOTAL += len(TABLE)",
        "@decorate\ndef f():\n    return helper(TOTAL)",
        "def decorate(g):\n    return g",
        "def helper(x):\n    return x",
    ]
    text = assemble(cells, ["f"])
    for line in ("TABLE = {}", "TABLE['a'] = 1", "TOTAL = 0", "TOTAL += len(TABLE)", "def helper"):
        assert line in text
    assert text.index("TABLE['a']") < text.index("TOTAL +=") < text.index("@decorate")


def test_the_last_definition_counts_as_in_python() -> None:
    assert "2" in assemble(["def f(): return 1", "def f(): return 2"], ["f"])
    assert "1" not in assemble(["def f(): return 1", "def f(): return 2"], ["f"])


def test_a_name_that_is_rebound_from_itself_keeps_its_history() -> None:
    text = assemble(["x = 1", "x = 5", "x = x + 1", "def f(): return x"], ["f"])
    assert text == "x = 5\nx = x + 1\ndef f(): return x\n\n\n"
    text = assemble(["def f(): return 1", "f = wrap(f)", "def wrap(g): return g"], ["f"])
    assert "def f" in text and "f = wrap(f)" in text


def test_a_functions_own_variables_call_for_nothing() -> None:
    cells = ["scores = load_everything()\nx = boom()", "def f(scores):\n    x = 1\n    return [x for x in scores]"]
    assert assemble(cells, ["f"]) == cells[1] + "\n\n\n"
    assert "boom" in assemble([*cells, "def g():\n    return lambda: x"], ["g"])


def test_what_a_definition_needs_when_it_runs_is_above_it() -> None:
    """The next exercise imports the same names again, further down."""
    text = assemble(["import torch", "def f(x: torch.Tensor): return torch.ones(1)", "import torch"], ["f"])
    assert text.startswith("import torch\ndef f(x: torch.Tensor)")


def test_what_is_above_the_check_comes_before_what_is_below() -> None:
    cells = ["def helper(): return 'mine'", "def f(): return helper()", "def helper(): return 'of the next exercise'"]
    assert "mine" in assemble(cells, ["f"], until=2)
    assert "next" not in assemble(cells, ["f"], until=2)
    assert "next" in assemble(cells, ["f"])
    assert "below" in assemble(["", "def f(): return 'below'"], ["f"], until=1)


def test_magics_and_shell_commands_do_not_hide_code() -> None:
    cells = ["%matplotlib inline\n!pip install x\nimport math", "%%time\ndef f():\n    return math.pi", "f?"]
    assert assemble(cells, ["f"]) == "import math\ndef f():\n    return math.pi\n\n\n"


def test_what_a_file_does_as_a_program_stays_out() -> None:
    cells = ["if __name__ == '__main__':\n    x = expensive()\n    f()", "x = 1", "def f(): return x"]
    assert "expensive" not in assemble(cells, ["f"])


def test_a_cell_that_does_not_parse_is_the_learners_to_see() -> None:
    assert "def f(:" in assemble(["def f(:\n    return 1"], ["f"])
    assert assemble(["def g(:\n    return 1", "def f(): return 1"], ["f"]) == "def f(): return 1\n\n\n"


def test_renamed_or_deleted_functions_are_not_invented() -> None:
    assert assemble(["def another(): return 1"], ["f"]) == ""
    assert assemble([], ["f"]) == ""


def test_futures_come_first_and_stars_always() -> None:
    text = assemble(
        ["import os", "from math import *\nfrom __future__ import annotations", "def f(): return pi"], ["f"]
    )
    assert text.startswith("from __future__ import annotations\nfrom math import *\n")


def test_statements_on_one_line_are_apart() -> None:
    assert assemble(["x = 'ü'; y = 2; boom()", "def f(): return x"], ["f"]) == "x = 'ü'\ndef f(): return x\n\n\n"


@pytest.mark.parametrize(
    "text",
    [
        "-" * 100_000 + "1",
        "x if y else " * 30_000 + "z",
        "a" + "[0]" * 50_000,
        "f" + "()" * 50_000,
        "\0",
        "('" * 90_000,
    ],
    ids=["minus", "else", "index", "call", "null", "open"],
)
def test_text_made_to_break_the_reader_only_spoils_its_own_cell(text: str) -> None:
    """The reader runs beside the gradebook. Deeply nested text makes Python's parser give up."""
    assert "return 1" in assemble([text, "def f(): return 1"], ["f"])


def test_every_exercise_is_whole_in_what_is_assembled(course: Course) -> None:
    """What the grader calls, with all that it uses: nothing of the reference that matters is left behind."""
    for exercise in course.exercises():
        source = read_source(course, exercise)
        text = assemble([source.reference], interface(course, exercise))
        assert names(text) == names(source.reference), exercise
        assert needed([source.reference], interface(course, exercise)), exercise


def test_what_python_warns_of_in_a_cell_is_not_said() -> None:
    r"""Neither its parser nor its table of names: a learner's ``"\d"`` is the learner's affair."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(_statements(0, "import re\ndef f(): return re.match('\\d', 'x')\n")) == 2
