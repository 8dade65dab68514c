"""Two learners and an instructor, from release to fetched feedback, by nbgrader's real commands and a real exchange folder.

Where root runs it, the learners are two other unix accounts: the exchange's permissions are part of what is tested.
"""

from __future__ import annotations

import csv
import io
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support import later

from mechgrade.course.source import read_source
from mechgrade.course.variants import programs

from .room import Class, write_into

nbformat = later("nbformat")

pytestmark = pytest.mark.long

#: Accounts that every Debian has.
EARLY, LATE = "daemon", "games"


@pytest.fixture(scope="module")
def played(room: Class) -> Class:
    """The whole cycle, played once; the tests look at what came of it."""
    from nbgrader.api import Gradebook

    if os.geteuid() == 0:
        room.accounts = (EARLY, LATE)
    for lab in room.course.labs:
        room.nbgrader("release_assignment", lab)
    as_student = {who: () if room.accounts else ("--student", who) for who in (EARLY, LATE)}
    for who in (EARLY, LATE):
        room.environment(who)
        assert "lab3" in room.nbgrader("list", who=who)
        room.nbgrader("fetch_assignment", "lab3", who=who)
    room.nbgrader("fetch_assignment", "lab1", who=EARLY)
    work = {
        name: read_source(room.course, room.course.exercise(name)).reference
        for name in room.course.labs["lab3"].exercises
    }
    mistake = next(
        each for each in programs(room.course, room.course.exercise("find_heads")) if each.kind == "misconception"
    )
    _write(room, EARLY, "lab3", {"find_heads": mistake.source})
    room.nbgrader("submit", "lab3", *as_student[EARLY], who=EARLY)
    _write(room, EARLY, "lab3", work)  # handed in again, better
    room.nbgrader("submit", "lab3", *as_student[EARLY], who=EARLY)
    _write(
        room,
        EARLY,
        "lab1",
        {"describe_model": read_source(room.course, room.course.exercise("describe_model")).reference},
    )
    room.nbgrader("submit", "lab1", *as_student[EARLY], who=EARLY)
    with Gradebook(f"sqlite:///{room.gradebook / 'gradebook.db'}") as book:
        book.update_or_create_assignment("lab3", duedate=datetime.now(UTC).replace(tzinfo=None))
    _write(room, LATE, "lab3", {"find_heads": mistake.source})
    room.nbgrader("submit", "lab3", *as_student[LATE], who=LATE)
    for lab in ("lab1", "lab3"):
        room.nbgrader("collect", lab)
        room.nbgrader("autograde", lab)
    with Gradebook(f"sqlite:///{room.gradebook / 'gradebook.db'}") as book:  # what the formgrader's page sends
        comment = book.find_comment("find_heads", Path(room.slug("lab3")).stem, "lab3", LATE)
        comment.manual_comment = "See me about layers and heads."
        book.db.commit()
    room.nbgrader("generate_feedback", "lab3")
    room.nbgrader("release_feedback", "lab3")
    for who in (EARLY, LATE):
        room.nbgrader("fetch_feedback", "lab3", who=who)
    return room


def _write(room: Class, who: str, lab: str, sources: dict[str, str]) -> None:
    path = room.home / who / lab / room.slug(lab)
    nbformat.write(write_into(nbformat.read(path, as_version=4), sources), path)


def test_learners_get_no_more_than_stubs(played: Class) -> None:
    for lab in ("lab1", "lab3"):
        folder = played.exchange / "mechgrade" / "outbound" / lab
        assert [path.name for path in folder.rglob("*") if path.is_file()] == [played.slug(lab)]
        text = (folder / played.slug(lab)).read_text()
        assert "SOLUTION" not in text
        assert "not written yet" in text


def test_the_better_submission_counts(played: Class) -> None:
    scores = played.scores("lab3")
    assert scores[EARLY] == {"repeated_tokens-check": 5.0, "find_heads-check": 5.0, "loss_by_position-check": 5.0}
    assert sum(score or 0 for score in scores[LATE].values()) < 5
    assert played.scores("lab1") == {EARLY: {"describe_model-check": 5.0, "top_next_tokens-check": 0.0}}


def test_feedback_reaches_its_learner_alone(played: Class) -> None:
    pages = {who: list((played.home / who / "lab3" / "feedback").rglob("*.html")) for who in (EARLY, LATE)}
    # Feedback for each hand-in with its own notebook; what was graded is the last one.
    assert len(pages[LATE]) == 1 and pages[EARLY]
    late = pages[LATE][0].read_text()
    assert "See me about layers and heads." in late
    assert "A hint" in late and "not started" in late
    assert any("Score: 15.0 / 15.0" in page.read_text() for page in pages[EARLY])
    if played.accounts:
        stolen = next(played.exchange.glob(f"mechgrade/feedback/{_digest_named(played, LATE)}"))
        assert stolen.stat().st_mode & 0o004, "released feedback can be read by who knows its name"
        assert not played.exchange.joinpath("mechgrade/feedback").stat().st_mode & 0o004, "and names cannot be listed"


def _digest_named(room: Class, who: str) -> str:
    text = next((room.home / who / "lab3" / "feedback").rglob("*.html")).read_bytes()
    found = [path.name for path in room.exchange.glob("mechgrade/feedback/*.html") if path.read_bytes() == text]
    assert len(found) == 1
    return found[0]


def test_lateness_is_known(played: Class) -> None:
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{played.gradebook / 'gradebook.db'}") as book:
        assert book.find_submission("lab3", LATE).total_seconds_late > 0
        assert book.find_submission("lab3", EARLY).total_seconds_late == 0


def test_grades_are_exported(played: Class) -> None:
    played.nbgrader("export", "--to", str(played.home / "grades.csv"))
    rows = list(csv.DictReader(io.StringIO((played.home / "grades.csv").read_text())))
    found = {(row["assignment"], row["student_id"]): (float(row["score"]), float(row["max_score"])) for row in rows}
    assert found[("lab3", EARLY)] == (15.0, 15.0)
    assert found[("lab1", LATE)] == (0.0, 10.0)


def test_a_submission_without_its_notebook_is_graded_as_empty(played: Class) -> None:
    who = EARLY
    (played.home / who / "lab1" / played.slug("lab1")).unlink()
    (played.home / who / "lab1" / "notes.txt").write_text("I lost it")
    played.nbgrader("submit", "lab1", *(() if played.accounts else ("--student", who)), who=who)
    said = played.nbgrader("collect", "lab1", "--update")
    assert "is missing" in said
    played.nbgrader("autograde", "lab1")
    assert played.scores("lab1")[who] == {"describe_model-check": 0.0, "top_next_tokens-check": 0.0}
    assert "was not handed in" in played.graded(who, "lab1").cells[0].source


def test_a_broken_grader_is_no_zero(played: Class) -> None:
    """A fault of ours must not become a learner's score, and must not pass in silence."""
    before = played.scores("lab3")
    path = played.course.root / "graders/lab3/test_find_heads.py"
    text = path.read_text()
    try:
        path.write_text("import no_such_module\n" + text)
        said = played.nbgrader("autograde", "lab3", "--student", EARLY, "--force", ok=False)
    finally:
        path.write_text(text)
    assert "could not be graded, by no fault of the learner's" in said
    assert played.scores("lab3") == before
