"""Whatever a learner's file does, it gets its verdict and a sentence that says what to do."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from support import ROOT, command

from mechgrade.course import load_course
from mechgrade.course.variants import programs

pytestmark = pytest.mark.long

COURSE = load_course(ROOT)
RIGHT = COURSE.solution_path(COURSE.exercise("induction_scores")).read_text()

#: name → (what is put below a right answer, verdict, a part of the sentence)
CASES = {
    "does not parse": ("def broken(:\n", "raised", "SyntaxError while your file was imported"),
    "missing package": ("import tensorflow_lens\n", "raised", "No module named 'tensorflow_lens'"),
    "wrong name": ("induction_score = induction_scores\ndel induction_scores\n", "missing", "no `induction_scores`"),
    "wrong signature": ("def induction_scores(pattern): ...\n", "wrong", "keep the stub's signature"),
    "returns None": ("def induction_scores(pattern, half): ...\n", "wrong", "without a `return`"),
    "returns a list": (
        "_right = induction_scores\ndef induction_scores(p, half): return _right(p, half).tolist()\n",
        "wrong",
        "returned a list of 2 lists, but a float32 tensor of shape [2, 4] is expected",
    ),
    "wrong shape": (
        "_right = induction_scores\ndef induction_scores(p, half): return _right(p, half).T\n",
        "wrong",
        "has shape [",
    ),
    "one NaN": (
        "_right = induction_scores\ndef induction_scores(p, half):\n    r = _right(p, half); r[0, 0] = float('nan'); return r\n",
        "wrong",
        "holds nan at [0, 0]",
    ),
    "float64 is right": (
        "_right = induction_scores\ndef induction_scores(p, half): return _right(p.double(), half)\n",
        "passed",
        "",
    ),
    "integers": (
        "_right = induction_scores\ndef induction_scores(p, half): return _right(p, half).int()\n",
        "wrong",
        "a tensor of int32, expected float32",
    ),
    "a tensor without numbers": (
        "_right = induction_scores\ndef induction_scores(p, half): return _right(p, half).to('meta')\n",
        "wrong",
        "holds no numbers",
    ),
    "a device that is not there": (
        "_right = induction_scores\ndef induction_scores(p, half): return _right(p, half).to('cuda:7')\n",
        "raised",
        "",
    ),
    "a NumPy array": (
        "_right = induction_scores\ndef induction_scores(p, half): return _right(p, half).numpy()\n",
        "wrong",
        "NumPy array",
    ),
    "a Parameter is a tensor": (
        "_right = induction_scores\ndef induction_scores(p, half): return torch.nn.Parameter(_right(p, half))\n",
        "passed",
        "",
    ),
    "a lying Tensor subclass": (
        "class Equal(torch.Tensor):\n"
        "    @classmethod\n"
        "    def __torch_function__(cls, func, types, args=(), kwargs=None): return True\n"
        "def induction_scores(p, half): return torch.zeros(p.shape[0], p.shape[2]).as_subclass(Equal)\n",
        "wrong",
        "expected",
    ),
    "a lambda": ("def induction_scores(p, half): return lambda: 1\n", "wrong", "returned a lambda, but a tensor"),
    "a million entries": (
        "def induction_scores(p, half): return dict.fromkeys(range(10**6), 0.5)\n",
        "wrong",
        "returned a dict, but a tensor",
    ),
    "contains itself": (
        "def induction_scores(p, half):\n    loop = []; loop.append(loop); return loop\n",
        "wrong",
        "does it contain itself?",
    ),
    "changes its argument": (
        "_right = induction_scores\ndef induction_scores(p, half):\n    r = _right(p, half); p.zero_(); return r\n",
        "wrong",
        "changed its argument `p` in place",
    ),
    "loops for ever": (
        "def induction_scores(p, half):\n    while True: pass\n",
        "timed_out",
        "a loop that does not end",
    ),
    "loops and catches everything": (
        "def induction_scores(p, half):\n    while True:\n        try:\n            while True: pass\n"
        "        except BaseException: pass\n",
        "timed_out",
        "no answer after",
    ),
    "loops while it is imported": ("while True: pass\n", "timed_out", "no answer after"),
    "ends the process": (
        "import os\ndef induction_scores(p, half): os._exit(0)\n",
        "crashed",
        "ended itself (exit code 0)",
    ),
    "sys.exit": ("import sys\ndef induction_scores(p, half): sys.exit(0)\n", "raised", "SystemExit"),
    "recursion": ("def induction_scores(p, half): return induction_scores(p, half)\n", "raised", "RecursionError"),
    "recursion below Python": (
        "import sys\nsys.setrecursionlimit(10**9)\nclass A:\n    def __repr__(self): return repr([self])\n"
        "def induction_scores(p, half): return repr(A())\n",
        "crashed",
        "",
    ),
    "null pointer": (
        "import ctypes\ndef induction_scores(p, half): ctypes.string_at(0)\n",
        "crashed",
        "SIGSEGV",
    ),
    "too much memory": (
        "def induction_scores(p, half): return torch.zeros(2**40)\n",
        "out_of_memory",
        "",
    ),
    "too much to return": (
        "def induction_scores(p, half): return torch.zeros(2**25)\n",
        "wrong",
        "MiB can be returned",
    ),
}


@pytest.fixture(scope="module")
def hasty(course):
    """The course with a short clock, so that endless loops end soon."""
    return course.model_copy(update={"limits": course.limits.model_copy(update={"seconds": 3})})


@pytest.mark.parametrize("name", CASES)
def test_a_bad_file_gets_its_verdict_and_a_sentence(name, grade_text, hasty):
    below, verdict, part = CASES[name]
    clock = hasty if verdict == "timed_out" else None  # on a busy machine three seconds are too few for anything else
    result = grade_text("induction_scores", RIGHT + "\n\n" + below, in_course=clock)
    assert (result.verdict, part in result.message) == (verdict, True), result.message
    assert (result.points == result.max_points) == (verdict == "passed")


def test_a_printed_megabyte_is_cut_and_costs_no_point(grade_text):
    printing = "_right = induction_scores\ndef induction_scores(p, half):\n    print('x' * 2**20)\n    return _right(p, half)\n"
    result = grade_text("induction_scores", RIGHT + "\n\n" + printing)
    assert (result.verdict, result.points) == ("passed", result.max_points)
    shouting = "def induction_scores(p, half):\n    print('x' * 2**20 + 'the end')\n"
    result = grade_text("induction_scores", RIGHT + "\n\n" + shouting)
    output = result.first_failure.output
    assert output.rstrip().endswith("the end")
    assert len(output) <= COURSE.limits.output_kb * 1024


@pytest.mark.parametrize(
    ("body", "part"),
    [(b"\xff\xfe not text", "not UTF-8"), (b"#" * 2**21, "larger than 1 MiB"), (b"a = '\0'", "SyntaxError")],
    ids=["bytes", "huge", "a zero byte"],
)
def test_a_file_that_is_no_source_is_named_so(body, part, grade_text):
    result = grade_text("induction_scores", body)
    assert result.points == 0
    assert part in result.message


def test_the_failing_line_is_the_learners_own(grade_text):
    source = "def find_heads(scores, threshold):\n    wrong = 1\n    return wrong / 0\n"
    failure = grade_text("find_heads", source).first_failure
    assert (failure.verdict, failure.place.line, failure.place.text) == ("raised", 3, "return wrong / 0")


def test_a_weight_written_to_in_the_first_run_does_not_reach_the_second(course, grade_text):
    """One mistake, told once: what comes after it is graded on the model as it was."""
    right = programs(course, course.exercise("top_next_tokens"))[0].source
    damage = (
        "\n\n_right = top_next_tokens\ndef top_next_tokens(model, prompt, k):\n    found = _right(model, prompt, k)\n"
        "    if prompt == 'The capital of France is':\n        with torch.no_grad():\n"
        "            for weight in model.parameters(): weight.zero_()\n    return found\n"
    )
    result = grade_text("top_next_tokens", "import torch\n" + right + damage)
    assert "changed its argument `model` in place" in result.message
    assert [check.verdict for check in result.checks] == ["wrong", *["passed"] * (len(result.checks) - 1)]


def test_each_exercise_is_graded_whatever_its_neighbours_do(course, worker, tmp_path):
    from support import grade_folder

    lab = tmp_path / "lab3"
    lab.mkdir()
    exercises = [
        course.exercise(name) for name in ("repeated_tokens", "loss_by_position", "induction_scores", "find_heads")
    ]
    for exercise in exercises:
        (lab / f"{exercise.name}.py").write_text(programs(course, exercise)[0].source)
    (lab / "repeated_tokens.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\nos._exit(1)\n")
    (lab / "loss_by_position.py").unlink()
    result = grade_folder(course, worker, tmp_path, exercises)
    assert [entry.verdict for entry in result.exercises] == ["crashed", "missing", "passed", "passed"]


def test_a_model_that_cannot_be_loaded_is_said_once(tmp_path: Path) -> None:
    """Every exercise needs it, and it takes seconds to find out that it is damaged."""
    for part in ("course.yaml", "graders", "solutions", "interp"):
        copy = shutil.copy if (ROOT / part).is_file() else shutil.copytree
        copy(ROOT / part, tmp_path / part)
    model = tmp_path / "fixtures" / "models" / "embedded"
    shutil.copytree(ROOT / "fixtures" / "models" / "embedded", model)
    (model / "model.safetensors").write_bytes(b"no weights")
    grade = [*command(), "grade", "solutions", "--lab", "lab3", "--no-server"]
    done = subprocess.run([*grade, "--plain"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert done.stdout.count("a file of weights is corrupt") == 1
    assert "Nothing could be graded, and that is not your code's fault" in done.stdout


def test_a_function_that_is_still_a_stub_hides_nothing_about_the_others(course, grade_text) -> None:
    """Of two functions one is wrong: its verdict is shown, and the other is named with its line."""
    text = course.stub_path(course.exercise("composition_scores")).read_text(encoding="utf-8")
    stub = 'raise NotImplementedError("composition_scores: not written yet")'
    assert stub in text and text.count("raise NotImplementedError") == 2
    entry = grade_text("composition_scores", text.replace(stub, "return 1"))
    line = 1 + max(place for place, each in enumerate(text.splitlines()) if "raise NotImplementedError" in each)
    assert (entry.verdict, entry.stubs) == ("wrong", [f"`random_baseline` is still a stub (line {line})"])
    assert "returned 1, an integer" in entry.message


def test_a_raise_that_was_left_above_the_code_is_told(grade_text) -> None:
    entry = grade_text(
        "find_heads", "def find_heads(scores, threshold):\n    raise NotImplementedError\n    return []\n"
    )
    assert entry.verdict == "raised"
    assert entry.message == "line 2 still raises NotImplementedError, so the code below it never runs: delete that line"
