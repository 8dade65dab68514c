"""Mistakes of a learner's first hours: each gets its verdict, and a sentence that says what happened and what to do."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from support import ROOT

from mechgrade.course import load_course
from mechgrade.grading.advice import ADVICE, advice
from mechgrade.grading.stuck import Stuck, stuck
from mechgrade.grading.verdicts import ExerciseResult, Result
from mechgrade.protocol.outcome import Outcome, Place
from mechgrade.reports.cell import html, text
from mechgrade.reports.gradescope import results
from mechgrade.reports.html import environment
from mechgrade.reports.live import checks_of

pytestmark = pytest.mark.long

NAME = "induction_scores"
COURSE = load_course(ROOT)
RIGHT = COURSE.solution_path(COURSE.exercise(NAME)).read_text()
STUB = COURSE.stub_path(COURSE.exercise(NAME)).read_text()
RAISE = f'    raise NotImplementedError("{NAME}: not written yet")\n'
GIVEN = f"{NAME}(pattern=float32 [2, 3, 4, 11, 11], half=5)"


def body(text: str) -> str:
    """The stub with this in the place of its raise."""
    assert RAISE in STUB
    return STUB.replace(RAISE, text)


def above(text: str) -> str:
    return f"{text}\n{RIGHT}"


def wrapped(text: str) -> str:
    """A right answer below which this stands; ``right`` is the answer."""
    return f"{RIGHT}\n\nright = {NAME}\n\n\n{text}\n"


ALONE = "graded alone, so it cannot import another file of yours"
NOWHERE = "Your code is graded in another folder"
#: name → (the learner's file, verdict, words of the sentence)
CASES: dict[str, tuple[str, str, str]] = {
    # --- no Python
    "a colon is missing": (body("    if half\n        return pattern\n"), "raised", "expected ':' (induction_scores.py, line "),
    "a bracket is open": (body("    return pattern.mean((0, 1\n"), "raised", "'(' was never closed"),
    "columns differ": (body("    x = 1\n  return x\n"), "raised", "Each line of a block begins in the same column."),
    "an empty block": (body("    if half:\n    return pattern\n"), "raised", "Put your code there, or `pass`."),
    "tabs and spaces": (body("\tx = 1\n        return x\n"), "raised", "Use four spaces everywhere."),
    "prose": (body("    Now take the mean\n    return pattern\n"), "raised", "SyntaxError"),
    "a magic": (above("%matplotlib inline"), "raised", "work in notebooks only. Delete the line."),
    "a shell command": (above("!pip install torch"), "raised", "work in notebooks only. Delete the line."),
    "a merge": (above("<<<<<<< HEAD"), "raised", "left from a merge"),
    "curly quotes": (body("    return pattern.mean(“x”)\n"), "raised", "Type straight quotes"),
    "print as in Python 2": (body("    print pattern\n    return pattern\n"), "raised", "Did you mean print(...)?"),
    # --- files of other systems
    "a byte order mark": ("\ufeff" + RIGHT, "passed", ""),
    "line ends of Windows": (RIGHT.replace("\n", "\r\n"), "passed", ""),
    "a coding line": (above("# coding: latin-1"), "passed", ""),
    # --- names
    "a misspelt name": (body("    return patern.mean(0)\n"), "raised", "Did you mean `pattern`?"),
    "a misspelt method": (body("    return pattern.diagnal(0)\n"), "raised", "Did you mean `diagonal`?"),
    "a misspelt function": (body("    return torch.meen(pattern)\n"), "raised", "Did you mean `mean`?"),
    "torch is not imported": (RIGHT.replace("import torch\n", ""), "raised", "Write `import torch` at the top of the file"),
    "NumPy is not imported": (body("    return np.mean(pattern)\n"), "raised", "Write `import numpy as np` at the top"),
    "display": (body("    display(pattern)\n"), "raised", "exists in notebooks only"),
    "a notebook's shell": (above("get_ipython().run_line_magic('matplotlib', 'inline')"), "raised", "exists in notebooks only"),
    "a name below the answer": (RIGHT + "\nprint(nothing)\n", "raised", "name 'nothing' is not defined"),
    "assigned later": (body("    x = half + x\n    return x\n"), "raised", "the function's own everywhere in it"),
    "an import is deleted": (STUB.replace("from jaxtyping import Float\n", ""), "raised", "not defined. Write `from jaxtyping import Float` at the top"),
    "a module's name for a value": (body("    torch = pattern\n    return torch.zeros(2)\n"), "raised", "The name `torch` stands for a value of type Tensor there"),
    # --- text from elsewhere
    "NUL bytes": (RIGHT + "\0\0", "raised", "holds the first of 2 NUL bytes"),
    "a chat's backticks": (above("```python"), "raised", "three backticks"),
    "a shell's prompt": (above(">>> import torch"), "raised", "Delete `>>>`"),
    "a blank that is none": (body("\u00a0   return pattern\n"), "raised", "An invisible character"),
    "brackets of another keyboard": (body("    return pattern.mean（0）\n"), "raised", "Type the sign that looks like it"),
    # --- functions
    "a class": (f"class {NAME}:\n    def __init__(self, pattern, half):\n        pass\n", "wrong", "is a class in your file, and a function is expected"),
    "its result by its name": (RIGHT + f"\n{NAME} = torch.zeros(2, 4)\n", "raised", "no function of this name any more"),
    "a device for all": (above("import torch\ntorch.set_default_device('cuda')"), "raised", "Line 2 sets the default device for all code"),
    "another name": (RIGHT.replace(f"def {NAME}", "def induction_score"), "missing", "It defines `induction_score`: keep the stub's name."),
    "capitals": (RIGHT.replace(f"def {NAME}", "def Induction_Scores"), "missing", "It defines `Induction_Scores`"),
    "in a class": ("class Mine:\n" + "".join(f"    {line}\n" for line in RIGHT.splitlines()), "missing", "inside the class `Mine`"),
    "an empty file": ("", "missing", f"your code defines no `{NAME}`"),
    "comments alone": ("# later\n", "missing", f"your code defines no `{NAME}`"),
    "an argument more": (RIGHT.replace("half: int", "half: int, eps: float"), "wrong", "keep the stub's signature"),
    "another argument's name": (RIGHT.replace("half: int", "length: int").replace("half", "length"), "passed", ""),
    "twice, the wrong one last": (RIGHT + f"\n\ndef {NAME}(pattern, half):\n    return pattern\n", "wrong", "has shape [2, 3, 4, 11, 11], expected [2, 4]"),
    "raise left above": (body(RAISE + "    return pattern\n"), "raised", "delete that line"),
    # --- what comes back
    "no return": (body("    x = pattern.mean()\n"), "wrong", "it has no `return` with a value"),
    "pass": (body("    pass\n"), "wrong", "it has no `return` with a value"),
    "printed": (body("    print(float(pattern.mean()))\n"), "wrong", "it has no `return` with a value"),
    "three points": (body("    return ...\n"), "wrong", "the three points that stand for code to be written"),
    "async": (RIGHT.replace(f"def {NAME}", f"async def {NAME}"), "wrong", "write `def`"),
    "yield": (body("    yield pattern\n"), "wrong", "collect the values and `return` them"),
    "a method that is not called": (body("    return pattern.mean\n"), "wrong", "Call it, and return what it gives"),
    "NumPy": (wrapped(f"def {NAME}(pattern, half): return right(pattern, half).numpy()"), "wrong", "NumPy array"),
    "a list": (wrapped(f"def {NAME}(pattern, half): return right(pattern, half).tolist()"), "wrong", "a list of 2 lists, but a float32 tensor of shape [2, 4] is expected"),
    "a tuple": (wrapped(f"def {NAME}(pattern, half): return right(pattern, half), 1"), "wrong", "returned a tuple of 2 values, but a float32 tensor"),
    "one number": (wrapped(f"def {NAME}(pattern, half): return right(pattern, half)[0, 0]"), "wrong", "has shape [], expected [2, 4]"),
    "a decorator": (wrapped(f"import functools\n\n\n@functools.wraps(right)\ndef {NAME}(*a, **k): return 2 * right(*a, **k)"), "wrong", GIVEN),
    # --- errors in the computing
    "None": (body("    x = None\n    return x.mean()\n"), "raised", "A value is `None` where something else is needed."),
    "an index too large": (body("    return pattern[:, :, 1000]\n"), "raised", "index 1000 is out of bounds for dimension 2 with size 4"),
    "einsum": (body("    return torch.einsum('bq->b', pattern)\n"), "raised", "einsum()"),
    "a mean of integers": (body("    return torch.arange(3).mean()\n"), "raised", "`.float()`"),
    "a truth value": (body("    if pattern > 0:\n        return pattern\n"), "raised", "use `.any()` or `.all()`"),
    "parentheses left out": (body("    return pattern.mean * 2\n"), "raised", "Were the parentheses of its call left out"),
    "a function divided": (wrapped(f"def {NAME}(pattern, half): return pattern / right"), "raised", "Were the parentheses of its call left out"),
    "swapped arguments": (wrapped(f"def {NAME}(half, pattern): return right(pattern, half)"), "raised", "'int' object has no attribute 'shape'"),
    "recursion": (body(f"    return {NAME}(pattern, half)\n"), "raised", "Does a function call itself without an end?"),
    "an assertion": (body("    assert half > 100, 'too short'\n"), "raised", "AssertionError: too short"),
    "a GPU": (body("    return pattern.to('cuda')\n"), "raised", "device=x.device"),
    # --- other files and packages
    "a sibling": (above("from repeated_tokens import repeated_tokens"), "raised", ALONE),
    "a sibling by its lab": (above("from lab3.repeated_tokens import repeated_tokens"), "raised", ALONE),
    "a sibling by its folder": (above("from exercises.lab3.repeated_tokens import repeated_tokens"), "raised", ALONE),
    "a sibling by a point": (above("from .repeated_tokens import repeated_tokens"), "raised", ALONE),
    "helpers": (above("from helpers import mean"), "raised", ALONE),
    "the solutions": (above("import solutions"), "raised", ALONE),
    "a package that is not there": (above("import pandas_of_mine"), "raised", "No package of this name is installed"),
    "an old class of SAELens": (above("from sae_lens import SparseAutoencoder"), "raised", "calls the class `SAE` now"),
    # --- what the sandbox has not
    "a file to read": (above("open('data.txt').read()"), "raised", NOWHERE),
    "the file's own folder": (above("import os\nos.chdir(os.path.dirname(__file__))"), "raised", NOWHERE),
    "a file to write": (above("open('/usr/notes.txt', 'w')"), "raised", "Write no file"),
    "a model of one's own": (above("from transformers import AutoModel\nAutoModel.from_pretrained('gpt2')"), "raised", "graded without a network"),
    "a download": (above("import urllib.request\nurllib.request.urlopen('http://example.com')"), "raised", "graded without a network"),
    "a download from a number": (above("import urllib.request\nurllib.request.urlopen('http://192.0.2.1/')"), "raised", "graded without a network"),
    "a socket": (above("import socket\nsocket.create_connection(('192.0.2.1', 80))"), "raised", "graded without a network"),
    "a download that ends in PermissionError": (above("from urllib.request import urlretrieve\nurlretrieve('ftp://192.0.2.1/a', 'a')"), "raised", "graded without a network"),
    "a bench": (above("from mechgrade.bench import open_bench\nopen_bench()"), "raised", "cannot do so while your code is graded. There the grader hands"),
    "a bench in a function": (wrapped(f"from mechgrade.bench import open_bench\n\n\ndef {NAME}(pattern, half):\n    return open_bench()"), "raised", "Put `open_bench()` below"),
    "another program": (above("import subprocess\nsubprocess.run(['ls'])"), "raised", "may start no other program"),
    "other processes": (body("    import multiprocessing\n    multiprocessing.Pool(2)\n"), "raised", "may start no other program"),
    "torch.compile": (wrapped(f"def {NAME}(pattern, half): return torch.compile(right)(pattern, half)"), "raised", "Call the function as it is."),
    # --- nobody is there
    "breakpoint": (body("    breakpoint()\n    return pattern\n"), "raised", "`mechgrade debug` stops in your code"),
    "pdb": (body("    import pdb; pdb.set_trace()\n    return pattern\n"), "raised", "`mechgrade debug` stops in your code"),
    "input": (body("    input('?')\n"), "raised", "Take `input()` out."),
    "exit": (body("    exit()\n"), "raised", "Use `return`."),
    "quit while it is imported": (above("quit()"), "raised", "Use `return`."),
    # --- allowed, and no trouble
    "einops": (above("import einops"), "passed", ""),
    "another folder": (above("import os\nos.chdir('/tmp')"), "passed", ""),
    "a thread": (wrapped(f"import threading\n\n\ndef {NAME}(pattern, half):\n    threading.Thread(target=print).start()\n    return right(pattern, half)"), "passed", ""),
    "many lines": (wrapped(f"def {NAME}(pattern, half):\n    for number in range(20_000): print(number)\n    return right(pattern, half)"), "passed", ""),
    "a file of its own": (wrapped(f"def {NAME}(pattern, half):\n    open('debug.txt', 'w').write('x')\n    return right(pattern, half)"), "passed", ""),
    "a seed": (above("import torch as t\nt.manual_seed(0)"), "passed", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_mistake_of_the_first_hours(name: str, grade_text: Callable[..., ExerciseResult]) -> None:
    source, verdict, words = CASES[name]
    result = grade_text(NAME, source, isolation="full")
    assert (result.verdict, words in result.message) == (verdict, True), result.message
    assert "mechgrade/" not in result.message, "a learner has no use for a line of the engine"


def test_no_error_speaks_of_a_course_that_is_not_there(grade_text: Callable[..., ExerciseResult]) -> None:
    """The course is there. It is not in sight where code is graded."""
    for isolation in ("full", "process"):
        result = grade_text(NAME, CASES["a bench"][0], isolation=isolation)
        assert "course.yaml" not in result.message and "/tmp" not in result.message


#: name → (what stands around a wrong answer, the line to look at; None for no line)
AROUND = {
    "functools.wraps": ("import functools\n\n\n@functools.wraps(torch.mean)\ndef {}(*a, **k): return 2 * right(*a, **k)", "@functools.wraps(torch.mean)"),
    "a decorator of one's own": ("import functools\n\n\ndef twice(f):\n    @functools.wraps(f)\n    def inner(*a): return f(*a)\n    return inner\n\n\n@twice\ndef {}(pattern, half): return 2 * right(pattern, half)", "def {}(pattern, half): return 2 * right(pattern, half)"),
    "jaxtyping": ("from jaxtyping import jaxtyped\n\n\n@jaxtyped(typechecker=None)\ndef {}(pattern, half): return 2 * right(pattern, half)", "def {}(pattern, half): return 2 * right(pattern, half)"),
    "torch": ("@torch.no_grad()\ndef {}(pattern, half): return 2 * right(pattern, half)", "def {}(pattern, half): return 2 * right(pattern, half)"),
    "another file's function": ("from contextlib import contextmanager as {}", None),
    "round itself": ("def {0}(pattern, half): return 2 * right(pattern, half)\n\n\n{0}.__wrapped__ = {0}", "def {}(pattern, half): return 2 * right(pattern, half)"),
}  # fmt: skip


@pytest.mark.parametrize("name", AROUND)
def test_the_line_to_look_at_is_the_learners_own(name: str, grade_text: Callable[..., ExerciseResult]) -> None:
    text, words = AROUND[name]
    source = wrapped(text.format(NAME))
    failure = grade_text(NAME, source, isolation="process").first_failure
    assert failure is not None
    found = failure.place and source.splitlines()[failure.place.line - 1]
    assert found == (words and words.format(NAME))


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("open('debug.txt', 'w').write('x')", "debug.txt"),
        ("import numpy; numpy.save('debug', pattern)", "debug.npy"),
        ("import os; os.makedirs('mine', exist_ok=True); torch.save(pattern, 'mine/p.pt')", "mine/p.pt"),
        ("import tempfile; tempfile.NamedTemporaryFile(delete=False).write(b'x')", ""),
        ("import matplotlib.pyplot as plt; plt.plot([1]); plt.close('all')", ""),
    ],
)
def test_a_file_that_is_nowhere_after_is_spoken_of(
    line: str, names: str, grade_text: Callable[..., ExerciseResult]
) -> None:
    source = wrapped(f"def {NAME}(pattern, half):\n    {line}\n    return right(pattern, half)")
    result = grade_text(NAME, source, isolation="full" if "debug" in line else "process")
    assert result.verdict == "passed"
    said = f"your code wrote {names} into a folder that is deleted after the grading: print what you want to see"
    assert result.remarks == ([said] if names else [])
    assert ("note: your code wrote" in " ".join(text(COURSE, result).split())) == bool(names)


def test_every_report_shows_prints_from_both_ends(grade_text: Callable[..., ExerciseResult]) -> None:
    source = body("    for number in range(20_000): print('number', number)\n    return pattern\n")
    result = grade_text(NAME, source)
    whole = Result("embedded", "bridge", "cpu", "process", [result])
    (shown, *_) = (each for each in checks_of(COURSE, COURSE.exercise(NAME), result) if each.first)
    page = str(environment().from_string("{{ output | shortened(9) }}").render(output=result.first_failure.output))
    graded = next(test["output"] for test in results(COURSE, whole)["tests"] if test["status"] == "failed")
    for report in (text(COURSE, result), html(COURSE, result, whole), shown.printed, page, graded):
        assert re.search(r"number 0\s*\n", report) and "number 19999" in report
        (gone,) = re.findall(r"… ([\d,]+) lines left out …", report)
        assert int(gone.replace(",", "")) + len(re.findall(r"number \d", report)) == 20_000


def test_a_loop_that_does_not_end_costs_one_wait_and_its_line_is_told(
    grade_text: Callable[..., ExerciseResult],
) -> None:
    short = COURSE.model_copy(update={"limits": COURSE.limits.model_copy(update={"seconds": 3})})
    result = grade_text(NAME, body("    while half:\n        half += 1\n"), in_course=short, isolation="full")
    assert {check.verdict for check in result.checks} == {"timed_out"}
    first, *others = result.checks
    assert "no answer after 3 s. Your code was in line 6" in first.message
    assert first.place is not None and first.place.function == NAME and first.place.text in ("while half:", "half += 1")
    assert "Timeout" not in first.output
    assert {check.message for check in others} == {"not run: an earlier check of this exercise took too long"}
    assert result.seconds < 12


def test_where_a_process_was_when_its_time_ran_out() -> None:
    head = "Timeout (0:00:05)!\nThread 0x7f (most recent call first):\n"
    frame = '  File "{}", line {} in {}\n'
    dump = head + frame + '  File "/usr/x.py", line 9 in y\n'
    source = "a\n  b\n"
    inner = Stuck(Place(2, "f", "b"), "words\n")
    assert stuck("words\n" + dump.format("lab3/f.py", 2, "f"), "lab3/f.py", source) == inner
    assert "look for a loop" in str(inner) and "line 2" in str(inner)
    assert stuck(dump.format("lab3/f.py", 1, "<module>"), "lab3/f.py", source) == (Place(1, "", "a"), "", 1)
    assert stuck(dump.format("lab3/f.py", 9, "f"), "lab3/f.py", source)[0] == Place(9, "f", "")
    assert stuck("words\n" + dump.format("/usr/z.py", 2, "f"), "lab3/f.py", source) == (None, "words\n", None)
    assert stuck("words\n", "lab3/f.py", source) == (None, "words\n", None)


def test_slow_code_outside_of_all_functions_is_told_as_run_at_the_import() -> None:
    frames = '  File "lab3/f.py", line 2 in f\n  File "lab3/f.py", line 7 in <module>\n  File "/usr/x.py", line 9 in <module>\n'
    found = stuck("Timeout (0:00:05)!\n" + frames, "lab3/f.py", "a\n  b\n")
    assert (found.place, found.top) == (Place(2, "f", "b"), 7)
    assert "called from line 7" in str(found) and 'below `if __name__ == "__main__":`' in str(found)


def test_advice_is_for_errors_alone() -> None:
    assert advice(Outcome("timed_out", message="BdbQuit")) == ""
    assert advice(Outcome("raised", error="BdbQuit", message="BdbQuit")).startswith("Nobody can type")
    own = {"old_name|older": "It is called new_name now."}
    assert (
        advice(Outcome("raised", error="NameError", message="name 'old_name' is not defined"), own)
        == "It is called new_name now."
    )
    line = Outcome("raised", error="TypeError", message="TypeError: x", trace=(Place(1, "f", "older()"),))
    assert advice(line, own) == "It is called new_name now."
    assert advice(line) == ""
    assert all(each.says.endswith((".", "?", "`")) or each.says.startswith("Type straight") for each in ADVICE)


@pytest.mark.parametrize(
    ("message", "is_left_out"),
    [
        ("unsupported operand type(s) for *: 'method' and 'int'", True),
        ("'builtin_function_or_method' object is not subscriptable", True),
        ("'>' not supported between instances of 'int' and 'function'", True),
        ("f() got an unexpected keyword argument 'method'", False),
        ("expected a Function, got str", False),
    ],
)
def test_parentheses_are_spoken_of_only_where_a_function_stands_for_a_value(message: str, is_left_out: bool) -> None:
    assert ("parentheses" in advice(Outcome("raised", error="TypeError", message=message))) == is_left_out
