"""An exercise that is part of another now: what learners solved before, in a file of its own, is told of and is not lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support import later

from mechgrade.cohort.learners import find_learners
from mechgrade.course import Course, CourseError, load_course
from mechgrade.submissions.find import find_submission
from mechgrade.submissions.handed_in import read_hand_in
from mechgrade.submissions.merged import in_words, joined, uncopied

nbgrader_reader = later("mechgrade.doors.nbgrader.reader")

COURSE = """\
schema: 1
title: Lines
bench: none
isolation: process
labs:
  week1:
    title: Lines
    slug: 01-lines
    minutes: 20
    exercises:
      line: {title: A line, points: 5, minutes: 10}
      mean: {title: A mean, points: 5, minutes: 10}
    merged: {intercept: line, offset: line}
"""

GRADER = """\
def on_points(exercise, bench):
    return exercise.slope([1, 2]), exercise.intercept([1, 2])
"""

SLOPE = "def slope(x):\n    return len(x)\n"
INTERCEPT = "def intercept(x):\n    return first(x)\n\n\ndef first(x):\n    return x[0]\n"
STUB = "def slope(x):\n    raise NotImplementedError\n\n\ndef intercept(x):\n    raise NotImplementedError\n"


@pytest.fixture
def lines(tmp_path: Path) -> Course:
    """A course in which `intercept` has become part of `line`."""
    root = tmp_path / "course"
    for folder in ("exercises/week1", "graders/week1"):
        (root / folder).mkdir(parents=True)
    (root / "course.yaml").write_text(COURSE)
    (root / "graders/week1/test_line.py").write_text(GRADER)
    (root / "graders/week1/test_mean.py").write_text("def on_points(exercise, bench):\n    return exercise.mean([1])\n")
    return load_course(root)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "hand-in"
    made.mkdir()
    return made


def value(text: str, name: str) -> object:
    """What a function of a text gives for [3, 4]."""
    names: dict[str, object] = {}
    exec(text, names)
    return names[name]([3, 4])  # type: ignore[operator]


# --- course.yaml ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("{intercept: lime}", "found 'lime' (did you mean 'line'?); allowed: an exercise of week1: line or mean"),
        ("{mean: line}", "found 'mean', which is an exercise of week1; allowed: an exercise that is no longer there"),
        ("{intercept: 3}", "found 3"),
        ("{two words: line}", "a Python identifier"),
    ],
)
def test_what_cannot_be_is_refused_with_its_line(tmp_path: Path, written: str, sentence: str) -> None:
    (tmp_path / "course.yaml").write_text(COURSE.replace("{intercept: line, offset: line}", written))
    with pytest.raises(CourseError) as caught:
        load_course(tmp_path)
    assert sentence in str(caught.value) and "course.yaml:13" in str(caught.value)


@pytest.mark.parametrize("lab", [None, "week1"])
def test_who_asks_for_the_old_name_is_told_the_new_one(lines: Course, lab: str | None) -> None:
    with pytest.raises(
        CourseError, match=r"intercept is part of line now: copy your code into exercises/week1/line.py"
    ):
        lines.exercise("intercept", lab)


def test_the_old_file_by_its_path_is_answered_too(lines: Course) -> None:
    path = lines.root / "exercises/week1/intercept.py"
    path.write_text(INTERCEPT)
    with pytest.raises(CourseError, match="intercept is part of line now"):
        find_submission(lines, path)


# --- in the learner's own folder -----------------------------------------------------------------------------------------


def told(course: Course) -> list[str]:
    return [in_words(course, each) for each in uncopied(course, course.exercises())]


def test_it_is_told_until_the_function_is_copied(lines: Course) -> None:
    now, old = lines.root / "exercises/week1/line.py", lines.root / "exercises/week1/intercept.py"
    now.write_text(STUB)
    assert told(lines) == []
    old.write_text("def intercept(x):\n    raise NotImplementedError\n")
    assert told(lines) == [], "nothing was written in it, so nothing can be lost"
    old.write_text(INTERCEPT)
    assert told(lines) == [
        "intercept is part of line now: copy your `intercept` from exercises/week1/intercept.py into exercises/week1/line.py"
    ]
    now.write_text(SLOPE + "\n\n" + INTERCEPT)
    assert told(lines) == []


def test_a_link_out_of_the_folder_is_not_followed(lines: Course, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.py"
    elsewhere.write_text(INTERCEPT)
    (lines.root / "exercises/week1/intercept.py").symlink_to(elsewhere)
    assert told(lines) == []


# --- in a hand-in --------------------------------------------------------------------------------------------------------


def line_of(course: Course, folder: Path) -> tuple[str, list[str], list[str]]:
    """The text of `line` in a hand-in, the notes, and the names of the files that were not used."""
    found = read_hand_in(course, [course.lab("week1")], folder)
    text = found.submission.source(course.exercise("line"))
    return text, found.submission.notes, [str(each) for each in found.ignored]


@pytest.mark.parametrize("place", ["", "week1", "exercises/week1"])
@pytest.mark.parametrize("newer", [SLOPE, STUB.replace("def slope(x):\n    raise NotImplementedError\n", SLOPE)])
def test_two_files_are_read_as_one(lines: Course, folder: Path, place: str, newer: str) -> None:
    (folder / place).mkdir(parents=True, exist_ok=True)
    (folder / place / "line.py").write_text(newer)
    (folder / place / "intercept.py").write_text(INTERCEPT)
    text, notes, ignored = line_of(lines, folder)
    assert (value(text, "slope"), value(text, "intercept")) == (2, 3)
    assert len(notes) == 1 and notes[0].startswith("intercept is part of line now; intercept was graded as it is in ")
    assert ignored == []


def test_the_old_file_alone_counts_for_what_it_has(lines: Course, folder: Path) -> None:
    (folder / "intercept.py").write_text(INTERCEPT)
    text, notes, ignored = line_of(lines, folder)
    assert value(text, "intercept") == 3 and ignored == []
    assert notes == ["intercept is part of line now; intercept.py was graded as line.py"]


def test_two_old_files_and_no_new_one(lines: Course, folder: Path) -> None:
    (folder / "intercept.py").write_text(INTERCEPT)
    (folder / "offset.py").write_text(SLOPE)
    text, _, ignored = line_of(lines, folder)
    assert (value(text, "slope"), value(text, "intercept")) == (2, 3) and ignored == []


def test_what_was_copied_counts_and_the_old_file_is_passed_over(lines: Course, folder: Path) -> None:
    (folder / "line.py").write_text(SLOPE + "\n\ndef intercept(x):\n    return 7\n")
    (folder / "intercept.py").write_text(INTERCEPT)
    text, _, ignored = line_of(lines, folder)
    assert value(text, "intercept") == 7
    assert ignored == ["intercept.py: intercept is part of line now, and line.py was used for it"]


def test_helpers_of_one_name_are_never_mixed(lines: Course, folder: Path) -> None:
    """Both files have a helper `first`, and they mean different things: neither function may get the other's."""
    newer = "def slope(x):\n    return first(x)\n\n\ndef first(x):\n    return -1\n"
    (folder / "line.py").write_text(newer)
    (folder / "intercept.py").write_text(INTERCEPT)
    text, notes, ignored = line_of(lines, folder)
    assert value(text, "slope") == -1 and "intercept" not in text
    assert len(ignored) == 1 and "copy intercept into line.py" in ignored[0]
    assert any(note.startswith("intercept.py was not graded") for note in notes)
    assert joined(newer.replace("return -1", "return x[0]"), INTERCEPT, ["slope", "intercept"]) is not None


def test_a_file_that_does_not_parse_hides_nothing(lines: Course, folder: Path) -> None:
    (folder / "line.py").write_text("def slope(x):\n    return (\n")
    (folder / "intercept.py").write_text(INTERCEPT)
    text, _, _ = line_of(lines, folder)
    assert "return (" in text, "the learner has to hear of the mistake"


def test_a_learner_of_a_class_is_told_by_the_old_file_too(lines: Course, tmp_path: Path) -> None:
    came = tmp_path / "class"
    came.mkdir()
    (came / "ada_line.py").write_text(SLOPE)
    (came / "ada_intercept.py").write_text(INTERCEPT)
    learners = find_learners(lines, came, tmp_path / "unpacked")
    assert [each.name for each in learners] == ["ada"]
    [work] = learners[0].read(lines, [lines.exercise("line")])
    assert work.text is not None and value(work.text, "intercept") == 3


def notebook(*cells: str) -> str:
    """The text of a notebook."""
    made = [
        {"cell_type": "code", "source": cell, "metadata": {}, "outputs": [], "execution_count": None} for cell in cells
    ]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def test_a_notebook_of_before_has_both_in_its_cells(lines: Course, folder: Path) -> None:
    """Each function stood above a check of its own, and the second check is of an exercise that there is no longer."""
    cells = (SLOPE, 'check("week1/line")', INTERCEPT, 'check("week1/intercept")')
    (folder / "01-lines.ipynb").write_text(notebook(*cells))
    text, notes, _ = line_of(lines, folder)
    assert (value(text, "slope"), value(text, "intercept")) == (2, 3) and notes == []


def test_a_file_beside_a_notebook_gives_what_its_cells_lack(lines: Course, folder: Path) -> None:
    (folder / "01-lines.ipynb").write_text(notebook(SLOPE, 'check("week1/line")'))
    (folder / "intercept.py").write_text(INTERCEPT)
    text, _, ignored = line_of(lines, folder)
    assert (value(text, "slope"), value(text, "intercept")) == (2, 3) and ignored == []
    read, _ = nbgrader_reader.read(folder / "01-lines.ipynb")
    said = nbgrader_reader.with_files(lines, lines.lab("week1"), folder, read)
    assert said == ["01-lines.ipynb is graded as line, with functions from files of older exercises"]
    assert any("def intercept" in cell.source for cell in read.cells), "nbgrader runs the cells and nothing else"


def test_the_courses_own_older_files(course: Course) -> None:
    """For each exercise that was merged in this course: its function is one that the new exercise's grader calls."""
    from mechgrade.submissions.assemble import interface

    merged = [(lab, old, now) for lab in course.labs.values() for old, now in lab.merged.items()]
    assert merged
    for lab, old, now in merged:
        assert old in interface(course, lab.exercises[now]), old
        for kind in ("exercises", "solutions"):
            assert not (course.root / kind / lab.name / f"{old}.py").exists(), (
                f"{kind}/{lab.name}/{old}.py is left over"
            )
