"""What Canvas, Moodle and Blackboard give for a class is read as it is, and grades and feedback go back under their ids."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import zipfile
from pathlib import Path

import pytest
from submissions.awkward import LAB, answer, done

from mechgrade.cohort import exports
from mechgrade.cohort.arrivals import Arrival, arrival_of, as_text, load
from mechgrade.cohort.comments import Comment, write_comments
from mechgrade.cohort.learners import find_class, find_learners
from mechgrade.cohort.matching import match
from mechgrade.cohort.platforms import packed, packed_in
from mechgrade.cohort.roster import Roster, read_roster
from mechgrade.course import Course, CourseError

MOODLE = "{name}_{id}_assignsubmission_file_"
CANVAS = "{squeezed}_{id}_9{id}_"
BLACKBOARD = "Lab 3_{login}_attempt_2026-01-31-10-00-00_"
PEOPLE = [("Ada Lovelace", "12345", "lovelaceada", "alovelace"), ("Émile du Châtelet", "777", "duchâteletémile", "edu")]

FORMS = {
    "moodle folders": MOODLE + "/",
    "moodle flat": MOODLE,
    "canvas flat": CANVAS,
    "canvas folders": CANVAS + "files/",
    "blackboard": BLACKBOARD,
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "inside", ["find_heads.py", "find_heads-1.py", "03-induction-head-analysis.ipynb", "hw.zip", "hw.rar"]
)
@pytest.mark.parametrize("as_zip", [True, False], ids=["zip", "folder"])
def test_a_class_as_it_comes(course: Course, tmp_path: Path, form: str, inside: str, as_zip: bool) -> None:
    """Each learner is found with the platform's id, and the file in it counts; a file that cannot be read is named."""
    body = {"ipynb": json.dumps(done(course)), "py": answer(course)}.get(inside.rpartition(".")[2], "").encode()
    if inside == "hw.zip":
        packed_up = io.BytesIO()
        with zipfile.ZipFile(packed_up, "w") as archive:
            archive.writestr("lab3/find_heads.py", answer(course))
        body = packed_up.getvalue()
    path = tmp_path / "class"
    for name, number, squeezed, login in PEOPLE:
        file = path / (FORMS[form].format(name=name, id=number, squeezed=squeezed, login=login) + inside)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)
    if as_zip:
        path = Path(shutil.make_archive(str(tmp_path / "class"), "zip", path))
    found = find_learners(course, path, tmp_path / "unpacked")
    platform = form.split()[0]
    ids = {"blackboard": ["alovelace", "edu"]}.get(platform, ["12345", "777"])
    assert sorted(each.origin.id for each in found if each.origin) == ids
    assert {each.origin.platform for each in found if each.origin} == {platform}
    for each in found:
        hand_in = each.hand_in(course, [course.exercise("find_heads")])
        if inside == "hw.rar":
            assert "archives of this kind are not read" in str(hand_in.ignored[0])
        else:
            assert "def find_heads" in hand_in.submission.source(course.exercise("find_heads", LAB))


def test_several_files_of_one_learner_are_one_hand_in(course: Course, tmp_path: Path) -> None:
    for name in ("lovelaceada_1000_90000_find_heads.py", "lovelaceada_LATE_1000_90001_repeated_tokens-2.py"):
        (tmp_path / name).write_text("x = 1\n")
    (one,) = find_learners(course, tmp_path, tmp_path / "unpacked")
    assert one.name == "lovelaceada_1000"
    assert len(one.parts) == 2


def test_loose_files_are_somebodys_or_are_named(course: Course, tmp_path: Path) -> None:
    for name in ("ada_find_heads.py", "bob.py", "readme.txt", "cid.rar"):
        (tmp_path / name).write_text("x = 1\n")
    found = find_class(course, tmp_path, tmp_path / "unpacked")
    assert [each.name for each in found.learners] == ["ada", "bob", "cid"]
    assert found.nobodys == ["readme.txt"]
    for name in ("ada_find_heads.py", "bob.py", "cid.rar"):
        (tmp_path / name).unlink()
    (tmp_path / "find_heads.py").write_text("")
    with pytest.raises(CourseError, match="it looks like one learner's folder"):
        find_class(course, tmp_path, tmp_path / "unpacked")


def results(out: Path) -> None:
    """Results of four learners: two found in lists, one in none, one with a fault."""
    rows = [
        ("Ada Lovelace_12345", "Ada Lovelace", "12345", "moodle", "Ada Lovelace_12345_assignsubmission_file_/", 7.5),
        ("babbagecharles_1000", "babbagecharles", "1000", "canvas", "babbagecharles_1000_90000_", 3.0),
        ("somebody", "somebody", "", "", "", 1.0),
        ("faulty", "faulty", "", "", "", None),
    ]
    used = {f"{LAB}/find_heads": "find_heads.py"}
    arrivals = [Arrival(name, person, number, platform, stem, used) for name, person, number, platform, stem, _ in rows]
    (out / "learners").mkdir(parents=True)
    (out / "handed_in.json").write_text(as_text(arrivals))
    for name, *_, score in rows:
        verdict = "passed" if score is not None else "grader_error"
        entry = {"lab": LAB, "exercise": "find_heads", "verdict": verdict, "misconception": None}
        tree = {"learner": name, "score": score or 0, "max_score": 10, "exercises": [entry]}
        (out / "learners" / f"{name}.json").write_text(json.dumps(tree))
        (out / "learners" / f"{name}.html").write_text(f"page of {name}")


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def filled(form: exports.Form, out: Path, people: Roster) -> list[dict[str, str]]:
    """The platform's own table with the grades in it."""
    return rows(exports.table(form, exports.grades(out, match(people, load(out))), people, "Lab 3").text)


def test_canvas_own_table_comes_back_filled(tmp_path: Path) -> None:
    """Everybody in it has a row, found by number or by name, and nobody else."""
    results(tmp_path / "out")
    roster = tmp_path / "canvas.csv"
    roster.write_text(
        "Student,ID,SIS User ID,SIS Login ID,Section,Lab 3 (555)\n    Points Possible,,,,,10\n"
        '"Lovelace, Ada",42,s1,ada@x.org,A,\n"Babbage, Charles",1000,s2,cb@x.org,A,\n"Absent, Amy",3,s3,amy@x.org,A,\n'
    )
    people = read_roster(roster)
    assert people.platform == "canvas" and len(people.people) == 3
    head, *found = filled("canvas", tmp_path / "out", people)
    assert head["Student"].strip() == "Points Possible" and head["Lab 3 (555)"] == "10"
    assert [(row["ID"], row["Lab 3 (555)"]) for row in found] == [
        ("42", "7.5"),
        ("1000", "3"),
        ("3", ""),
    ]


def test_moodles_worksheet_comes_back_filled(tmp_path: Path) -> None:
    """Under Moodle's identifiers, with its other columns as they were, scaled to its maximum, with a grader's comments."""
    results(tmp_path / "out")
    write_comments(tmp_path / "out", [Comment("Well done.", exercise=f"{LAB}/find_heads", verdict="passed")])
    roster = tmp_path / "moodle.csv"
    roster.write_text(
        "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Last modified (grade),Feedback comments\n"
        "Participant 12345,Ada Lovelace,ada@x.org,Submitted,,100,-,\nParticipant 9,Amy Absent,amy@x.org,,,100,-,\n"
    )
    people = read_roster(roster)
    assert people.platform == "moodle"
    found = filled("moodle", tmp_path / "out", people)
    assert found[0]["Identifier"] == "Participant 12345" and found[0]["Grade"] == "75"
    assert found[0]["Status"] == "Submitted" and found[0]["Last modified (grade)"] == "-"
    assert found[0]["Feedback comments"] == f"{LAB}/find_heads: Well done."
    assert found[1]["Grade"] == "" and len(found) == 2


def test_blackboards_table_is_utf_16_with_tabs(tmp_path: Path) -> None:
    results(tmp_path / "out")
    roster = tmp_path / "gc.xls"
    text = '"Last Name"\t"First Name"\t"Username"\t"Student ID"\t"Lab 3 [Total Pts: 10] |77"\n"Lovelace"\t"Ada"\t"alovelace"\t"1"\t""\n'
    roster.write_bytes(text.encode("utf-16"))
    people = read_roster(roster)
    assert people.platform == "blackboard"
    found = filled("blackboard", tmp_path / "out", people)
    assert (found[0]["Username"], found[0]["Lab 3 [Total Pts: 10] |77"]) == ("alovelace", "7.5")


def test_without_a_list_the_platforms_numbers_are_enough(tmp_path: Path) -> None:
    results(tmp_path / "out")
    found = exports.grades(tmp_path / "out")
    assert {row["Identifier"]: row["Grade"] for row in rows(exports.table("moodle", found, None, "x").text)}[
        "Participant 12345"
    ] == "7.5"
    assert {row["ID"]: row["x"] for row in rows(exports.table("canvas", found, None, "x").text)}["1000"] == "3"
    assert rows(exports.table("plain", found, None, "points").text)[2] == {
        "learner": "somebody",
        "id": "",
        "points": "1",
    }


def test_feedback_goes_back_under_the_names_that_the_platforms_gave(tmp_path: Path) -> None:
    results(tmp_path / "out")
    assert exports.feedback(tmp_path / "out", tmp_path / "feedback.zip", exports.grades(tmp_path / "out")) == 4
    with zipfile.ZipFile(tmp_path / "feedback.zip") as archive:
        names = archive.namelist()
        assert archive.read(names[0]) == b"page of Ada Lovelace_12345"
    assert names[:2] == [
        "Ada Lovelace_12345_assignsubmission_file_/feedback.html",
        "babbagecharles_1000_90000_feedback.html",
    ]
    # As both services take such a name apart: who it is for is found again.
    assert [each.id for each in map(packed, ["Ada Lovelace_12345_assignsubmission_file_", names[1]]) if each] == [
        "12345",
        "1000",
    ]


def test_feedback_is_named_after_a_file_that_counts(course: Course, tmp_path: Path) -> None:
    """Of several files of a learner: not the older one, and not the one that is no program."""
    folder = tmp_path / "class"
    folder.mkdir()
    for name in (
        "lovelaceada_101_501_find_heads.py",
        "lovelaceada_LATE_101_502_find_heads-1.py",
        "hopper_107_509_find_heads.docx",
        "hopper_107_510_find_heads.py",
        "bell_108_511_report.docx",
    ):
        (folder / name).write_text(answer(course) if name.endswith(".py") else "PK")
        os.utime(folder / name, (1_700_000_000, 1_700_000_000))
    wanted = [course.exercise("find_heads")]
    arrivals = [
        arrival_of(each, each.hand_in(course, wanted), wanted)
        for each in find_learners(course, folder, tmp_path / "unpacked")
    ]
    stems = {each.learner: each.stem for each in arrivals}
    assert stems == {
        "bell_108": "bell_108_511_",
        "hopper_107": "hopper_107_510_",
        "lovelaceada_101": "lovelaceada_LATE_101_502_",
    }


def test_two_people_of_one_name_are_not_mixed_up(tmp_path: Path) -> None:
    roster = tmp_path / "list.csv"
    roster.write_text("name,email\nAda Lovelace,ada1@x.org\nLovelace Ada,ada2@x.org\nBob,bob@x.org\n")
    found = match(read_roster(roster), [Arrival("a", "Ada Lovelace"), Arrival("ada2", "ada2"), Arrival("bob", "bob")])
    assert {name: person.row["email"] for name, person in found.people.items()} == {
        "ada2": "ada2@x.org",
        "bob": "bob@x.org",
    }
    assert "2 people of the list may be meant" in found.unclear["a"]
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(CourseError, match="holds nobody"):
        read_roster(tmp_path / "empty.csv")


def test_a_bare_list_of_names(tmp_path: Path) -> None:
    (tmp_path / "names.txt").write_text("Ada Lovelace\nBob\n")
    people = read_roster(tmp_path / "names.txt")
    assert [person.shown for person in people.people] == ["Ada Lovelace", "Bob"]
    assert match(people, [Arrival("bob", "bob")]).others == [("Ada Lovelace", "nothing was handed in")]


def test_a_class_of_one(course: Course, tmp_path: Path) -> None:
    """A zip with one learner's folder is a class; the folder is not taken for the class's own."""
    (tmp_path / "class/Ada Lovelace_12345_assignsubmission_file_").mkdir(parents=True)
    (tmp_path / "class/Ada Lovelace_12345_assignsubmission_file_/find_heads (1).py").write_text("x = 1\n")
    path = Path(shutil.make_archive(str(tmp_path / "class"), "zip", tmp_path / "class"))
    (one,) = find_learners(course, path, tmp_path / "unpacked")
    assert one.name == "Ada Lovelace_12345"


def test_names_that_no_file_can_have(course: Course, tmp_path: Path) -> None:
    """Results are files named like the learner, and rows of a table: bytes that are no text, and names that leave no room, are changed."""
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / ("x" * 250)).mkdir()
    (tmp_path / "class" / os.fsdecode(b"ad\xff")).mkdir()
    found = [each.name for each in find_learners(course, tmp_path / "class", tmp_path / "unpacked")]
    assert len(found) == 2 and all(len(name.encode()) < 210 for name in found)
    assert any(name.startswith("ad?-") for name in found)


def blackboard(*heads: str) -> list[str]:
    return [f"{head}_attempt_2024-01-01-10-10-{place:02}_find_heads.py" for place, head in enumerate(heads)]


@pytest.mark.parametrize(
    ("heads", "logins", "users"),
    [
        (["Lab 3_c_smith", "Lab 3_e_smith"], (), ["c_smith", "e_smith"]),
        (["Lab 3_ada", "Lab 3_ada_b"], (), ["ada", "ada_b"]),
        (["Lab_3_ada", "Lab_3_bob"], (), ["ada", "bob"]),
        (["Lab 3_c_smith", "Lab 3_c_jones"], ["c_smith", "x"], ["c_smith", "c_jones"]),
        (["Lab_3_ada", "Lab_3_bob"], ["ADA", "bob"], ["ada", "bob"]),
        (["Lab_3_ada"], ["ada"], ["ada"]),
        (["Lab 3_c_smith"], ["smith", "c_smith"], ["c_smith"]),
        (["Lab 3_c_smith"], (), ["c_smith"]),
        (["Lab 3_ada", "Lab 3_c_smith", "Lab 4_ada", "Lab 4_c_smith"], (), ["ada", "c_smith", "ada", "c_smith"]),
    ],
)
def test_where_a_blackboard_user_begins(heads: list[str], logins: list[str], users: list[str]) -> None:
    """Behind what all names of a download have in common; a class list tells it surely."""
    names = blackboard(*heads)
    found, _ = packed_in(names, logins)
    assert [found[name].id for name in names] == users


def test_what_is_assumed_of_a_blackboard_name_is_said() -> None:
    """Where only one reading is possible, or the class list has told it, there is nothing to say."""
    for heads, logins, is_said in [
        (["Lab 3_ada"], (), False),
        (["Lab 3_c_smith", "Lab 3_e_smith"], (), False),
        (["Lab 3_c_smith"], (), True),
        (["Lab 3_c_smith", "Lab 3_c_jones"], (), True),
        (["Lab 3_c_smith"], ["c_smith"], False),
    ]:
        _, said = packed_in(blackboard(*heads), logins)
        assert bool(said) == is_said, heads
        assert all("--roster" in each for each in said)


@pytest.mark.parametrize("as_zip", [True, False], ids=["zip", "folder"])
def test_two_blackboard_users_are_two_learners(course: Course, tmp_path: Path, as_zip: bool) -> None:
    for name in blackboard("Lab 3_c_smith", "Lab 3_e_smith"):
        (tmp_path / "class" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "class" / name).write_text(answer(course))
    path = tmp_path / "class"
    path = Path(shutil.make_archive(str(path), "zip", path)) if as_zip else path
    found = find_learners(course, path, tmp_path / "unpacked")
    assert [each.name for each in found] == ["c_smith", "e_smith"]
    assert all((LAB, "find_heads") in each.hand_in(course, [course.exercise("find_heads")]).used for each in found)


FIRST, SECOND = (
    "def find_heads(scores, threshold):\n    return 1\n",
    "def find_heads(scores, threshold):\n    return 2\n",
)
ATTEMPT = "Lab 3_ada_attempt_2024-01-0{day}-10-10-10_"


def as_zip_of(text: str, name: str) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr(name, text)
    return body.getvalue()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("find_heads.py", "find_heads.py"),
        ("solution.py", "solution2.py"),
        ("find_heads (2).py", "find_heads.py"),
        ("find_heads.py", "my-work.py"),
        ("hw.zip:lab3/find_heads.py", "find_heads.py"),
        ("hw.zip:lab3/find_heads.py", "new.zip:solution.py"),
        ("find_heads.py", "03-induction-head-analysis.ipynb"),
        ("03-induction-head-analysis.ipynb", "work.ipynb"),
    ],
)
@pytest.mark.parametrize("stamps", [(0, 0), (60, 0), (0, 60)], ids=["equal", "first is newer", "second is newer"])
def test_the_later_attempt_counts(
    course: Course, tmp_path: Path, first: str, second: str, stamps: tuple[int, int]
) -> None:
    """The platform's name tells when a file was handed in, and the file's own time may be that of a download."""
    for day, (form, text, stamp) in enumerate(zip((first, second), (FIRST, SECOND), stamps, strict=True), 1):
        name, _, inside = form.partition(":")
        path = tmp_path / "class" / (ATTEMPT.format(day=day) + name)
        path.parent.mkdir(exist_ok=True)
        cells = {"cells": [{"cell_type": "code", "source": text, "metadata": {}}], "nbformat": 4, "metadata": {}}
        body = as_zip_of(text, inside) if inside else (json.dumps(cells) if name.endswith(".ipynb") else text).encode()
        path.write_bytes(body)
        os.utime(path, (1_700_000_000 + stamp,) * 2)
    (one,) = find_learners(course, tmp_path / "class", tmp_path / "unpacked")
    hand_in = one.hand_in(course, [course.exercise("find_heads")])
    assert "return 2" in hand_in.submission.source(course.exercise("find_heads"))
    assert not any("holds no answer" in note for note in hand_in.submission.notes)


def test_an_earlier_attempt_counts_for_what_the_later_lacks(course: Course, tmp_path: Path) -> None:
    (tmp_path / (ATTEMPT.format(day=1) + "find_heads.py")).write_text(FIRST)
    stub = (course.root / "exercises" / LAB / "find_heads.py").read_text()
    (tmp_path / (ATTEMPT.format(day=2) + "find_heads.py")).write_text(stub)
    (one,) = find_learners(course, tmp_path, tmp_path / "unpacked")
    hand_in = one.hand_in(course, [course.exercise("find_heads")])
    assert "return 1" in hand_in.submission.source(course.exercise("find_heads"))
    assert any("nothing is written in it yet" in each.why for each in hand_in.ignored)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("lovelaceada_1_99999_find_heads.py", "lovelaceada_1_100000_find_heads-1.py"),
        ("lovelaceada_1_99999_solution.py", "lovelaceada_LATE_1_100000_work.py"),
        ("lovelaceada_1_99999_hw.zip", "lovelaceada_1_100000_hw-1.zip"),
        ("ada_find_heads.py", "ada_find_heads (1).py"),
        ("ada/solution.py", "ada/solution2.py"),
        ("ada/hw.zip", "ada/hw2.zip"),
        ("ada/hw (9).zip", "ada/hw (10).zip"),
    ],
)
def test_the_later_of_equally_new_files_counts(course: Course, tmp_path: Path, first: str, second: str) -> None:
    """By Canvas' number of the file, else by the number of the copy."""
    for name, text in ((first, FIRST), (second, SECOND)):
        path = tmp_path / "class" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(as_zip_of(text, "lab3/find_heads.py") if name.endswith(".zip") else text.encode())
        os.utime(path, (1_700_000_000,) * 2)
    (one,) = find_learners(course, tmp_path / "class", tmp_path / "unpacked")
    assert "return 2" in one.hand_in(course, [course.exercise("find_heads")]).submission.source(
        course.exercise("find_heads")
    )
