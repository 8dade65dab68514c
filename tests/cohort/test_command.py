"""`mechgrade cohort`, as an instructor runs it."""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from support import command

from mechgrade.cohort.store import FILE, Store
from mechgrade.course import Course

from .ground import assert_same, cohort, environment, results, small_class, small_course, verdicts

pytestmark = pytest.mark.long

Graded = tuple[Path, Path]


def test_every_kind_of_learner(graded: Graded) -> None:
    """The class has right programs, misconceptions and stubs: each has its verdict, none is a fault."""
    found = {verdict for each in verdicts(graded[1]).values() for verdict in each}
    assert {"passed", "wrong", "not_started"} <= found
    assert not {"grader_error", "infrastructure_error"} & found


def test_two_jobs_give_the_same(small: Course, graded: Graded, tmp_path: Path) -> None:
    """Byte for byte, in every file that says what the results are; docs/cohort.md names those that say how long it took."""
    folder, out = graded
    done = cohort(small, "grade", folder, "--out", tmp_path / "out", "--jobs", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert_same(tmp_path / "out", out)
    timed = {"summary.html", "times.json"}
    rest = [path for path in out.iterdir() if path.is_file() and path.name not in timed and FILE not in path.name]
    assert {path.name for path in rest} >= {"grades.csv", "handed_in.json", "summary.json", "versions.json"}
    assert not [path.name for path in rest if path.read_bytes() != (tmp_path / "out" / path.name).read_bytes()]


def test_the_same_as_mechgrade_grade(small: Course, graded: Graded, tmp_path: Path) -> None:
    """One grader, several fronts: for some learners, what `mechgrade grade --json` says is what the cohort's file says."""
    folder, out = graded
    for name in ("learner000", "learner002"):
        arguments = ["grade", str(folder / name), "--json", str(tmp_path / "one.json")]
        subprocess.run(
            [*command(), *arguments],
            cwd=small.root,
            env=environment(),
            check=True,
            capture_output=True,
            timeout=300,
        )
        one = json.loads((tmp_path / "one.json").read_text())
        for exercise in one["exercises"]:
            del exercise["seconds"]
        other = json.loads((out / "learners" / f"{name}.json").read_text())
        assert {"learner": name, **one} == other


def test_files_for_people(graded: Graded) -> None:
    """grades.csv is RFC 4180 and adds up; pages load nothing and name the mistakes; the terminal shows the same."""
    _, out = graded
    assert b"\r\n" in (out / "grades.csv").read_bytes()
    with (out / "grades.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["learner"] for row in rows] == sorted(f"learner{place:03}" for place in range(12))
    for row in rows:
        assert float(row["score"]) == float(row["lab3/find_heads"]) + float(row["lab3/repeated_tokens"])
        assert row["max_score"] == "10"
        assert row["ungraded"] == "0"
    summary = json.loads((out / "summary.json").read_text())
    assert sum(summary["scores"]) == summary["learners"] == 12
    assert summary["total"] == sum(float(row["score"]) for row in rows)
    mistakes = [mistake for exercise in summary["exercises"] for mistake in exercise["misconceptions"]]
    assert len(mistakes) > 3
    page = (out / "summary.html").read_text()
    assert all(mistake["name"] in page for mistake in mistakes)
    assert "http" not in page.replace("http-equiv", "")
    assert "learner000" in (out / "learners/learner000.html").read_text()
    assert "`" not in re.sub(r"<style>.*?</style>", "", page, flags=re.S)  # the sentences' code is set as code
    times = json.loads((out / "times.json").read_text())
    assert all(0 < time["functions"] < time["grading"] for time in times.values()), times


def test_summary_in_the_terminal(small: Course, graded: Graded) -> None:
    """What an instructor reads without a browser: counts and the mistakes' sentences."""
    done = cohort(small, "summary", graded[1])
    assert done.returncode == 0, done.stderr
    assert "12 learners" in done.stdout
    assert "lab3/find_heads" in done.stdout
    summary = json.loads((graded[1] / "summary.json").read_text())
    assert summary["exercises"][0]["misconceptions"][0]["name"] in done.stdout


def test_only_what_changed_is_graded_again(tmp_path: Path) -> None:
    """Nothing; one learner's file; one grader: each time exactly what it touches, and the rest keeps its result."""
    course = small_course(tmp_path / "course")
    folder = small_class(course, tmp_path / "class", 4)
    out = tmp_path / "out"

    def grade() -> int:
        before = kept()
        done = cohort(course, "grade", folder, "--out", out, "--jobs", "1")
        assert done.returncode == 0, done.stdout + done.stderr
        return len(kept() - before)

    def kept() -> set[str]:
        if not (out / FILE).exists():
            return set()
        with Store(out) as store:
            return {key for _, keys in store.roster() for key in keys}

    assert grade() == 8
    first = results(out)
    assert grade() == 0
    assert results(out) == first
    with (folder / "learner001/lab3/find_heads.py").open("a") as file:
        file.write("# changed\n")
    assert grade() == 1
    with (course.root / "graders/lab3/test_repeated_tokens.py").open("a") as file:
        file.write("# a remark\n")
    assert grade() == 0
    with (course.root / "graders/lab3/test_repeated_tokens.py").open("a") as file:
        file.write("changed = True\n")
    assert grade() == 4

    def without_versions(found: dict[str, bytes]) -> dict[str, bytes]:
        return {name: re.sub(rb", course [0-9a-f]{8}", b"", body) for name, body in found.items()}

    assert results(out) != first, "another course made these grades"
    assert without_versions(results(out)) == without_versions(first)
    shutil.rmtree(folder / "learner003")
    assert grade() == 0
    assert sorted(path.name for path in (out / "learners").iterdir()) == [
        f"learner{place:03}.{kind}" for place in range(3) for kind in ("html", "json")
    ]


def test_hidden_inputs(tmp_path: Path) -> None:
    """Who hard-codes passes in public alone. The reference runs once; the secret is in no file."""
    secret = "a secret that is easily found"
    course = small_course(tmp_path / "course", ("repeated_tokens",))
    folder = small_class(course, tmp_path / "class", 3)
    out = tmp_path / "out"
    done = cohort(course, "grade", folder, "--out", out, "--jobs", "2", MECHGRADE_SECRET=secret)
    assert done.returncode == 0, done.stdout + done.stderr
    assert verdicts(out)["learner000"] == ["passed"]
    with Store(out) as store:
        (count,) = store._db.execute("SELECT COUNT(*) FROM live_runs").fetchone()
        (calls,) = store._db.execute("SELECT COUNT(DISTINCT call) FROM live_runs").fetchone()
    assert count == calls > 0
    assert all(secret.encode() not in path.read_bytes() for path in out.rglob("*") if path.is_file())
    public = cohort(course, "grade", folder, "--out", out, "--jobs", "1")
    assert "0 of 3 learners had been graded before" in public.stdout
    again = cohort(course, "grade", folder, "--out", out, "--jobs", "1", MECHGRADE_SECRET=secret)
    assert "3 of 3 learners had been graded before" in again.stdout


def test_a_zip_of_a_class(small: Course, graded: Graded, tmp_path: Path) -> None:
    """The same grades as from the folder, and without any grading, because the files are the same."""
    folder, out = graded
    shutil.copytree(out, tmp_path / "out")
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as archive:
        for file in sorted(folder.rglob("*.py")):
            archive.write(file, file.relative_to(folder))
    done = cohort(small, "grade", tmp_path / "class.zip", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "12 of 12 learners had been graded before" in done.stdout
    assert_same(tmp_path / "out", out)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["grade", "nowhere", "--out", "out"], "there is nothing at nowhere"),
        (["grade", ".", "--out", "out", "--lab", "lab9"], "there is no lab 'lab9'"),
        (["grade", ".", "--out", "out", "--model", "gpt9"], "there is no model 'gpt9'"),
        (["grade", ".", "--out", "out", "--backend", "hocked"], "there is no back end 'hocked'"),
        (
            ["grade", ".", "--out", "out", "--isolation", "inline"],
            "a class is graded at full or process",
        ),
        (
            ["grade", ".", "--out", "out", "--isolation", "process", "--require-isolation", "full"],
            "asks for isolation full, and",
        ),
        (["grade", ".", "--out", "out", "--jobs", "0"], "--jobs"),
        (["summary", "nowhere"], "there is no nowhere/summary.json"),
    ],
)
def test_mistakes_are_told_in_a_sentence(small: Course, tmp_path: Path, arguments: list[str], words: str) -> None:
    """Exit code 2, what was found, no traceback."""
    arguments = [str(tmp_path / "out") if each == "out" else each for each in arguments]
    done = cohort(small, *arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
