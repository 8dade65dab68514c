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


@pytest.fixture
def talk(desk):
    """``talk("p half", "q")`` → whether it stopped, what was said, what pdb printed."""

    def call(name: str, *typed: str) -> tuple[bool, str, str]:
        exercise = desk.exercise(name)
        submission = find_submission(desk, desk.root / "exercises", exercise.lab, name)
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


def test_nothing_to_stop_in_is_said(desk, talk):
    lines = desk.stub_path(desk.exercise("find_heads")).read_text().splitlines()
    line = 1 + next(place for place, text in enumerate(lines) if "raise NotImplementedError" in text)
    assert talk("find_heads") == (False, f"`find_heads` is still a stub (line {line})", "")
    write_right(desk, "find_heads")
    assert talk("find_heads") == (False, "every check passes: nothing to debug", "")


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
    desk.stub_path(desk.exercise("find_heads")).write_text("def find_heads(:\n")
    broken = at_desk("try", "find_heads")
    assert broken.returncode == 1 and "SyntaxError" in broken.stdout
    desk.stub_path(desk.exercise("find_heads")).unlink()
    gone = at_desk("try", "find_heads")
    assert gone.returncode == 2 and "there is no exercises/lab3/find_heads.py" in gone.stderr
