"""What the learner's text explains of a failure whose error speaks of something else."""

from __future__ import annotations

import pytest

from mechgrade.grading.advice import advice, in_short
from mechgrade.grading.by_text import by_text
from mechgrade.grading.given import given
from mechgrade.grading.remarks import without_remarks
from mechgrade.protocol.outcome import Outcome, Place

STUB = "from jaxtyping import Float, Int\nimport numpy as np\nHead = tuple[int, int]\n\ndef f(x):\n    raise NotImplementedError\n"


def raised(error: str, message: str, *lines: int) -> Outcome:
    return Outcome(
        "raised", error=error, message=f"{error}: {message}", trace=tuple(Place(each, "f") for each in lines)
    )


def said(outcome: Outcome, source: str, stub: str = STUB) -> tuple[str, int] | None:
    found = by_text(outcome, source, stub)
    return (found[0], found[1].line) if found is not None else None


@pytest.mark.parametrize(
    ("source", "line", "words"),
    [
        ("a = 1\nb\0 = 2\n", 2, "line 2 holds a NUL byte"),
        ("\0", 1, "line 1 holds a NUL byte"),
        ("a = 1\n" + 9 * "\0", 2, "the first of 9 NUL bytes"),
        ("".join(f"{each}\0" for each in "a = 1\n"), 1, "another coding, such as UTF-16"),
    ],
)
def test_nul_bytes_are_told_with_their_line(source: str, line: int, words: str) -> None:
    found = said(raised("SyntaxError", "source code string cannot contain null bytes"), source)
    assert found is not None and (found[1], words in found[0]) == (line, True), found
    assert ("UTF-16" in found[0]) == ("UTF-16" in words)


def test_a_class_in_the_functions_place() -> None:
    source = "x = 1\nclass f:\n    def __init__(self, x):\n        self.y = x.no\n"
    unusable = Outcome("unusable", message="the result is of type f; return tensors")
    for outcome in (unusable, raised("TypeError", "expected Tensor, but got f")):
        found = said(outcome, source)
        assert found == (
            "`f` is a class in your file, and a function is expected: write `def f(...)` at the left margin",
            2,
        )
    inside = said(raised("AttributeError", "no", 4), source)
    assert inside is not None and inside[0].startswith("AttributeError: no. `f` is a class")
    assert said(raised("AttributeError", "no", 1), source) is None, "that is in another line"
    assert said(unusable, source + "def f(x):\n    return 1\n") is None, "the last counts"
    assert said(Outcome("returned"), source) is None


def test_a_value_that_took_the_functions_name() -> None:
    outcome = raised("TypeError", "'Tensor' object is not callable")
    found = said(outcome, "def f(x):\n    return x\n\nf = f(1)\n")
    assert found is not None and found[1] == 4 and "line 4 gives the name `f` to a value" in found[0]
    assert said(outcome, "def f(x):\n    return x\n") is None
    assert said(raised("TypeError", "'int' object is not callable", 2), "def f(x):\n    return x()\nf = 1\n") is None


@pytest.mark.parametrize("call", ["torch.set_default_device('cuda')", "torch.set_default_tensor_type('x')"])
def test_what_is_set_for_all_code_is_told_by_its_line(call: str) -> None:
    source = f"import torch\n{call}\ndef f(x): return x\n"
    found = said(raised("AssertionError", "Torch not compiled with CUDA enabled"), source)
    assert found is not None and found[1] == 2 and "Line 2 sets the default" in found[0] and "Take it out." in found[0]
    assert said(raised("AssertionError", "Torch not compiled with CUDA enabled", 3), source) is None, (
        "its own line raised it"
    )
    assert said(raised("TypeError", "expected Tensor"), source) is None


def test_a_name_of_the_stubs_is_brought_back_by_its_line() -> None:
    def says(name: str, source: str = "def f(x): return x\n", *lines: int) -> str:
        return given(raised("NameError", f"name '{name}' is not defined. Did you mean `g`?", *lines), source, STUB)

    assert "Write `from jaxtyping import Int` at the top of the file" in says("Int")
    assert "Write `import numpy as np` at the top" in says("np")
    assert "Write `Head = tuple[int, int]` near the top" in says("Head")
    assert "the function `f`" in says("f", "g = f\n")
    assert says("other") == "" and says("Int", "from jaxtyping import Int\n") == ""
    below = says("Float", "def f(x: Float): pass\n\nfrom jaxtyping import Float\n", 1)
    assert below.startswith("Line 3 imports `Float`, and that is below")


def test_advice_takes_the_stub_before_habit() -> None:
    outcome = raised("NameError", "name 'Float' is not defined. Did you mean `float`?", 1)
    assert "from jaxtyping import Float" in advice(outcome, source="def f(x: Float): pass\n", stub=STUB)


def test_a_variable_with_a_modules_name() -> None:
    def says(line: str) -> str:
        trace = (Place(3, "f", line),)
        return advice(
            Outcome(
                "raised",
                error="AttributeError",
                message="AttributeError: 'Tensor' object has no attribute 'einsum'",
                trace=trace,
            )
        )

    assert says("y = torch.einsum('i->i', x)").startswith("The name `torch` stands for a value of type Tensor there")
    assert says("y = x.einsum('i->i')") == "" and says("y = self.torch.einsum('i->i')") == ""


def test_a_librarys_build_is_left_out() -> None:
    long = raised(
        "NotImplementedError",
        "Could not run 'aten::empty' with arguments from the 'MPS' backend. This could be because the operator doesn't exist for this backend, or\nCPU: registered at x\n",
    )
    assert (
        in_short(long).message
        == "NotImplementedError: Could not run 'aten::empty' with arguments from the 'MPS' backend."
    )
    assert "a device that is not here" in advice(in_short(long))


def test_warnings_at_lines_that_the_learner_never_saw_are_left_out() -> None:
    grader = "/home/a/graders/lab1/test_f.py"
    own = "lab1/f.py:3: UserWarning: mine\n  x = 1\n"
    engine = "/usr/lib/site-packages/mechgrade/bench/a.py:9: UserWarning: b\n"
    coroutine = f"{grader}:65: RuntimeWarning: coroutine 'f' was never awaited\n  return g(f(x))\nRuntimeWarning: Enable tracemalloc to get the object allocation traceback\n"
    assert without_remarks(f"one\n{coroutine}two\n{engine}{own}three", grader) == f"one\ntwo\n{own}three"
    assert without_remarks("sys:1: RuntimeWarning: coroutine 'f' was never awaited\n", grader) == ""
    assert without_remarks("Warning: mine\n", grader) == "Warning: mine\n"
