"""Points reach the person of the class list whose they are, or nobody: what two people share, or what contradicts itself, is told."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mechgrade.cohort.arrivals import Arrival
from mechgrade.cohort.matching import match
from mechgrade.cohort.roster import read_roster
from mechgrade.course import Course
from mechgrade.doors.cli import app

from .exporting import ADA, BOB, LAB, MOODLE, WORKSHEET, Export, results
from .ground import small_course


@pytest.fixture(autouse=True)
def in_the_course(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(course.root)


def test_digits_of_a_login_are_no_number_of_a_platform(tmp_path: Path) -> None:
    out = results(tmp_path / "out", **{ADA: 5, BOB: 0})
    found = Export(out, "Name,Login\nAda Lovelace,s1002\nBob Smith,s1001\n")
    assert found.last == {"Ada Lovelace": "5", "Bob Smith": "0"}, found.said


@pytest.mark.parametrize("column", ["Student ID", "ID", "Identifier", "ID number"])
def test_a_number_of_another_kind_is_not_the_platforms(tmp_path: Path, column: str) -> None:
    out = results(tmp_path / "out", **{ADA: 5, BOB: 0})
    found = Export(out, f"Name,{column}\nAda Lovelace,1002\nBob Smith,1001\n")
    assert found.last == {"Ada Lovelace": "5", "Bob Smith": "0"}, found.said


def test_an_address_of_digits_is_no_participants_number(tmp_path: Path) -> None:
    """Eve is not in the worksheet; Ada, whose address begins with Eve's number, gets nothing of hers."""
    out = results(tmp_path / "out", **{MOODLE.format("Eve Old_1001"): 5})
    table = (
        f"{WORKSHEET}Participant 2001,Ada Lovelace,1001@uni.edu,,,100\nParticipant 2002,Bob Smith,1002@uni.edu,,,100\n"
    )
    found = Export(out, table, "--for", "moodle")
    assert found.column("Grade") == {"Participant 2001": "", "Participant 2002": ""}
    assert "not in " in found.said and "Eve Old_1001" in found.said


def test_a_number_and_a_name_that_contradict_each_other_find_nobody(tmp_path: Path) -> None:
    """A worksheet whose rows were mixed up: neither row gets the other's points, and Cid's is as it should be."""
    out = results(tmp_path / "out", **{ADA: 5, BOB: 0, MOODLE.format("Cid Ode_1003"): 3})
    table = f"{WORKSHEET}Participant 1001,Bob Smith,b@x,,,5\nParticipant 1002,Ada Lovelace,a@x,,,5\nParticipant 1003,Cid Ode,c@x,,,5\n"
    found = Export(out, table, "--for", "moodle")
    assert found.column("Grade") == {"Participant 1001": "", "Participant 1002": "", "Participant 1003": "3"}
    assert "Ada Lovelace_1001, because the number 1001 is Bob Smith's, but the name is Ada Lovelace's" in found.said


def test_a_namesake_with_another_number_is_another_person(tmp_path: Path) -> None:
    """Canvas' numbers are one for all of Canvas: who has Ada's name and another number is not Ada."""
    out = results(tmp_path / "out", **{"lovelaceada_999_1_find_heads.py": 5, "smithbob_102_2_find_heads.py": 4})
    table = (
        'Student,ID,SIS Login ID,Lab 3 (7)\n    Points Possible,,,5\n"Lovelace, Ada",101,ada,\n"Smith, Bob",102,bob,\n'
    )
    found = Export(out, table, "--for", "canvas", "--column", "Lab 3")
    assert [line[-1] for line in found.lines[2:]] == ["", "4"]
    assert "lovelaceada_999, because the name is Lovelace, Ada's, but the number 999 is not in the list" in found.said


@pytest.mark.parametrize(
    ("folder", "name", "points"),
    [
        ("Ada Lovelace", "Ada M. Lovelace", "5"),
        ("Participant", "Ada M. Lovelace", "5"),  # Moodle hides names while anonymous submissions are on
        ("Participant", "", "5"),
        ("Ada Lovelace", "", "5"),
        ("Mo Bell", "Ada M. Lovelace", ""),  # a letter is no name
    ],
)
def test_a_number_with_a_name_that_may_be_the_persons(tmp_path: Path, folder: str, name: str, points: str) -> None:
    """People have more names than a platform tells; a name of which no word is theirs is another's."""
    out = results(tmp_path / "out", **{MOODLE.format(f"{folder}_1001"): 5})
    found = Export(out, f"{WORKSHEET}Participant 1001,{name},a@x,,,5\n", "--for", "moodle")
    assert found.column("Grade") == {"Participant 1001": points}
    assert ("given to nobody" in found.said) == (not points)


def test_a_worksheet_of_another_assignment_is_told(tmp_path: Path) -> None:
    """Moodle numbers its people anew for each assignment. Names find them, and it is said."""
    out = results(tmp_path / "out", **{ADA: 5, BOB: 4})
    table = f"{WORKSHEET}Participant 2001,Ada Lovelace,a@x,,,5\nParticipant 2002,Bob Smith,b@x,,,5\n"
    found = Export(out, table, "--for", "moodle")
    assert found.column("Grade") == {"Participant 2001": "5", "Participant 2002": "4"}
    assert "it may be the worksheet of another assignment" in found.said


def test_a_login_that_is_anothers_name_finds_nobody(tmp_path: Path) -> None:
    out = results(tmp_path / "out", ada=5)
    found = Export(out, "Name,Login\nAda,x1\nBob,ada\n")
    assert found.last == {"Ada": "", "Bob": ""}
    assert "2 people of the list may be meant: Ada and Bob" in found.said


def test_logins_differ_by_their_signs(tmp_path: Path) -> None:
    out = results(tmp_path / "out", a_b=5, ab=3)
    assert Export(out, "Name,Login\nX,a_b\nY,ab\n").last == {"X": "5", "Y": "3"}


def test_two_hand_ins_of_one_person_are_told_and_none_counts(tmp_path: Path) -> None:
    out = results(tmp_path / "out", **{"Ada Lovelace": 5, "ada": 0, "bob": 4})
    found = Export(out, 'Name,Login\n"Lovelace, Ada",ada\nBob,bob\n')
    assert found.last == {"Lovelace, Ada": "", "Bob": "4"}
    assert "ada, because Lovelace, Ada may be this learner, and may be Ada Lovelace" in found.said
    assert "2 rows, 1 with a score" in found.said


def test_two_people_of_one_name_when_the_list_has_one(tmp_path: Path) -> None:
    out = results(tmp_path / "out", **{MOODLE.format("Li Wei_21"): 5, MOODLE.format("Li Wei_22"): 0})
    found = Export(out, "Name,Login\nLi Wei,lwei\n")
    assert found.last == {"Li Wei": ""} and found.said.count("given to nobody in ") == 2
    found = Export(out, f"{WORKSHEET}Participant 21,Li Wei,l@x,,,5\n", "--for", "moodle")
    assert found.column("Grade") == {"Participant 21": "5"}  # here the number tells who is who
    assert "Li Wei_22, because the name is Li Wei's, but the number 22 is not in the list" in found.said


def test_vowel_signs_tell_names_apart(tmp_path: Path) -> None:
    out = results(tmp_path / "out", **{"राम": 5})
    assert Export(out, "Name,Login\nरमा,r1\nराम,r2\n").last == {"रमा": "", "राम": "5"}


# --- lists as people have them --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Nachname;Vorname;Anmeldename\nLovelace;Ada;ada\n",
        "Name;Vorname;Benutzername\nLovelace;Ada;ada\n",
        '"Name, Vorname";Matrikelnummer;E-Mail-Adresse\n"Lovelace, Ada";17;ada@x.org\n',
        "Prénom,Nom,Nom d'utilisateur\nAda,Lovelace,ada\n",
        "Nom de famille;Prénom;Adresse de courriel\nLovelace;Ada;ada@x.org\n",
        "Nombre,Apellido(s),Dirección de correo\nAda,Lovelace,ada@x.org\n",
        "first_name,last_name,login\nAda,Lovelace,ada\n",
        "sep=;\nName;Login\nAda Lovelace;ada\n",
        '"sep=,"\r\nName,Login\r\nAda Lovelace,ada\r\n',
        "Name,Login\rAda Lovelace,ada\r",
        "Lovelace Ada\n",
    ],
)
@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_a_list_in_any_of_four_languages(tmp_path: Path, text: str, coding: str) -> None:
    """It holds Ada and nobody else, and she is found by her login and by her name."""
    (tmp_path / "list.csv").write_bytes(text.encode(coding))
    people = read_roster(tmp_path / "list.csv")
    (ada,) = people.people
    assert sorted(ada.shown.replace(",", "").split()) == ["Ada", "Lovelace"]
    for learner in ["Ada Lovelace", "lovelaceada"] + ["ada"] * ("ada" in ada.row.values()):
        assert match(people, [Arrival(learner, learner)]).people == {learner: ada}


def zipped(*names: str) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        for name in names:
            archive.writestr(name, "")
    return body.getvalue()


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        ("list.xlsx", b"PKaaaa", "save it as CSV"),
        ("list.xlsx", zipped("xl/workbook.xml", "[Content_Types].xml"), "save it as CSV"),
        ("list.csv", zipped("[Content_Types].xml"), "save it as CSV"),
        ("Course-Lab 3.zip", zipped("Ada_1_assignsubmission_file_/find_heads.py"), "is a zip, and no class list"),
        ("list.csv", zipped("find_heads.py"), "is a zip, and no class list"),
        ("list.csv", b"PK\x03\x04a\rb\n\x00", "save it as CSV"),
        ("list.xls", b"\xd0\xcf\x11\xe0\xa1\xb1", "save it as CSV"),
        ("list.xls", b"<html><table>", "save it as CSV"),
        ("list.csv", b"Na\x00me\nAda\n", "save it as CSV"),
        ("list.csv", b"Sukunimi;Etunimi\nLovelace;Ada\n", "its first line is Sukunimi, Etunimi"),
        ("list.csv", b"Sukunimi;Etunimi\nLovelace;Ada\n", "first name, last name, login, email, student id"),
        ("list.csv", b"Lovelace, Ada\nBell, Ben\n", "a bare list has one name a line"),
    ],
)
def test_a_file_that_is_no_list_is_told_and_holds_nobody(tmp_path: Path, name: str, body: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(body)
    (tmp_path / "class/ada").mkdir(parents=True)
    arguments = ["cohort", "check", str(tmp_path / "class"), "--lab", LAB, "--roster", str(tmp_path / name)]
    run = CliRunner().invoke(app, arguments, env={"COLUMNS": "500"})
    assert run.exit_code == 2 and said in run.output and "nothing was handed in" not in run.output, run.output
    assert "Traceback" not in run.output


def test_check_and_grade_say_what_is_not_clear(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody with two hand-ins "handed in nothing"."""
    course = small_course(tmp_path / "course", ("find_heads",))
    monkeypatch.chdir(course.root)
    for name in ("Ada Lovelace", "ada"):
        (tmp_path / "class" / name).mkdir(parents=True)
        (tmp_path / "class" / name / "find_heads.py").write_text(f"def find_heads(a, b):\n    return {name!r}\n")
    (tmp_path / "list.csv").write_text('Name,Login\n"Lovelace, Ada",ada\nZoe,zoe\n')
    arguments = [str(tmp_path / "class"), "--roster", str(tmp_path / "list.csv")]
    said = CliRunner().invoke(app, ["cohort", "check", *arguments], env={"COLUMNS": "500"}).output
    assert "Lovelace, Ada: not clear whose this is: Ada Lovelace or ada" in said
    assert "ada, because Lovelace, Ada may be this learner, and may be Ada Lovelace" in said
    assert said.count("nothing was handed in") == 1 and "Zoe: nothing was handed in" in said


def test_check_names_who_is_in_no_list_and_who_was_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the grading it can still be mended: a hand-in of two people is nobody's in the list."""
    course = small_course(tmp_path / "course", ("find_heads",))
    monkeypatch.chdir(course.root)
    for name in (
        "lovelaceada_LATE_101_501_find_heads.py",
        "smithbob_102_502_find_heads.py",
        "Hank + Ivy/find_heads.py",
    ):
        (tmp_path / "class" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "class" / name).write_text(f"def find_heads(a, b):\n    return {name!r}\n")
    (tmp_path / "list.csv").write_text("name\nAda Lovelace\nBob Smith\nHank\nIvy\n")
    arguments = [str(tmp_path / "class"), "--roster", str(tmp_path / "list.csv"), "--to", str(tmp_path / "check.csv")]
    said = CliRunner().invoke(app, ["cohort", "check", *arguments], env={"COLUMNS": "500"}).output
    assert f"not in {tmp_path / 'list.csv'}: Hank + Ivy\n" in said
    assert said.count(f"not in {tmp_path / 'list.csv'}") == 1
    assert "lovelaceada_101: 1 of 1 exercises begun; late, as the platform's file names say" in said
    assert said.count("late, as") == 1
    with (tmp_path / "check.csv").open(newline="") as file:
        late = {row["learner"]: row["late"] for row in csv.DictReader(file)}
    assert late == {"Hank + Ivy": "", "lovelaceada_101": "LATE", "smithbob_102": "", "Hank": "", "Ivy": ""}
    one = Arrival("lovelaceada_101", used={f"{LAB}/find_heads": "find_heads.py"}, is_late=True)
    assert one.note(course) == "late, as the platform's file names say"
