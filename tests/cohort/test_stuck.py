"""Who is stuck, by the progress files that learners hand in: honest ones, and those of learners who play with the instructor's command."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mechgrade.cohort.learners import files_of
from mechgrade.course import Course
from mechgrade.doors.cli import app
from mechgrade.grading.verdicts import Check, ExerciseResult, Result, Verdict
from mechgrade.progress.progress import Progress
from mechgrade.progress.stuck import read_shared

SENTENCE = "the scores are summed over the batch, not averaged"


@pytest.fixture
def own(course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    """A learner's course, with a progress of its own."""
    monkeypatch.delenv("MECHGRADE_HOME", raising=False)
    (tmp_path / "exercises/lab3").mkdir(parents=True)
    return course.model_copy(update={"root": tmp_path})


def graded(own: Course, text: str, verdict: Verdict, points: float, sentence: str = SENTENCE) -> None:
    """What a grading leaves in the progress."""
    exercise = own.exercise("induction_scores")
    own.stub_path(exercise).write_text(text)
    found = ExerciseResult(exercise.lab, exercise.name, exercise.points, file=str(own.stub_path(exercise)))
    found.checks.append(Check("a", "passed", points, points))
    if verdict != "passed":
        found.checks.append(Check("b", verdict, 0, 10 - points, message="wrong\nat length", sentence=sentence))
    result = Result("embedded", "none", "cpu", "process")
    result.exercises.append(found)
    Progress(own).graded(result)


def shared(own: Course) -> dict[str, Any]:
    return json.loads((own.root / ".mechgrade/progress.json").read_text())  # type: ignore[no-any-return]


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, [str(each) for each in arguments])
    return done.exit_code, done.output


def test_tries_count_from_the_last_progress(own: Course) -> None:
    def entry() -> tuple[int, int, str]:
        found = shared(own)["exercises"]["lab3/induction_scores"]
        return found["attempts"], found["stalled"], found["sentence"]

    graded(own, "1", "wrong", 0)
    graded(own, "1", "wrong", 0)  # the same file again is no try
    assert entry() == (1, 1, SENTENCE)
    graded(own, "2", "wrong", 0, "")
    assert entry() == (2, 2, "wrong")
    graded(own, "3", "wrong", 4)
    assert entry()[:2] == (3, 0)
    graded(own, "4", "raised", 0)
    graded(own, "5", "wrong", 4)  # no more than there was before
    assert entry()[:2] == (5, 2)
    graded(own, "6", "passed", 10)
    assert entry() == (6, 0, "")


def test_the_command_shows_exercise_learners_tries_and_the_latest_sentence(
    own: Course, course: Course, tmp_path: Path
) -> None:
    for number in range(4):
        graded(own, str(number), "wrong", 2)
    folder = tmp_path / "class"
    document = shared(own)
    (folder / "ada/.mechgrade").mkdir(parents=True)
    (folder / "ada/.mechgrade/progress.json").write_text(json.dumps(document))
    (folder / "ben.progress.json").write_text(json.dumps(document["exercises"]))  # as --export writes it
    older = {"lab3/induction_scores": {**document["exercises"]["lab3/induction_scores"], "stalled": 1, "attempts": 1}}
    (folder / "ada/old.progress.json").write_text(json.dumps(older))
    (folder / "duchatelet_777_9777_progress.json").write_text(json.dumps(document))
    (tmp_path / "course.yaml").symlink_to(course.root / "course.yaml")
    code, said = run("cohort", "stuck", folder, "--to", tmp_path / "stuck.csv")
    assert code == 0, said
    assert "lab3/induction_scores (The induction score of every head): 3 of 3: ada (3 tries), ben (3 tries)" in said
    assert f"3 were told last: {SENTENCE}" in said
    rows = list(csv.DictReader((tmp_path / "stuck.csv").open(newline="")))
    assert [(row["learner"], row["tries_since_progress"], row["tries"]) for row in rows] == [
        ("ada", "3", "4"),
        ("ben", "3", "4"),
        ("duchatelet_777", "3", "4"),
    ]
    assert "nobody has 4 tries" in run("cohort", "stuck", folder, "--least", "4")[1]


HOSTILE: dict[str, Any] = {
    "not json": "{",
    "a list": "[1]",
    "deep": "[" * 100_000,
    "huge number": '{"lab3/find_heads": {"verdict": "wrong", "attempts": ' + "9" * 5000 + "}}",
    "other things": '{"a": 1}',
    "binary": b"\xff\xfe\x00\x01",
    "too large": '{"a": "' + "x" * 2**21 + '"}',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_progress_file_is_named_and_stops_nobody(
    own: Course, course: Course, tmp_path: Path, name: str
) -> None:
    for number in range(4):
        graded(own, str(number), "wrong", 2)
    folder = tmp_path / "class"
    folder.mkdir()
    body = HOSTILE[name]
    (folder / "eve.progress.json").write_bytes(body if isinstance(body, bytes) else body.encode())
    (folder / "ada.progress.json").write_text(json.dumps(shared(own)))
    (tmp_path / "course.yaml").symlink_to(course.root / "course.yaml")
    code, said = run("cohort", "stuck", folder)
    assert code == 0, said
    assert "no progress file: eve.progress.json" in said and "1 of 1: ada (3 tries)" in said


def test_odd_values_in_a_progress_file_do_nothing(course: Course) -> None:
    def read(**values: Any) -> Any:
        entry = {"verdict": "wrong", "attempts": 9, "stalled": 5, "best": 1.0, "sentence": "x", **values}
        found = read_shared(course, json.dumps({"lab3/find_heads": entry, "no/such": entry, "lab3": 3}).encode())
        assert found is not None
        return found.get(course.exercise("find_heads"))

    assert read().tries == 5
    for odd in (True, -3, 1e300, "many", None, [], 10**9):
        assert read(stalled=odd).tries == 0, odd
    assert read(stalled=50).tries == 9  # no more than there were at all
    assert read(best=float("nan")).points == 0 and read(best=1e9).points == 5
    assert read(sentence={"a": 1}).sentence == ""
    assert read(sentence="a\x1b[2Jb\n=c" + "d" * 9999).sentence.startswith("a [2Jb =cd")
    assert len(read(sentence="d" * 9999).sentence) == 300
    assert read(verdict="passed") is None
    assert read_shared(course, b"{}") == {}


def test_a_sentence_is_no_formula_and_no_order_to_the_terminal(course: Course, tmp_path: Path) -> None:
    entry = {"verdict": "wrong", "attempts": 9, "stalled": 5, "sentence": "=HYPERLINK(1)\x1b]0;x\x07"}
    (tmp_path / "course.yaml").symlink_to(course.root / "course.yaml")
    (tmp_path / "class").mkdir()
    (tmp_path / "class/=eve.progress.json").write_text(json.dumps({"lab3/find_heads": entry}))
    code, said = run("cohort", "stuck", tmp_path / "class", "--to", tmp_path / "stuck.csv")
    assert code == 0 and "\x1b" not in said and "\x07" not in said
    text = (tmp_path / "stuck.csv").read_text()
    assert "'=HYPERLINK" in text and "'=eve" in text


@pytest.mark.parametrize(
    ("name", "learner"),
    [
        ("Ada.progress (1).json", "Ada"),
        ("ada-progress-2.json", "ada"),
        ("ada.progress.json.txt", "ada"),
        ("Ada Lovelace_1_assignsubmission_file_/progress (2).json", "Ada Lovelace_1"),
        ("lovelaceada_101_501_ada.progress-1.json", "lovelaceada_101"),
    ],
)
def test_a_renamed_file_is_found(tmp_path: Path, name: str, learner: str) -> None:
    """Browsers and platforms rename files, and a learner who asked for help would not be seen."""
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("{}")
    (tmp_path / "progress.txt").write_text("")
    assert files_of(tmp_path, "progress.json") == [(learner, tmp_path / name)]
