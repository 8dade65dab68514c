"""A lab that changes when learners have handed it in; hand-ins without their notebook; feedback from the fast way."""

from __future__ import annotations

import json

import pytest
import yaml

from mechgrade.course.source import read_source

from .room import Class, write_into

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def handed(room: Class) -> tuple[Class, str]:
    """Three hand-ins of lab 3: a notebook, a file in its place, and a notebook that is none. What autograde said of them."""
    source = read_source(room.course, room.course.exercise("find_heads")).reference
    room.hand_in("ada", "lab3", write_into(room.released("lab3"), {"find_heads": source}))
    room.hand_in("bob", "lab3", source, "find_heads (1).py")
    room.hand_in("cid", "lab3", "{")
    return room, room.nbgrader("autograde", "lab3")


def test_every_hand_in_has_its_row(handed: tuple[Class, str]) -> None:
    room, _ = handed
    found = {who: score["find_heads-check"] for who, score in room.scores("lab3").items()}
    assert found == {"ada": 5.0, "bob": 5.0, "cid": 0.0}


def test_the_output_is_ours_and_names_the_learner(handed: tuple[Class, str]) -> None:
    """No warnings of libraries, no steps; at most three lines for a notebook that cannot be read."""
    _, said = handed
    lines = [line.partition("] ")[2] or line for line in said.splitlines() if line.strip()]
    assert lines and all(line.startswith(("ada: ", "bob: ", "cid: ")) for line in lines), said
    assert sum(line.startswith("cid: ") for line in lines) <= 3
    assert "ada: lab3, 5 of 15 points" in lines
    assert any("find_heads (1).py is graded as find_heads" in line for line in lines)


def test_points_that_changed_are_told(handed: tuple[Class, str]) -> None:
    """They are written twice, in course.yaml and in the grader: one without the other is not released."""
    room, _ = handed
    path, grader = room.course.root / "course.yaml", room.course.grader_path(room.course.exercise("find_heads"))
    text, checks = path.read_text(), grader.read_text()
    document = yaml.safe_load(text)
    document["labs"]["lab3"]["exercises"]["find_heads"]["points"] = 7
    try:
        path.write_text(yaml.safe_dump(document, sort_keys=False))
        refused = room.mechgrade("release", "lab3", "--no-exchange", ok=False)
        grader.write_text(checks.replace("points(2)", "points(4)", 1))
        said = room.mechgrade("release", "lab3", "--no-exchange")
    finally:
        path.write_text(text)
        grader.write_text(checks)
    assert "add up to 5 points, course.yaml says 7" in refused and "Traceback" not in refused
    assert "Careful: find_heads: 5 points became 7" in said and "autograde lab3 --force" in said
    room.mechgrade("release", "lab3", "--no-exchange")


def test_an_exercise_that_came_or_went_deletes_nothing(handed: tuple[Class, str]) -> None:
    room, _ = handed
    path, released = room.course.root / "course.yaml", room.gradebook / "release/lab3" / room.slug("lab3")
    text, before = path.read_text(), released.read_bytes()
    document = yaml.safe_load(text)
    del document["labs"]["lab3"]["exercises"]["find_heads"]
    try:
        path.write_text(yaml.safe_dump(document, sort_keys=False))
        said = room.mechgrade("release", "lab3", "--no-exchange", ok=False)
    finally:
        path.write_text(text)
    assert "gone: find_heads" in said and "3 learners" in said and "Traceback" not in said
    assert released.read_bytes() == before


def test_feedback_from_the_fast_way(handed: tuple[Class, str]) -> None:
    """The cohort's page is where nbgrader hands feedback out from, with what it needs to know whose it is."""
    room, _ = handed
    sent = room.gradebook / "submitted/ada/lab3"
    (sent / "timestamp.txt").write_text("2026-01-31 10:00:00 UTC")
    (sent / "submission_secret.txt").write_text("secret")
    out = room.home / "out"
    room.mechgrade("gradebook", "extract", "lab3", "--to", str(room.home / "class"))
    room.mechgrade("cohort", "grade", str(room.home / "class"), "--lab", "lab3", "--out", str(out), "--jobs", "1")
    said = room.mechgrade("gradebook", "fill", "lab3", "--from", str(out))
    assert "3 pages of feedback" in said
    place = room.gradebook / "feedback/ada/lab3"
    page = (place / room.slug("lab3")).with_suffix(".html")
    assert page.read_bytes() == (out / "learners/ada.html").read_bytes()
    assert (place / "submission_secret.txt").read_text() == "secret"
    assert (place / "timestamp.txt").is_file()
    verdicts = {
        each["exercise"]: each["verdict"] for each in json.loads((out / "learners/bob.json").read_text())["exercises"]
    }
    assert verdicts["find_heads"] == "passed"
    # nbgrader's own command takes them from there.
    room.nbgrader("release_feedback", "lab3", "--student", "ada")
    assert list((room.exchange / "mechgrade/feedback").glob("*.html"))
