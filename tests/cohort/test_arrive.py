"""A class of odd hand-ins by the real commands: nobody is without a row, and every row says why."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
from submissions.trouble import TROUBLE as ALL

from mechgrade.course import Course

from .exporting import Export
from .ground import cohort, results, small_course

pytestmark = pytest.mark.long

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
    nothing = [name for name, row in grades.items() if row["handed_in"] == "nothing was handed in"]
    assert [name for name, row in grades.items() if not row["score"]] == nothing
    assert all((f'<a href="learners/{name}.html">{name}</a>' in page) == (name not in nothing) for name in grades)


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
    assert "in the second results alone, and not compared: learner001" in said and "not there" not in said
    (tmp_path / "old/learners/learner000.json").write_text(json.dumps(tree | {"learner": "somebody else"}))
    other = cohort(small, "diff", tmp_path / "old", out)
    assert other.returncode == 2 and "the results of two classes" in other.stderr
    summary = json.loads((out / "summary.json").read_text())
    exercise = next(each for each in summary["exercises"] if each["misconceptions"])
    mistake = exercise["misconceptions"][0]
    done = cohort(small, "comment", out, "Read <it> again.", "--mistake", mistake["name"])
    assert f"for {mistake['learners']} learner" in done.stdout, done.stderr

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


def test_nothing_handed_in_is_no_zero_with_a_folder_or_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One rule for an empty folder, a folder of computers' own files, and no folder at all: no score, no page, no part in the mean."""
    course = small_course(tmp_path / "course", ("find_heads",))
    answer = (course.root / "solutions/lab3/find_heads.py").read_text()
    for name in ("ada", "bob", "cid", "dan"):
        (tmp_path / "class" / name).mkdir(parents=True)
    (tmp_path / "class/ada/find_heads.py").write_text(answer)
    (tmp_path / "class/cid/.DS_Store").write_text("x")
    (tmp_path / "class/dan/find_heads.docx").write_text("x")  # something was handed in, and it is worth nothing
    (tmp_path / "list.csv").write_text("name,login\nAda,ada\nBob,bob\nCid,cid\nDan,dan\nZoe,zoe\n")
    out = tmp_path / "out"
    done = cohort(course, "grade", tmp_path / "class", "--out", out, "--jobs", "1", "--roster", tmp_path / "list.csv")
    assert done.returncode == 0, done.stdout + done.stderr
    with (out / "grades.csv").open(newline="") as file:
        rows = {row["learner"]: row for row in csv.DictReader(file)}
    assert {name: row["score"] for name, row in rows.items()} == {
        "ada": "5",
        "bob": "",
        "cid": "",
        "dan": "0",
        "Zoe": "",
    }
    nothing = [(row["max_score"], row["handed_in"], row["made_by"]) for row in rows.values() if not row["score"]]
    assert nothing == [("5", "nothing was handed in", "")] * 3
    assert "2 learners, mean score 2.5 of 5" in done.stdout
    assert "No score, because nothing was handed in: bob, cid, Zoe" in done.stdout
    assert sorted(path.name for path in (out / "learners").glob("*.html")) == ["ada.html", "dan.html"]
    monkeypatch.chdir(course.root)
    found = Export(out, (tmp_path / "list.csv").read_text(), "--feedback", str(tmp_path / "f.zip"))
    assert found.last == {"Ada": "5", "Bob": "", "Cid": "", "Dan": "0", "Zoe": ""}
    assert "5 rows, 2 with a score" in found.said and "2 pages" in found.said


def test_only_what_is_begun_is_counted(tmp_path: Path) -> None:
    """An untouched course folder, an empty file and a function of another name are told, in the check and in grades.csv."""
    course = small_course(tmp_path / "course")
    text = (course.root / "solutions/lab3/find_heads.py").read_text()
    folder = tmp_path / "class"
    shutil.copytree(course.root / "exercises", folder / "bob")
    for name, body in {"ada": text, "cy": "", "dan": text.replace("def find_heads(", "def findHeads(")}.items():
        (folder / name).mkdir()
        (folder / name / "find_heads.py").write_text(body)
    done = cohort(course, "check", folder, "--to", tmp_path / "check.csv")
    assert done.returncode == 0, done.stderr
    for name, count in {"ada": 1, "bob": 0, "cy": 0, "dan": 0}.items():
        assert f"{name}: {count} of 2 exercises begun" in done.stdout
    assert "4 hand-ins; in 0 something is written for all 2 exercises" in done.stdout
    with (tmp_path / "check.csv").open(newline="") as file:
        found = {row["learner"]: row for row in csv.DictReader(file)}
    whys = {
        "ada": "",
        "bob": "lab3, all exercises",
        "cy": "find_heads.py for lab3/find_heads: it is empty",
        "dan": "find_heads.py for lab3/find_heads: it defines no `find_heads`",
    }
    assert {name: row["not_begun"] for name, row in found.items()} == whys
    assert [name for name, row in found.items() if row["used"]] == ["ada"]
    done = cohort(course, "grade", folder, "--out", tmp_path / "out", "--jobs", "1")
    assert done.returncode == 0, done.stderr
    assert "dan: not begun: find_heads.py" in done.stdout and "bob: not begun" not in done.stdout
    with (tmp_path / "out/grades.csv").open(newline="") as file:
        notes = {row["learner"]: row["handed_in"] for row in csv.DictReader(file)}
    assert notes["ada"] == "missing: lab3: repeated_tokens" and notes["bob"] == "not begun: lab3, all exercises"
    assert notes["cy"] == f"not begun: {whys['cy']}; missing: lab3: repeated_tokens"


def test_a_class_list_tells_blackboards_users(tmp_path: Path) -> None:
    """By the commands: with the list the users are those in it, and without it what was assumed is said."""
    course = small_course(tmp_path / "course")
    folder = tmp_path / "class"
    folder.mkdir()
    for place, user in enumerate(["c_smith", "c_jones"]):
        (folder / f"Lab 3_{user}_attempt_2024-01-01-10-10-1{place}_find_heads.py").write_text("x = 1\n")
    roster = tmp_path / "list.csv"
    roster.write_text('"Last Name","First Name","Username"\nSmith,Carl,c_smith\nJones,Cid,c_jones\n')
    without = " ".join(cohort(course, "check", folder).stdout.split())
    assert "the assignment was taken to be 'Lab 3_c', and a user 'jones'" in without and "--roster" in without
    done = cohort(course, "check", folder, "--roster", roster, "--to", tmp_path / "check.csv")
    assert list(rows(tmp_path / "check.csv")) == ["c_jones", "c_smith"]
    assert "Blackboard's names" not in done.stdout and "nothing was handed in" not in done.stdout
    assert cohort(course, "grade", folder, "--out", tmp_path / "out", "--jobs", "1", "--roster", roster).returncode == 0
    assert list(rows(tmp_path / "out/grades.csv")) == ["c_jones", "c_smith"]
