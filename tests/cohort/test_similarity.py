"""Whose code is alike: a renamed copy is found, two people's own answers are not, and the page runs nothing that they wrote."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from strangers.corpus import programs
from support import ROOT

from mechgrade.cohort.similarity import COMMON, similar
from mechgrade.course import Course, Exercise
from mechgrade.course.source import read_source
from mechgrade.reports.similarity import page

LEAST = 0.6


def answers(course: Course, exercise: Exercise) -> list[str]:
    """Right answers that were written apart: the strangers', and the reference."""
    return [
        read_source(course, exercise).reference,
        *(each.path.read_text() for each in programs(exercise) if each.right),
    ]


def renamed(text: str) -> str:
    """As somebody would who wants to hide a copy: other names, other layout, other remarks."""
    for old, new in (
        ("found", "hits"),
        ("entry", "pair"),
        ("scores", "table"),
        ("places", "where"),
        ("values", "numbers"),
    ):
        text = re.sub(rf"\b{old}\b", new, text)
    return "# My own work!\n\n" + re.sub(r"^(    \S.*)$", r"\1  # so", text, flags=re.MULTILINE)


@pytest.mark.parametrize("name", ["find_heads", "ablate_head", "logit_lens", "steer"])
def test_a_renamed_copy_is_found_and_own_answers_are_hardly_ever(course: Course, name: str) -> None:
    exercise = course.exercise(name)
    texts = answers(course, exercise)
    class_ = {f"own{place}": {exercise: text} for place, text in enumerate(texts)}
    class_["copyist"] = {exercise: renamed(texts[-1])}
    found = similar(course, [exercise], class_, LEAST)
    assert found[0].learners == ("copyist", f"own{len(texts) - 1}")
    # Short answers that were written apart can be alike, and then the copy is like both. Those are few, and never as much so as a copy.
    apart = [pair for pair in found if "copyist" not in pair.learners]
    assert len(apart) <= 1 and all(each.share < 0.95 for pair in found[1:] for each in pair.alike)
    (alike,) = found[0].alike
    assert alike.share > 0.9
    # The pieces are the files, whole.
    assert ["".join(piece for piece, _ in text) for text in alike.texts] == [
        class_[learner][exercise] for learner in found[0].learners
    ]


def test_over_the_whole_course_few_answers_that_were_written_apart_are_alike_and_all_copies_are(course: Course) -> None:
    apart = pairs = 0
    #: Where two exercises became one, a program for one of them was given the other's reference: they were not written apart.
    joined = {now for lab in course.labs.values() for now in lab.merged.values()}
    for exercise in course.exercises():
        texts = answers(course, exercise)
        if exercise.name not in joined:
            class_ = {f"own{place}": {exercise: text} for place, text in enumerate(texts)}
            apart += len(similar(course, [exercise], class_, LEAST))
            pairs += len(texts) * (len(texts) - 1) // 2
        copied = similar(
            course, [exercise], {"copyist": {exercise: renamed(texts[1])}, "owner": {exercise: texts[1]}}, LEAST
        )
        assert len(copied) == 1, exercise
    assert pairs > 400 and apart <= 0.02 * pairs


def test_what_many_share_is_nobodys(course: Course) -> None:
    exercise = course.exercise("find_heads")
    text = answers(course, exercise)[1]
    few = {f"learner{number}": {exercise: text} for number in range(COMMON)}
    assert len(similar(course, [exercise], few, LEAST)) == COMMON * (COMMON - 1) // 2
    assert similar(course, [exercise], few | {"one more": {exercise: text}}, LEAST) == []


@pytest.mark.parametrize("text", ["", "\0", "def (", "x" * 100_000, "'" * 999, "é" * 50 + "\n", "\ud800"])
def test_whatever_was_handed_in(course: Course, text: str) -> None:
    exercise = course.exercise("find_heads")
    right = answers(course, exercise)[1]
    class_ = {"odd": {exercise: text}, "one": {exercise: right}, "two": {exercise: right}, "none": {}}
    assert [pair.learners for pair in similar(course, [exercise], class_, LEAST)] == [("one", "two")]


def test_stubs_are_nobodys_copy(course: Course) -> None:
    exercise = course.exercise("find_heads")
    stub = course.stub_path(exercise).read_text()
    assert similar(course, [exercise], {"a": {exercise: stub}, "b": {exercise: stub}}, 0.1) == []


def test_the_page_shows_a_learners_text_as_text(course: Course) -> None:
    exercise = course.exercise("find_heads")
    text = answers(course, exercise)[1] + '\n# </pre><script>alert(1)</script><img src=x onerror="alert(2)">\n'
    pairs = similar(course, [exercise], {"<b>ada</b>": {exercise: text}, "bob": {exercise: text}}, LEAST)
    html = page(course.title, 2, pairs, LEAST)
    assert "<script" not in html and "<img" not in html and "<b>ada" not in html
    assert "default-src 'none'" in html and "<mark>" in html


def test_the_command(course: Course, tmp_path: Path) -> None:
    texts = answers(course, course.exercise("find_heads"))
    for learner, text in (("ada", texts[1]), ("bob", renamed(texts[1])), ("eve", texts[2])):
        (tmp_path / "class" / learner / "lab3").mkdir(parents=True)
        (tmp_path / "class" / learner / "lab3" / "find_heads.py").write_text(text)
    (tmp_path / "class" / "nobody").mkdir()
    command = [sys.executable, "-m", "mechgrade.doors.cli", "cohort", "similar", str(tmp_path / "class")]
    command += ["--to", str(tmp_path / "page.html"), "--lab", "lab3"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "ada and bob: lab3/find_heads" in done.stdout and "eve" not in done.stdout
    assert "4 learners, 1 pair whose" in done.stdout
    assert "ada and bob" in (tmp_path / "page.html").read_text()
