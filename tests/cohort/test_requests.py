"""Requests to look at a grade again reach the instructor as platforms, browsers and people send them, beside the right learner's verdict."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mechgrade.cohort.requests import read_requests, request
from mechgrade.course import Course, CourseError
from mechgrade.doors.cli import app

from .exporting import LAB, MOODLE, results

#: Two of one name, as Moodle packs them, and who is in Canvas' names.
CLASS = {
    MOODLE.format("Gina Gray_12351"): 1,
    MOODLE.format("John Smith_12353"): 2,
    MOODLE.format("John Smith_12354"): 3,
    "foxfrank_1001_5001_find_heads.py": 4,
    "Ada Lovelace": 5,
}


def asked(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize(
    ("name", "points"),
    [
        ("Gina Gray_12351_assignsubmission_file_/find_heads.regrade.json", 1),
        ("Gina Gray_99_assignsubmission_file_/find_heads.regrade.json", 1),  # of another assignment of Moodle's
        ("Gina Gray_12351/find_heads.regrade (1).json", 1),
        ("gina gray/find_heads.regrade-1.json", 1),
        ("foxfrank_1001_5512_find_heads.regrade-1.json", 4),
        ("foxfrank_LATE_1001_5513_find_heads.regrade.json", 4),
        ("Frank Fox/regrade.json.txt", 4),
        ("Lovelace, Ada/ada.json", 5),
        ("Ada Lovelace.regrade.json", 5),
        ("John Smith_12354_assignsubmission_file_/find_heads.regrade.json", 3),
    ],
)
@pytest.mark.parametrize("form", ["folder", "zip", "zip in a folder"])
def test_each_is_found_as_it_was_sent(tmp_path: Path, name: str, points: int, form: str) -> None:
    out = results(tmp_path / "out", **CLASS)
    path = asked(tmp_path / "sent", **{name: request(f"{LAB}/find_heads", "ties")})
    if form != "folder":
        (tmp_path / "zips").mkdir()
        with zipfile.ZipFile(tmp_path / "zips/all.zip", "w") as archive:
            archive.write(path / name, name)
        path = tmp_path / "zips" if form == "zip in a folder" else tmp_path / "zips/all.zip"
    (line,) = read_requests(out, path)
    assert line.endswith(f": {LAB}/find_heads (passed, {points} of 5): ties")


@pytest.mark.parametrize(
    ("name", "own", "said"),
    [
        ("find_heads.regrade.json", "Frank Fox", "foxfrank_1001: lab3/find_heads (passed, 4 of 5)"),
        ("a.json", "Nobody", "Nobody (a.json): lab3/find_heads (not in these results)"),
        ("John Smith/a.json", "", "John Smith/a.json: lab3/find_heads (John Smith may be John Smith_12353 or John Smith_12354)"),
        # The platform's word counts more than the learner's.
        ("Gina Gray_12351/a.json", "Ada Lovelace", "Gina Gray_12351: lab3/find_heads (passed, 1 of 5)"),
        ("John Smith/a.json", "Ada Lovelace", "Ada Lovelace (John Smith/a.json): lab3/find_heads (John Smith may be"),
    ],
)  # fmt: skip
def test_whose_it_is(tmp_path: Path, name: str, own: str, said: str) -> None:
    out = results(tmp_path / "out", **CLASS)
    (line,) = read_requests(out, asked(tmp_path / "sent", **{name: request(f"{LAB}/find_heads", "ties", own)}))
    assert line.startswith(said)


def test_what_is_no_request_is_named(tmp_path: Path) -> None:
    """A file that may be somebody's request is never passed over in silence."""
    out = results(tmp_path / "out", **CLASS)
    files = {
        "a.regrade.json": "[" * 10_000,
        "b.regrade": "soon",
        "c.json": '{"why": 1}',
        "d.regrade.json": "x" * 30_000,
        "e.rar": "",
        "f.zip": "no zip",
        "g.py": "",
    }
    lines = read_requests(out, asked(tmp_path / "sent", **files))
    assert [line.partition(":")[0] for line in lines] == sorted(files)[:-1]
    with pytest.raises(CourseError, match="no regrade request"):
        read_requests(out, asked(tmp_path / "none", **{"g.py": ""}))
    with pytest.raises(CourseError, match="there is nothing at"):
        read_requests(out, tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [([""], "say what you think is right"), ([" \n"], "say what"), (["ties", "--to", "ada.txt"], "such as ada.regrade.json")],
)  # fmt: skip
def test_a_request_that_nobody_would_read_is_not_written(
    course: Course, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str
) -> None:
    monkeypatch.chdir(course.root)
    before = set(course.root.iterdir())
    run = CliRunner().invoke(app, ["regrade-request", "find_heads", *arguments], env={"COLUMNS": "500"})
    assert run.exit_code == 2 and words in run.output
    assert set(course.root.iterdir()) == before
