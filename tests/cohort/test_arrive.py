"""A class of odd hand-ins by the real commands: nobody is without a row, and every row says why."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from submissions.trouble import TROUBLE as ALL

from mechgrade.course import Course

from .ground import cohort, results, small_course

#: The small course has one lab alone.
TROUBLE = [case for case in ALL if case.name != "another lab's folder"]


def rows(path: Path) -> dict[str, dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return {row["learner"]: row for row in csv.DictReader(file)}


def test_check_grade_and_a_list(tmp_path: Path) -> None:
    """More than sixty learners by check and by grade: used, ignored, missing; points where a file counts, a reason where none does."""
    course = small_course(tmp_path / "course")
    folder = tmp_path / "class"
    for place, case in enumerate(TROUBLE):
        (folder / f"learner{place:02}").mkdir(parents=True)
        case.build(course, folder / f"learner{place:02}")
    (tmp_path / "list.csv").write_text("login,name\nlearner00,Ada\nnobody,Amy Absent\n")
    checked = cohort(course, "check", folder, "--to", tmp_path / "check.csv", "--roster", tmp_path / "list.csv")
    assert checked.returncode == 0, checked.stderr
    table = rows(tmp_path / "check.csv")
    out = tmp_path / "out"
    done = cohort(course, "grade", folder, "--out", out, "--jobs", "1", "--roster", tmp_path / "list.csv")
    assert done.returncode == 0, done.stdout + done.stderr
    grades = rows(out / "grades.csv")
    assert list(grades) == [*(f"learner{place:02}" for place in range(len(TROUBLE))), "Amy Absent"]
    assert table.keys() == grades.keys()
    for place, case in enumerate(TROUBLE):
        name = f"learner{place:02}"
        used = f"{case.used} for " in table[name]["used"] and "lab3/find_heads" in table[name]["used"]
        assert used == bool(case.used), table[name]
        assert (grades[name]["lab3/find_heads"] == "5") == bool(case.used), grades[name]
        note = grades[name]["handed_in"].partition("; ignored")[0]
        assert any(words in note for words in ("find_heads", "all exercises", "nothing")) == (not case.used), note
        assert all(words.partition(":")[0] in table[name]["ignored"] for words in case.ignored)
    assert grades["Amy Absent"]["score"] == "" and grades["Amy Absent"]["handed_in"] == "nothing was handed in"
    page = (out / "summary.html").read_text()
    assert all(f'<a href="learners/{name}.html">{name}</a>' in page for name in grades if name != "Amy Absent")


def test_changes_comments_and_requests(small: Course, graded: tuple[Path, Path], tmp_path: Path) -> None:
    """What a grader changes is seen; a comment reaches all with the mistake, and is there after another run; a request is listed."""
    folder, _ = graded
    out = tmp_path / "out"
    grade = ("grade", folder, "--out", out, "--jobs", "1")
    assert cohort(small, *grade).returncode == 0
    assert cohort(small, "diff", out, graded[1]).stdout == "no verdict and no points changed\n"
    path = out / "learners/learner000.json"
    tree = json.loads(path.read_text())
    tree["exercises"][0]["checks"][0] |= {"verdict": "wrong", "points": 0.0}
    (tmp_path / "old/learners").mkdir(parents=True)
    (tmp_path / "old/learners/learner000.json").write_text(json.dumps(tree))
    said = cohort(small, "diff", tmp_path / "old", out).stdout
    check = tree["exercises"][0]["checks"][0]
    assert f"learner000: lab3/{tree['exercises'][0]['exercise']} {check['name']}: wrong, 0 of" in said
    assert "learner001" in said and "not there ->" in said
    summary = json.loads((out / "summary.json").read_text())
    exercise = next(each for each in summary["exercises"] if each["misconceptions"])
    mistake = exercise["misconceptions"][0]
    done = cohort(small, "comment", out, "Read <it> again.", "--mistake", mistake["name"])
    assert f"for {mistake['learners']} learners" in done.stdout, done.stderr

    def commented() -> list[str]:
        return [
            page.stem
            for page in sorted((out / "learners").glob("*.html"))
            if "Read &lt;it&gt; again." in page.read_text()
        ]

    told = commented()
    assert len(told) == mistake["learners"]
    before = results(out)
    assert cohort(small, *grade).returncode == 0
    assert results(out) == before and commented() == told
    assert cohort(small, "comment", out, "Read <it> again.", "--mistake", mistake["name"], "--remove").returncode == 0
    assert commented() == []
    request = {"learner": "learner001", "exercise": f"lab3/{exercise['exercise']}", "why": "ties\nare sorted"}
    (tmp_path / "requests").mkdir()
    (tmp_path / "requests/a.regrade.json").write_text(json.dumps(request))
    (tmp_path / "requests/b.regrade.json").write_text("[" * 10_000)
    listed = cohort(small, "requests", out, tmp_path / "requests").stdout
    assert f"learner001: lab3/{exercise['exercise']} (" in listed and "): ties are sorted" in listed
    assert "b.regrade.json: no request that can be read" in listed


def test_checks_have_their_difficulty(graded: tuple[Path, Path]) -> None:
    """Who passes is counted among those who have begun; discrimination is a correlation."""
    summary = json.loads((graded[1] / "summary.json").read_text())
    for exercise in summary["exercises"]:
        begun = (
            summary["learners"] - exercise["verdicts"].get("not_started", 0) - exercise["verdicts"].get("missing", 0)
        )
        assert exercise["checks"]
        for check in exercise["checks"]:
            assert check["tried"] == begun >= check["passed"] > 0
            assert check["discrimination"] is None or -1 <= check["discrimination"] <= 1
    assert "made_by" in (graded[1] / "grades.csv").read_text().splitlines()[0]
    assert "mechgrade " in (graded[1] / "versions.json").read_text()
