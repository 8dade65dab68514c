"""Points go into the column that was asked for, on its scale, or nowhere; and a platform's table keeps its rows."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from mechgrade.cohort import exports
from mechgrade.cohort.arrivals import Arrival
from mechgrade.cohort.roster import read_roster
from mechgrade.course import Course

from .exporting import ADA, WORKSHEET, Export, results


@pytest.fixture(autouse=True)
def in_the_course(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(course.root)


CANVAS = "lovelaceada_101_501_find_heads.py"


def gradebook(columns: str, most: str, cells: str = "") -> str:
    """Canvas' table of one learner."""
    return (
        f"Student,ID,SIS User ID,SIS Login ID,Section,{columns}\n    Points Possible,,,,,{most}\n"
        f'"Lovelace, Ada",101,007,ada,S1,{cells}\n'
    )


@pytest.mark.parametrize("there", ["Lab 30 (778)", "Lab 31 (1),Lab 32 (2)", "Lab 3 (1),Lab 3 (2)"])
@pytest.mark.parametrize("asked", ["Lab 3", "Lab3", "Lab", ""])
def test_another_assignment_is_never_filled(tmp_path: Path, there: str, asked: str) -> None:
    """Nor is one made: the names that there are stand in the message, and no file is written."""
    most = ",".join("5" for _ in there.split(","))
    more = ["--column", asked] if asked else []
    found = Export(results(tmp_path / "out", **{CANVAS: 5}), gradebook(there, most), "--for", "canvas", *more)
    assert found.code == 2 and not found.lines, found.said
    assert all(name in found.said for name in there.split(",")) and "--column" in found.said
    assert "Traceback" not in found.said


@pytest.mark.parametrize("asked", ["Lab 3", "lab 3", "Lab 3 (777)"])
def test_the_exact_name_wins(tmp_path: Path, asked: str) -> None:
    table = gradebook("Lab 30 (778),Lab 3 (777),Current Score", "5,5,(read only)")
    found = Export(results(tmp_path / "out", **{CANVAS: 5}), table, "--for", "canvas", "--column", asked)
    assert found.lines[0][-1] == "Lab 3 (777)" and len(found.lines[0]) == 6
    assert [line[-1] for line in found.lines[1:]] == ["5", "5"]
    assert "scaled" not in found.said


def test_another_maximum_is_scaled_to_and_told(tmp_path: Path) -> None:
    out = results(tmp_path / "out", **{CANVAS: 5})
    found = Export(out, gradebook("Lab 3 (777)", "10.00"), "--for", "canvas", "--column", "Lab 3")
    assert [line[-1] for line in found.lines[1:]] == ["10", "10"]
    assert "scaled from 5 to 10 points, the maximum of Lab 3 (777)" in found.said
    found = Export(out, gradebook("Lab 3 (777)", "0"), "--for", "canvas", "--column", "Lab 3")
    assert [line[-1] for line in found.lines[1:]] == ["0", "5"] and "a maximum of 0" in found.said


def test_blackboards_maximum_stands_in_the_name(tmp_path: Path) -> None:
    out = results(tmp_path / "out", **{"Lab 3_ada_attempt_2026-01-31-10-00-00_find_heads.py": 2.5})
    head = '"Last Name","First Name","Username","Student ID"'
    table = f'{head},"Lab 3 [Total Pts: 100 Score] |55","Lab 30 [Total Pts: 5 Score] |56"\nLovelace,Ada,ada,1,,\nBell,Ben,ben,2,7,\n'
    found = Export(out, table, "--for", "blackboard", "--column", "Lab 3")
    assert found.column("Lab 3 [Total Pts: 100 Score] |55") == {"Lovelace": "50", "Bell": "7"}  # Ben's stays
    assert "scaled from 5 to 100 points" in found.said
    assert Export(out, table, "--for", "blackboard", "--column", "Lab").code == 2


def test_written_points_have_a_column_of_their_own(tmp_path: Path) -> None:
    """Named after the assignment without its number; a new one is told, because the platform makes an assignment of it."""
    path = tmp_path / "list.csv"
    for there, most, scaled in (("Lab 3 (777),Lab 3 written (778)", "5,28", "14"), ("Lab 3 (777)", "5", "7")):
        path.write_text(gradebook(there, most))
        people = read_roster(path)
        one = exports.Grade(Arrival("ada"), 5.0, 5.0, "", people.people[0], 7.0, 14.0)
        table = exports.table("canvas", [one], people, "Lab 3")
        head, _, ada = csv.reader(table.text.splitlines())
        assert head[-2] == "Lab 3 (777)" and head[-1].startswith("Lab 3 written") and ada[-2:] == ["5", scaled]
        told = "scaled from 14 to 28" if scaled == "14" else "Lab 3 written is a new column"
        assert any(told in note for note in table.notes), table.notes


def test_moodles_scale_is_told(tmp_path: Path) -> None:
    found = Export(
        results(tmp_path / "out", **{ADA: 5}),
        f'{WORKSHEET}Participant 1001,Ada Lovelace,a@x,,,"10,00"\n',
        "--for",
        "moodle",
    )
    assert found.column("Grade") == {"Participant 1001": "10"}
    assert "scaled from 5 to 10 points, the maximum of the worksheet" in found.said


def test_a_first_assignment_is_new_and_told(tmp_path: Path) -> None:
    out = results(tmp_path / "out", **{CANVAS: 5})
    table = 'Student,ID,SIS Login ID,Section\n    Points Possible,,,\n"Lovelace, Ada",101,ada,S1\n'
    found = Export(out, table, "--for", "canvas", "--column", "Lab 3")
    assert found.lines[0] == ["Student", "ID", "SIS Login ID", "Section", "Lab 3"]
    assert "Lab 3 is a new column" in found.said


def test_ones_own_column_is_filled_and_stands_there_once(tmp_path: Path) -> None:
    out = results(tmp_path / "out", ada=5)
    found = Export(out, "Name,Login,Lab 3\nAda L,ada,\nBen,ben,9\n", "--column", "Lab 3")
    assert found.lines == [["Name", "Login", "Lab 3"], ["Ada L", "ada", "5"], ["Ben", "ben", "9"]]
    found = Export(out, "Name,Login\nAda L,ada\n", "--column", "Login")
    assert found.code == 2 and "tells who is who" in found.said


@pytest.mark.parametrize(
    ("platform", "name"),
    [("moodle", ADA), ("canvas", CANVAS), ("blackboard", "Lab 3_ada_attempt_2026-01-31-10-00-00_find_heads.py")],
)
def test_a_platforms_table_gets_no_rows(tmp_path: Path, platform: str, name: str) -> None:
    """Who is not in it is named, and a platform is never asked to take somebody whom it does not have."""
    out = results(tmp_path / "out", **{name: 5, "Bob": 3})
    table = {
        "moodle": f"{WORKSHEET}Participant 1001,Ada Lovelace,a@x,,,10.00\n",
        "canvas": gradebook("Lab 3 (7)", "10"),
        "blackboard": "Last Name,First Name,Username,Lab 3 |5\nLovelace,Ada,ada,\n",
    }[platform]
    found = Export(out, table, "--for", platform, "--column", "Lab 3")
    rows = [line for line in found.lines[1:] if "Points Possible" not in line[0]]
    assert len(rows) == 1 and "1 row, 1 with a score" in found.said, found.lines
    assert "not in " in found.said and ": Bob" in found.said


@pytest.mark.parametrize("platform", ["moodle", "canvas", "blackboard"])
def test_another_list_is_no_platforms_table(tmp_path: Path, platform: str) -> None:
    """Rows without the platform's ids would be points for nobody."""
    found = Export(results(tmp_path / "out", ada=5), "Name,Login\nAda,ada\n", "--for", platform)
    assert found.code == 2 and f"is not {platform.title()}'s own table" in found.said and not found.lines
