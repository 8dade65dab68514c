"""`mechgrade debug` stops in the learner's own lines; `mechgrade try` runs the learner's own file."""

from __future__ import annotations

import io

import pytest

from mechgrade.doors.learner.again import failing_call
from mechgrade.doors.learner.debugger import debug
from mechgrade.errors import CourseError
from mechgrade.grading.options import resolve
from mechgrade.submissions.find import find_submission

from .conftest import write_right, write_wrong

pytestmark = pytest.mark.long


@pytest.fixture
def talk(desk):
    """``talk("p half", "q")`` → whether it stopped, what was said, what pdb printed."""

    def call(name: str, *typed: str) -> tuple[bool, str, str]:
        exercise = desk.exercise(name)
        submission = find_submission(desk, desk.root / "exercises", exercise.lab, [exercise])
        options = resolve(desk, isolation="inline")
        said: list[str] = []
        printed = io.StringIO()
        stopped = debug(desk, exercise, submission, options, said.append, io.StringIO("\n".join(typed) + "\n"), printed)
        return stopped, "\n".join(said), printed.getvalue()

    return call


def test_a_wrong_value_stops_at_the_function_on_the_checks_arguments(desk, talk):
    write_wrong(desk, "induction_scores", "offset_half")
    stopped, said, printed = talk("induction_scores", "p half, tuple(pattern.shape)", "q")
    assert stopped and "expected" in said
    assert str(desk.stub_path(desk.exercise("induction_scores"))) in printed and "induction_scores()" in printed
    assert "(5, (2, 3, 4, 11, 11))" in printed


def test_the_very_call_is_stopped_at_and_can_be_made_again(desk, talk, monkeypatch):
    """A scenario calls a function several times. The first call is right, and would show nothing."""
    write_right(desk, "composition_scores")
    path = desk.stub_path(desk.exercise("composition_scores"))
    path.write_text(
        path.read_text()
        + """
right = composition_scores

def composition_scores(early_W_V, *others):
    found = right(early_W_V, *others)
    if early_W_V.abs().max() > 8:
        found["Q"] = 0 * found["Q"]
    return found
"""
    )
    stopped, said, printed = talk("composition_scores", "p 'large', bool(early_W_V.abs().max() > 8)", "q")
    assert stopped and "composition_scores(early_W_V=float32 [2, 7, 3]" in said and "result['Q'] at" in said
    assert "('large', True)" in printed
    assert '    composition_scores(**failing_call("composition_scores"))' in said
    monkeypatch.chdir(desk.root)
    arguments = failing_call("composition_scores")
    assert arguments["early_W_V"].abs().max() > 8 and len(arguments["others"]) == 5


def test_where_no_call_fails_there_is_none_to_make_again(desk, monkeypatch):
    write_right(desk, "find_heads")
    monkeypatch.chdir(desk.root)
    with pytest.raises(CourseError, match="every check passes"):
        failing_call("find_heads")


def test_an_error_stops_at_the_line_that_raised_it(desk, talk):
    path = desk.stub_path(desk.exercise("find_heads"))
    path.write_text("def find_heads(scores, threshold):\n    mine = 41\n    return scores.no_such_thing()\n")
    stopped, said, printed = talk("find_heads", "p mine + 1", "up", "q")
    assert stopped and "stopped where AttributeError was raised" in said
    assert "find_heads.py(3)find_heads()" in printed and "return scores.no_such_thing()" in printed and "42" in printed


def test_an_error_inside_a_library_stops_at_the_learners_line(desk, talk):
    path = desk.stub_path(desk.exercise("find_heads"))
    path.write_text(
        "import json\n\ndef find_heads(scores, threshold):\n    text = 'no json'\n    return json.loads(text)\n"
    )
    _, _, printed = talk("find_heads", "p text", "q")
    assert "find_heads.py(5)find_heads()" in printed and "'no json'" in printed


def test_of_two_functions_the_one_that_was_written_is_stopped_in(desk, talk):
    """The first check is of the other one, which is still a stub."""
    path = desk.stub_path(desk.exercise("heads_attending_to"))
    path.write_text(path.read_text().replace("    raise Not", "    mine = 41\n    nowhere\n    raise Not", 1))
    stopped, said, printed = talk("heads_attending_to", "p mine + 1", "q")
    assert stopped and "stopped where NameError was raised" in said and "is still a stub" not in said
    assert "plot_attention()" in printed and "42" in printed


def test_nothing_to_stop_in_is_said(desk, talk):
    lines = desk.stub_path(desk.exercise("find_heads")).read_text().splitlines()
    line = 1 + next(place for place, text in enumerate(lines) if "raise NotImplementedError" in text)
    assert talk("find_heads") == (False, f"`find_heads` is still a stub (line {line})", "")
    write_right(desk, "find_heads")
    assert talk("find_heads") == (False, "every check passes: nothing to debug", "")


def test_the_path_of_a_file_means_that_file(desk, at_desk, tmp_path, monkeypatch):
    """Also where the course's own file of that name is a stub still."""
    other = tmp_path / "lab3" / "find_heads.py"
    other.parent.mkdir()
    other.write_text("def find_heads(scores, threshold):\n    mine = 41\n    return []\n\n\nprint('total', 6 * 7)\n")
    debugged = at_desk("debug", str(other), stdin="p mine + 1\nn\np mine + 1\nq\n")
    assert debugged.returncode == 1, debugged.stderr
    assert f"{other}(2)find_heads()" in debugged.stdout and "42" in debugged.stdout
    assert "is still a stub" not in debugged.stdout
    assert f'find_heads(**failing_call("{other}"))' in debugged.stdout
    monkeypatch.chdir(desk.root)
    assert sorted(failing_call(str(other))) == ["scores", "threshold"]
    tried = at_desk("try", str(other))
    assert tried.returncode == 0 and "total 42" in tried.stdout, tried.stderr
    for name in ("debug", "try"):
        gone = at_desk(name, str(tmp_path / "find_heads.py"))
        assert gone.returncode == 2 and f"there is no file {tmp_path / 'find_heads.py'}" in gone.stderr
        text = at_desk(name, "course.yaml")
        assert text.returncode == 2 and "course.yaml is no exercise's .py file" in text.stderr


def test_watch_says_which_folder_it_takes(desk, at_desk):
    file = at_desk("watch", "exercises/lab3/find_heads.py")
    assert file.returncode == 2 and "mechgrade watch exercises --exercise find_heads" in file.stderr
    lab = at_desk("watch", "exercises/lab3", "--exercise", "find_heads")
    assert lab.returncode == 2 and "there is no lab3/find_heads.py in" in lab.stderr


@pytest.mark.slow
def test_try_runs_the_file_and_saves_its_plot(desk, at_desk):
    write_right(desk, "find_heads")
    done = at_desk("try", "find_heads")
    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip().endswith("saved outputs/attention_patterns/find_heads.png")
    assert (desk.root / "outputs/attention_patterns/find_heads.png").read_bytes()[:4] == b"\x89PNG"


def test_try_tells_what_is_wrong(desk, at_desk):
    stub = at_desk("try", "find_heads")
    assert (stub.returncode, stub.stdout) == (1, "") and "is not written yet" in stub.stderr
    desk.stub_path(desk.exercise("find_heads")).write_text("def find_heads(scores, threshold):\n    return []\n")
    silent = at_desk("try", "find_heads")  # a function, and no demonstration
    assert silent.returncode == 0 and "It printed nothing and saved no plot" in silent.stdout
    half = "def helper():\n    raise NotImplementedError('not written yet')\n\n\nprint(1)\nhelper()\n"
    desk.stub_path(desk.exercise("find_heads")).write_text(half)
    assert "helper is not written yet: edit" in at_desk("try", "find_heads").stderr
    desk.stub_path(desk.exercise("find_heads")).write_text("def find_heads(:\n")
    broken = at_desk("try", "find_heads")
    assert broken.returncode == 1 and "SyntaxError" in broken.stdout
    desk.stub_path(desk.exercise("find_heads")).unlink()
    gone = at_desk("try", "find_heads")
    assert gone.returncode == 2 and "there is no exercises/lab3/find_heads.py" in gone.stderr


def test_a_stop_is_announced_only_where_it_comes(desk, talk):
    path = desk.stub_path(desk.exercise("find_heads"))
    for text, said_first in [
        ("def find_heads(scores, threshold, more):\n    return []\n", "keep the stub's signature"),
        ("async def find_heads(scores, threshold):\n    return []\n", "write `def`"),
        ("class find_heads:\n    def __init__(self, scores, threshold):\n        pass\n", "is a class in your file"),
    ]:
        path.write_text(text)
        stopped, said, printed = talk("find_heads", "q")
        assert not stopped and said_first in said and "no line of yours to stop at" in said
        assert "stopping at" not in said and printed == "", "it stopped in a file that the learner has not written"
        assert ("failing_call" in said) == ("async" in text), "a call that does not fit cannot be made again"


@pytest.mark.parametrize(
    "around",
    [
        "import functools\n\n@functools.cache\ndef once(*a): return 1\n\n@functools.wraps(once)\ndef find_heads(scores, threshold):\n    mine = 42\n    return [mine]\n",
        "import functools\n\ndef twice(f):\n    @functools.wraps(f)\n    def inner(*a):\n        return f(*a)\n    return inner\n\n@twice\ndef find_heads(scores, threshold):\n    mine = 42\n    return [mine]\n",
        "class Find:\n    def __call__(self, scores, threshold):\n        mine = 42\n        return [mine]\n\nfind_heads = Find()\n",
        "import functools\n\ndef find(more, scores, threshold):\n    mine = 42\n    return [mine]\n\nfind_heads = functools.partial(find, 1)\n",
    ],
    ids=["wraps another", "decorated", "an object", "partial"],
)  # fmt: skip
def test_what_can_be_called_like_a_function_is_stopped_in(desk, talk, around):
    path = desk.stub_path(desk.exercise("find_heads"))
    path.write_text(around)
    stopped, _, printed = talk("find_heads", "n", "p mine", "q")
    assert stopped and "-> mine = 42" in printed and printed.rstrip().endswith("(Pdb)") and "\n(Pdb) 42" in printed


def test_nobody_types_in_the_debugged_code_either(desk, talk, monkeypatch, capsys):
    path = desk.stub_path(desk.exercise("find_heads"))
    path.write_text("name = input('name? ')\n\ndef find_heads(scores, threshold):\n    return []\n")
    stopped, said, printed = talk("find_heads", "p 40 + 2", "q")
    assert stopped and "Take `input()` out." in said and "find_heads.py(1)<module>()" in printed and "42" in printed
    assert "name?" not in capsys.readouterr().out


def test_a_loop_without_an_end_is_stopped_in(desk, talk, monkeypatch):
    monkeypatch.setattr(type(desk), "limits_of", lambda course, model: course.limits.model_copy(update={"seconds": 1}))
    path = desk.stub_path(desk.exercise("find_heads"))
    path.write_text("def find_heads(scores, threshold):\n    turns = 6\n    while turns:\n        pass\n")
    stopped, said, printed = talk("find_heads", "p turns * 7", "q")
    assert stopped and "no answer after 1 s. Your code was in line" in said and "stopped where your code was" in said
    assert "42" in printed


def test_a_line_of_the_stub_is_known_though_the_learner_saved_over_it(desk, talk):
    path = desk.stub_path(desk.exercise("induction_scores"))
    path.write_text(path.read_text().replace("from jaxtyping import Float\n", ""))
    _, said, _ = talk("induction_scores", "q")
    assert "name 'Float' is not defined. Write `from jaxtyping import Float` at the top of the file" in said
