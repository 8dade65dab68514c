"""`check` in a cell: the report that `make grade` gives, on what the kernel has run."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import ROOT

from mechgrade.course import Course
from mechgrade.course.source import read_source
from mechgrade.course.variants import programs
from mechgrade.doors.notebook.kernel import CheckError, check, grade_cells, hint
from mechgrade.grading.worker import Worker
from mechgrade.protocol.outcome import outcome_of
from mechgrade.reports.cell import html, in_cells, text


def test_a_check_grades_the_cells_that_ran(course: Course, worker: Worker) -> None:
    exercise = course.exercise("find_heads")
    source = read_source(course, exercise)
    wrong = next(each for each in programs(course, exercise) if each.kind == "misconception")
    result = grade_cells(course, exercise, ["boom()", wrong.source, source.reference], worker)
    assert result.score == exercise.points
    result = grade_cells(course, exercise, [source.reference, "1/0", wrong.source], worker)
    entry = result.exercises[0]
    assert entry.misconception == wrong.name
    page = html(course, entry, result)
    assert wrong.sentence.split("`")[0][:40].replace("'", "&#x27;") in page
    assert "hint(&#x27;lab3/find_heads&#x27;)" in page
    assert wrong.name not in page  # its name is the course's affair
    assert "mechgrade hint" in text(course, entry)


def test_what_a_learner_writes_is_text_in_the_report(course: Course, worker: Worker) -> None:
    exercise = course.exercise("find_heads")
    code = "def find_heads(scores, threshold):\n    raise ValueError('<script>alert(1)</script>')"
    result = grade_cells(course, exercise, [code], worker)
    assert "<script>alert" not in html(course, result.exercises[0], result)
    assert "&lt;script&gt;" in html(course, result.exercises[0], result)


def test_nothing_run_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MECHGRADE_COURSE", str(ROOT))
    monkeypatch.setattr("mechgrade.doors.notebook.kernel._history", lambda: ["x = 1"])
    with pytest.raises(CheckError, match="run the cell with your code first"):
        check("lab3/find_heads")


def test_a_renamed_function_is_missing(course: Course, worker: Worker) -> None:
    result = grade_cells(course, course.exercise("find_heads"), ["def another(): pass"], worker)
    assert result.exercises[0].verdict == "missing"


def test_errors_in_a_notebook_have_no_traceback(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MECHGRADE_COURSE", raising=False)
    with pytest.raises(CheckError, match="MECHGRADE_COURSE") as caught:
        hint("find_heads")
    assert caught.value._render_traceback_() == [f"check: {caught.value}"]
    monkeypatch.setenv("MECHGRADE_COURSE", str(ROOT))
    with pytest.raises(CheckError, match="no hint 9"):
        hint("lab3/find_heads", 9)


def test_a_notebook_has_no_lines_that_could_be_counted() -> None:
    stub = outcome_of({"kind": "not_started", "trace": [{"line": 12, "function": "f", "text": "raise"}]}).message
    assert "line 12" in stub and in_cells(stub) == "`f` is still a stub"
    for message, expected in {
        "SyntaxError while your file was imported: expected ':' (find_heads.py, line 9)": "SyntaxError while your file was imported: expected ':'",
        "no answer after 3 s. Your code was in line 6 then: look for a loop": "no answer after 3 s. Your code was in the line below then: look for a loop",
        "line 7 still raises NotImplementedError, so": "a line still raises NotImplementedError, so",
        "no answer. Your code was in line 6 then, called from line 9, while your file was imported: line 9 stands in no function, so": "no answer. Your code was in the line below then, while your file was imported: that line stands in no function, so",
        "AssertionError: no. Line 39 sets the default device": "AssertionError: no. A line sets the default device",
        "SyntaxError while your file was imported: line 60 holds a NUL byte": "SyntaxError while your file was imported: a line holds a NUL byte",
        "the line 3 of the map": "the line 3 of the map",
    }.items():
        assert in_cells(message) == expected
