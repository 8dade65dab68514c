"""What a learner reads in the terminal: map, failure, hints, the reference, in colour or not, wide or narrow, plain."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from mechgrade.grading.verdicts import VERDICTS, Check, ExerciseResult, Result
from mechgrade.progress.outlook import outlook
from mechgrade.progress.progress import Entry, State
from mechgrade.protocol.outcome import Place
from mechgrade.reports.course_map import show_map
from mechgrade.reports.screen import Screen, plain_wanted
from mechgrade.reports.terminal import LOOKS, TerminalReport

from .conftest import write_right, write_wrong


def screen(plain: bool = False, width: int = 80) -> tuple[Screen, io.StringIO]:
    text = io.StringIO()
    return Screen(Console(file=text, width=width, highlight=False), plain), text


def failing(course) -> ExerciseResult:
    exercise = course.exercise("find_heads")
    entry = ExerciseResult("lab3", "find_heads", 5, file=str(course.stub_path(exercise)))
    entry.checks.append(Check("easy", "passed", 2, 2))
    entry.checks.append(
        Check(
            "hard",
            "wrong",
            0,
            3,
            asks="Sorted, the highest first.",
            message="on_scores(seed=0): result[0] is 3, expected 2",
            misconception="ascending",
            sentence="You sort upwards.",
            place=Place(12, "find_heads"),
            output="a print\n",
            gave="a list of 4",
        )
    )
    return entry


def test_a_failure_says_asked_gave_mistake_line_hint_in_this_order(course):
    for plain in (False, True):
        show, text = screen(plain)
        TerminalReport(course, show).exercise(failing(course))
        words = " ".join(text.getvalue().split())
        parts = [
            *("find_heads", "not right yet", "asked: Sorted, the highest first.", "your code gave: a list of 4"),
            *("result[0] is 3, expected 2", "a known mistake: You sort upwards.", "look at:", ":12 in find_heads"),
            *("your code printed: a print", "a hint: mechgrade hint find_heads"),
        ]
        places = [words.index(part) for part in parts]
        assert places == sorted(places), words


def test_what_relates_the_data_is_not_called_a_known_mistake(course):
    entry = failing(course)
    entry.checks[1].misconception = None
    for plain in (False, True):
        show, text = screen(plain)
        TerminalReport(course, show).exercise(entry)
        words = " ".join(text.getvalue().split())
        assert "what is known: You sort upwards." in words and "known mistake" not in words


def test_the_hint_to_ask_for_follows_what_was_read(course):
    for seen, part in [
        (0, "hint find_heads"),
        (1, "--more (1 of 2 read)"),
        (2, "you have read all 2; mechgrade debug"),
    ]:
        show, text = screen()
        TerminalReport(course, show, hints_seen=lambda name, seen=seen: seen).exercise(failing(course))
        assert part in " ".join(text.getvalue().split())


@pytest.mark.parametrize("width", [80, 60])
def test_no_line_is_wider_than_the_terminal(course, width):
    state = State(
        {
            str(exercise): Entry(12, 7300.0, exercise.points, verdict, "0" * 16, hints=3)
            for exercise, verdict in zip(course.exercises(), [*VERDICTS] * 10, strict=False)
        }
    )
    show, text = screen(width=max(width, 80))
    show_map(course, outlook(course, state), show)
    assert max(map(len, text.getvalue().splitlines())) <= 80
    show, text = screen(width=width)
    TerminalReport(course, show).exercise(failing(course))
    assert max(len(line.rstrip()) for line in text.getvalue().splitlines()) <= width


def test_plain_words_have_no_sign_no_colour_and_say_it_all(course):
    state = State({"lab3/find_heads": Entry(2, 600.0, 5, "passed", "0" * 16, "", "2027-01-15T08:00:00+00:00", 1)})
    show, text = screen(plain=True)
    show_map(course, outlook(course, state, "lab3"), show)
    told = text.getvalue()
    minutes = course.exercise("find_heads").minutes
    assert f"find_heads: passed, changed, 5 of 5 points, about {minutes} minutes, 2 tries." in told
    assert "1 of 12 exercises passed" in told and "Next: exercises/lab3/predict_repeat.py" in told
    show, text = screen(plain=True)
    report = TerminalReport(course, show)
    report.exercise(failing(course))
    report.total(Result("embedded", "bridge", "cpu", "full", [failing(course)]))
    for each in (told, text.getvalue()):
        assert each.isascii() and "\x1b" not in each


def test_every_verdict_has_its_own_sign_or_words():
    assert set(LOOKS) == set(VERDICTS)
    assert len({words for _, words, _ in LOOKS.values()}) == len(VERDICTS)  # colour alone tells nothing


@pytest.mark.parametrize(
    ("environment", "plain"),
    [({}, False), ({"TERM": "dumb"}, True), ({"MECHGRADE_PLAIN": "1"}, True), ({"MECHGRADE_PLAIN": "0"}, False)],
)
def test_plain_mode_follows_the_environment(monkeypatch, environment, plain):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("MECHGRADE_PLAIN", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), encoding="utf-8"))
    assert plain_wanted() is plain
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert plain_wanted()


def test_a_learner_at_work(desk, at_desk):
    """Wrong, hints one after the other, right, the map, the reference: each a command of its own."""
    write_wrong(desk, "find_heads", "threshold_included")
    wrong = at_desk("grade", "--exercise", "find_heads", FORCE_COLOR="1", TERM="xterm")
    assert "\x1b[" in wrong.stdout and "a known mistake:" in re.sub(r"\x1b\[[0-9;]*m", "", wrong.stdout)
    hints = [at_desk("hint", "find_heads", *more).stdout.split("\n")[0] for more in ([], [], ["--more"], ["1"], [])]
    assert hints == [f"find_heads, hint {number} of 2" for number in (1, 1, 2, 1, 2)]
    assert "you have seen the last" in at_desk("hint", "find_heads", "--more").stderr
    assert at_desk("hint", "find_circuit", "9").stderr == "mechgrade: find_circuit has 3 hints\n", (
        "of these none was seen"
    )
    refused = at_desk("solution", "find_heads")
    assert refused.returncode == 2 and "you have not passed find_heads yet" in refused.stderr
    assert "torch.nonzero" not in refused.stdout
    write_right(desk, "find_heads")
    right = at_desk("grade", "--exercise", "find_heads", NO_COLOR="1", FORCE_COLOR="1", TERM="xterm")
    assert "passed" in right.stdout and not re.search(r"\x1b\[[0-9;]*3[0-7]m", right.stdout)  # bold, but no colour
    shown = at_desk("solution", "find_heads")
    assert shown.returncode == 0 and "torch.nonzero" in shown.stdout and "BEGIN SOLUTION" not in shown.stdout
    compile(shown.stdout, "shown", "exec")
    seen = at_desk("map", "--lab", "lab3").stdout
    assert "1/12 passed" in seen and "2 tries" in seen
    lab2 = at_desk("map", "--lab", "lab2").stdout
    assert "1 question, 10 points given by a person: exercises/lab2/answers.md" in lab2
    ascii_only = at_desk("map", PYTHONIOENCODING="ascii")
    assert ascii_only.returncode == 0 and ascii_only.stdout.isascii()
    out = desk.root / "mine.json"
    assert at_desk("progress", "--export", str(out)).returncode == 0
    assert '"attempts": 2' in out.read_text() and '"hints": 2' in out.read_text()
    assert "2 hints read" in at_desk("progress").stdout
    assert "deleted" in at_desk("progress", "--delete").stdout
    assert "0/12 passed" in at_desk("map", "--lab", "lab3").stdout


def test_giving_up_is_written_down(desk, at_desk):
    shown = at_desk("solution", "logit_lens", "--give-up")
    assert shown.returncode == 0 and "def logit_lens" in shown.stdout
    assert '"gave_up": "20' in (desk.root / ".mechgrade/progress.json").read_text()
    desk.solution_path(desk.exercise("logit_lens")).unlink()
    gone = at_desk("solution", "logit_lens", "--give-up")
    assert gone.returncode == 2 and "its instructor keeps the references" in " ".join(gone.stderr.split())


def test_progress_that_cannot_be_kept_stops_no_hint(desk, at_desk):
    (desk.root / ".mechgrade").write_text("in the way")
    done = at_desk("hint", "find_heads")
    assert done.returncode == 0 and "hint 1 of 2" in done.stdout and "MECHGRADE_HOME" in done.stderr
