"""Written answers of a class: collected into a table, graded by a person, kept whatever is graded again, and never a zero by themselves."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from mechgrade.cohort import answers, exports
from mechgrade.cohort.learners import find_class
from mechgrade.cohort.roster import read_roster
from mechgrade.cohort.together import together
from mechgrade.course import Course, CourseError, load_course
from mechgrade.doors.cli import app
from mechgrade.reports.html import page as report
from mechgrade.submissions.written import answers_text

from .ground import cohort, small_course

QUESTIONS = {
    "why": {"title": "Why these heads?", "points": 10, "text": "Say why.\n\nTwo sentences."},
    "what_next": {"title": "What next?", "points": 4, "text": "Name an experiment."},
}


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course of one exercise and two questions."""
    course = small_course(tmp_path_factory.mktemp("asking"), ("find_heads",))
    document = yaml.safe_load((course.root / "course.yaml").read_text())
    document["labs"]["lab3"]["questions"] = QUESTIONS
    (course.root / "course.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    (course.root / "solutions/lab3/rubrics.yaml").write_text(
        "why:\n- A reason that is a number\nwhat_next:\n- Names it\n"
    )
    return load_course(course.root)


def hand_in(course: Course, folder: Path, name: str, why: str | None, what_next: str = "") -> Path:
    """A learner's folder with answers; without any file of answers where `why` is None."""
    lab = course.lab("lab3")
    place = folder / name / "lab3"
    place.mkdir(parents=True, exist_ok=True)
    (place / "find_heads.py").write_text(course.stub_path(course.exercise("find_heads")).read_text())
    if why is not None:
        given = {lab.questions["why"]: why, lab.questions["what_next"]: what_next}
        (place / "answers.md").write_text(answers_text(lab, given))
    return place


def collected(course: Course, folder: Path, before: answers.Rows | None = None) -> answers.Rows:
    found = find_class(course, folder, folder.parent / "unpacked")
    return answers.collect(course, found.learners, course.questions(), before or {})


def rows(path: Path) -> dict[tuple[str, str], dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return {(row["learner"], row["question"]): row for row in csv.DictReader(file)}


def give(path: Path, whose: str, question: str, /, **cells: str) -> None:
    """What a person does in a spreadsheet."""
    table = rows(path)
    table[whose, question] |= cells
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, answers.COLUMNS)
        writer.writeheader()
        writer.writerows(table.values())


# --- what is found --------------------------------------------------------------------------------------------------------


def test_names_and_places_in_which_answers_arrive(asking: Course, tmp_path: Path) -> None:
    folder, lab = tmp_path / "class", asking.lab("lab3")
    body = answers_text(lab, {lab.questions["why"]: "Because of 0.9."})
    for name in ("answers (1).md", "Answers.MD", "answers.md.txt", "answers.txt", "adalovelace_1000_90000_answers.md"):
        place = folder / name.replace(" ", "_")
        place.mkdir(parents=True)
        (place / name).write_text(body)
    (folder / "flat_answers.md").write_text(body)
    found = collected(asking, folder)
    assert len(found) == 12
    for (_, question), row in found.items():
        wanted = ("Because of 0.9.", "answered") if question.endswith("why") else ("", "nothing is written")
        assert (row.answer, row.state) == wanted, row
    assert ("flat", "lab3/why") in found


def test_an_answer_survives_what_people_do_to_the_file(asking: Course, tmp_path: Path) -> None:
    lab = asking.lab("lab3")
    whole = answers_text(lab, {lab.questions["why"]: "First.", lab.questions["what_next"]: "Second."})
    cases = {
        "no_ends": whole.replace("<!-- end of answer -->\n", ""),
        "windows": whole.replace("\n", "\r\n"),
        "indented": whole.replace("<!-- answer to", "  <!--  Answer to"),
        "below_the_end": whole.replace("First.", "").replace("end of answer -->\n", "end of answer -->\nFirst.\n", 1),
        "swapped": "## ".join(whole.split("## ")[place] for place in (0, 2, 1)),
        "other_heads": whole.replace("## What next?", "## What else?"),
    }
    for name, text in cases.items():
        place = tmp_path / "class" / name
        place.mkdir(parents=True)
        (place / "answers.md").write_bytes(text.encode())
    found = collected(asking, tmp_path / "class")
    for name in cases:
        assert (found[name, "lab3/why"].answer, found[name, "lab3/what_next"].answer) == ("First.", "Second."), name


def test_a_file_without_its_remarks_is_read_whole_and_says_so(asking: Course, tmp_path: Path) -> None:
    place = tmp_path / "class/ada"
    place.mkdir(parents=True)
    (place / "answers.md").write_text("Only what I wrote.")
    found = collected(asking, tmp_path / "class")
    for question in QUESTIONS:
        row = found["ada", f"lab3/{question}"]
        assert row.answer == "Only what I wrote." and "this is the whole file" in row.state


def test_a_notebook_s_cell_counts_where_the_file_has_nothing(asking: Course, tmp_path: Path) -> None:
    tree: dict[str, Any] = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}
    cell: dict[str, Any] = {"cell_type": "markdown", "source": ["From ", "the notebook."], "metadata": {}}
    cell["metadata"] = {"mechgrade": {"question": "lab3/why", "part": "answer"}}
    tree["cells"].append(cell)
    place = hand_in(asking, tmp_path / "class", "ada", None)
    (place / f"{asking.lab('lab3').slug}.ipynb").write_text(json.dumps(tree))
    assert collected(asking, tmp_path / "class")["ada", "lab3/why"].answer == "From the notebook."
    hand_in(asking, tmp_path / "class", "ada", "", "From the file.")
    found = collected(asking, tmp_path / "class")
    assert found["ada", "lab3/why"].answer == "From the notebook."
    assert found["ada", "lab3/what_next"].answer == "From the file."
    hand_in(asking, tmp_path / "class", "ada", "The file counts more.")
    assert collected(asking, tmp_path / "class")["ada", "lab3/why"].answer == "The file counts more."


# --- what is kept ---------------------------------------------------------------------------------------------------------


def test_points_are_kept_and_a_changed_answer_is_named(asking: Course, tmp_path: Path) -> None:
    folder, out = tmp_path / "class", tmp_path / "out"
    hand_in(asking, folder, "ada", "One.")
    hand_in(asking, folder, "ben", "Two.")
    answers.save(out, collected(asking, folder))
    table = out / answers.FILE
    for who in ("ada", "ben"):
        give(table, who, "lab3/why", points="7,5", comment="=SUM(1)")
    hand_in(asking, folder, "ada", "One, and more.")
    answers.save(out, collected(asking, folder, answers.load(out)))
    found = rows(table)
    assert [found[who, "lab3/why"]["points"] for who in ("ada", "ben")] == ["7.5", "7.5"]
    assert found["ada", "lab3/why"]["answer"] == "One, and more."
    assert "look again" in found["ada", "lab3/why"]["changed"] and not found["ben", "lab3/why"]["changed"]
    assert found["ada", "lab3/why"]["comment"] == "'=SUM(1)"  # no formula for whoever opens the table
    assert answers.load(out)["ada", "lab3/why"].comment == "=SUM(1)"
    answers.save(out, collected(asking, folder, answers.load(out)))
    assert "look again" in rows(table)["ada", "lab3/why"]["changed"]  # until a person has looked
    give(table, "ada", "lab3/why", changed="")
    answers.save(out, collected(asking, folder, answers.load(out)))
    assert not rows(table)["ada", "lab3/why"]["changed"]


def test_a_learner_who_is_gone_keeps_the_points(asking: Course, tmp_path: Path) -> None:
    folder, out = tmp_path / "class", tmp_path / "out"
    hand_in(asking, folder, "ada", "One.")
    hand_in(asking, folder, "ben", "Two.")
    answers.save(out, collected(asking, folder))
    give(out / answers.FILE, "ben", "lab3/why", points="3")
    for path in (folder / "ben/lab3").iterdir():
        path.unlink()
    (folder / "ben/lab3").rmdir()
    (folder / "ben").rmdir()
    found = collected(asking, folder, answers.load(out))
    assert found["ben", "lab3/why"].points == 3 and found["ben", "lab3/why"].state == answers.GONE


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"points": "12"}, "write a number from 0 to 10"),
        ({"points": "-1"}, "write a number from 0 to 10"),
        ({"points": "seven"}, "points are 'seven'"),
        ({"points": "nan"}, "points are 'nan'"),
        ({"points": "1e1"}, "points are '1e1'"),
        ({"max_points": ""}, "max_points is ''"),
        ({"learner": "ben", "points": "2"}, "are there twice, with different points or comments"),
    ],
)
def test_a_table_with_a_mistake_is_refused_by_its_row(
    asking: Course, tmp_path: Path, cells: dict[str, str], said: str
) -> None:
    folder, out = tmp_path / "class", tmp_path / "out"
    hand_in(asking, folder, "ada", "One.")
    hand_in(asking, folder, "ben", "Two.")
    answers.save(out, collected(asking, folder))
    give(out / answers.FILE, "ben", "lab3/why", points="1")
    give(out / answers.FILE, "ada", "lab3/why", **cells)
    with pytest.raises(CourseError, match="row") as error:
        answers.load(out)
    assert said in str(error.value)


def test_nothing_is_zero_until_the_instructor_says_so(asking: Course, tmp_path: Path) -> None:
    hand_in(asking, tmp_path / "class", "ada", "One.")
    hand_in(asking, tmp_path / "class", "ben", None)
    found = collected(asking, tmp_path / "class")
    before = answers.tally(found, "ben", asking.questions())
    assert (before.points, before.ungraded) == (None, 2)
    assert before.lines == [
        "Why these heads? (not graded yet, at most 10 points; no answer was handed in)",
        "What next? (not graded yet, at most 4 points; no answer was handed in)",
    ]
    found = answers.missing_as_zero(found)
    after = answers.tally(found, "ben", asking.questions())
    assert (after.points, after.ungraded) == (0, 0)
    assert after.lines[0] == "Why these heads? (0 of 10 points): No answer was handed in."
    assert found["ada", "lab3/why"].points is None  # what is written is for a person to judge
    assert found["ada", "lab3/what_next"].comment == "Nothing is written."


def test_a_huge_answer_is_cut_and_says_so(asking: Course, tmp_path: Path) -> None:
    hand_in(asking, tmp_path / "class", "ada", "=x " * 50_000)
    row = collected(asking, tmp_path / "class")["ada", "lab3/why"]
    assert len(row.answer) == answers.MOST and "the rest is in the hand-in" in row.state
    answers.save(tmp_path / "out", {("ada", "lab3/why"): row})
    assert rows(tmp_path / "out" / answers.FILE)["ada", "lab3/why"]["answer"].startswith("'=x")


# --- what people do to the table ------------------------------------------------------------------------------------------


def without(path: Path, whose: str) -> None:
    """A table in which somebody's rows are deleted."""
    kept = [row for (learner, _), row in rows(path).items() if learner != whose]
    write(path, kept)


def write(path: Path, table: list[dict[str, str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, answers.COLUMNS)
        writer.writeheader()
        writer.writerows(table)


@pytest.fixture
def two(asking: Course, tmp_path: Path) -> tuple[Path, Path]:
    """A class of two, and its table, in which Ada has 7 points for one answer."""
    folder, out = tmp_path / "class", tmp_path / "out"
    hand_in(asking, folder, "ada_lovelace", "One.")
    hand_in(asking, folder, "ben", "Two.")
    answers.save(out, collected(asking, folder))
    give(out / answers.FILE, "ada_lovelace", "lab3/why", points="7")
    answers.save(out, collected(asking, folder, answers.load(out)))
    return folder, out


def test_a_row_that_was_deleted_is_put_back_and_said(asking: Course, two: tuple[Path, Path]) -> None:
    """A half of the table, saved over the whole: somebody's points would be gone without a word."""
    folder, out = two
    without(out / answers.FILE, "ada_lovelace")
    assert "ada_lovelace, lab3/why: the row with 7 points was gone, and is put back" in answers.lost(out)[0]
    answers.save(out, collected(asking, folder, answers.load(out)))
    assert rows(out / answers.FILE)["ada_lovelace", "lab3/why"]["points"] == "7"
    assert answers.lost(out) == []


def test_points_that_were_emptied_stay_away_and_are_said(asking: Course, two: tuple[Path, Path]) -> None:
    folder, out = two
    give(out / answers.FILE, "ada_lovelace", "lab3/why", points="")
    assert answers.lost(out) == ["ada_lovelace, lab3/why: has no points any more, and had 7"]
    answers.save(out, collected(asking, folder, answers.load(out)))
    assert rows(out / answers.FILE)["ada_lovelace", "lab3/why"]["points"] == ""


def test_points_for_a_name_that_nobody_has_are_said(asking: Course, two: tuple[Path, Path]) -> None:
    folder, out = two
    give(out / answers.FILE, "ben", "lab3/why", points="3", learner="benn")
    give(out / answers.FILE, "ben", "lab3/what_next", points="1", question="lab3/what_nxt")
    found = collected(asking, folder, answers.load(out))
    told = answers.nowhere(asking, found, ["ada_lovelace", "ben"])
    assert any("benn: 3 points for lab3/why reach nobody" in line and "did you mean 'ben'" in line for line in told)
    assert any("there is no such question (did you mean 'lab3/what_next'" in line for line in told)
    answers.save(out, found)
    table = list(rows(out / answers.FILE).values())
    for row in table:  # what the sentence says to do
        row["learner"] = row["learner"].replace("benn", "ben")
        row["question"] = row["question"].replace("nxt", "next")
    write(out / answers.FILE, table)
    found = collected(asking, folder, answers.load(out))
    assert (found["ben", "lab3/why"].points, found["ben", "lab3/what_next"].points) == (3, 1)
    assert answers.nowhere(asking, found, ["ada_lovelace", "ben"]) == []


def test_two_people_share_the_table(two: tuple[Path, Path]) -> None:
    """Whoever has written something wins over who has not, and a new number over the one that both had."""
    _, out = two
    one, other = out / "one.csv", out / "other.csv"
    for copy in (one, other):
        copy.write_bytes((out / answers.FILE).read_bytes())
    give(one, "ben", "lab3/why", points="3", comment="Which?")
    give(other, "ben", "lab3/what_next", points="0")
    give(other, "ada_lovelace", "lab3/why", points="8")
    last, own = answers.read_table(out / answers.LAST), answers.load(out)
    copies = {path.name: answers.read_table(path) for path in (one, other)}
    found, told = together(own, last, copies)
    assert told == ["1 answer has something new from one.csv", "2 answers have something new from other.csv"]
    given = {key: (row.points, row.comment) for key, row in found.items() if row.is_graded}
    assert given == {
        ("ben", "lab3/why"): (3, "Which?"),
        ("ben", "lab3/what_next"): (0, ""),
        ("ada_lovelace", "lab3/why"): (8, ""),
    }
    give(one, "ada_lovelace", "lab3/why", points="9")
    copies["one.csv"] = answers.read_table(one)
    with pytest.raises(CourseError, match=r"ada_lovelace, lab3/why: points 9 in one\.csv and 8 in other\.csv"):
        together(own, last, copies)


def test_a_halved_copy_takes_nothing_away(two: tuple[Path, Path]) -> None:
    _, out = two
    half = out / "half.csv"
    half.write_bytes((out / answers.FILE).read_bytes())
    without(half, "ada_lovelace")
    give(half, "ben", "lab3/why", points="3")
    found, _ = together(answers.load(out), answers.read_table(out / answers.LAST), {"half": answers.read_table(half)})
    assert (found["ada_lovelace", "lab3/why"].points, found["ben", "lab3/why"].points) == (7, 3)


def test_copies_are_put_together_by_the_command(
    asking: Course, two: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, out = two
    monkeypatch.chdir(asking.root)
    copy = out / "ann.csv"
    copy.write_bytes((out / answers.FILE).read_bytes())
    give(copy, "ben", "lab3/why", points="3", comment="Which?")

    def collect(*options: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["cohort", "answers", str(folder), "--out", str(out), *options])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, " ".join(done.output.split())

    code, said = collect("--merge", str(copy))
    assert code == 0 and f"1 answer has something new from {copy}" in said and "2 of 4 answers have points" in said
    assert rows(out / answers.FILE)["ben", "lab3/why"]["comment"] == "Which?"
    give(copy, "ben", "lab3/why", points="4")
    give(out / answers.FILE, "ben", "lab3/why", points="5")
    before = (out / answers.FILE).read_bytes()
    code, said = collect("--merge", str(copy))
    assert code == 2 and f"ben, lab3/why: points 5 in answers.csv and 4 in {copy}" in said
    assert (out / answers.FILE).read_bytes() == before
    without(out / answers.FILE, "ben")
    code, said = collect()
    assert code == 0 and "ben, lab3/why: the row with 3 points and a comment was gone, and is put back" in said


def test_results_of_another_lab_are_refused(
    asking: Course, two: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, out = two
    monkeypatch.chdir(asking.root)
    (out / "summary.json").write_text('{"exercises": [{"lab": "week6"}]}')
    before = (out / answers.FILE).read_bytes()
    for options, told in (
        (["--lab", "lab3"], "are of week6, and not of lab3: points would reach no page"),
        ([], "week6, of which these results are, has no questions here"),
        (["--merge", "none.csv"], "has no questions here"),
    ):
        done = CliRunner().invoke(app, ["cohort", "answers", str(folder), "--out", str(out), *options])
        assert done.exit_code == 2 and told in " ".join(done.output.split()), done.output
    assert (out / answers.FILE).read_bytes() == before


# --- by the commands ------------------------------------------------------------------------------------------------------


def test_from_the_hand_ins_to_pages_and_exports(asking: Course, tmp_path: Path) -> None:
    folder, out = tmp_path / "class", tmp_path / "out"
    hand_in(asking, folder, "ada", "Because <b>0.9</b>.", "Patch it.")
    hand_in(asking, folder, "ben", None)
    done = cohort(asking, "grade", folder, "--out", out, "--jobs", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 questions for a person to grade: mechgrade cohort answers" in done.stdout

    def grades(name: str) -> dict[str, str]:
        with (out / "grades.csv").open(newline="", encoding="utf-8") as file:
            return next(row for row in csv.DictReader(file) if row["learner"] == name)

    assert (grades("ada")["score"], grades("ada")["written"], grades("ada")["written_ungraded"]) == ("0", "", "2")
    assert "Why these heads? (not graded yet, at most 10 points)" in (out / "learners/ada.html").read_text()
    collect = ("answers", folder, "--out", out)
    done = cohort(asking, *collect)
    assert done.returncode == 0, done.stderr
    assert "4 of 4 answers are not graded yet" in done.stdout and "answers.html, which has the rubrics" in done.stdout
    read = (out / "answers.html").read_text()
    assert "A reason that is a number" in read and "Because &lt;b&gt;0.9&lt;/b&gt;." in read and "<script" not in read
    give(out / answers.FILE, "ada", "lab3/why", points="7", comment="Which <prompts>?")
    give(out / answers.FILE, "ada", "lab3/what_next", points="4")
    assert cohort(asking, *collect).returncode == 0
    assert (grades("ada")["written"], grades("ada")["lab3/why (written)"]) == ("11", "7")
    assert (grades("ben")["written"], grades("ben")["written_max"]) == ("", "14")
    assert cohort(asking, "grade", folder, "--out", out, "--jobs", "1").returncode == 0
    assert (grades("ada")["written"], grades("ada")["score"], grades("ada")["max_score"]) == ("11", "0", "5")
    page = (out / "learners/ada.html").read_text()
    assert "Why these heads? (7 of 10 points): Which &lt;prompts&gt;?" in page and "What next? (4 of 4 points)" in page
    assert "A reason that is a number" not in page
    summary = (out / "summary.html").read_text()
    assert "Why these heads? (lab3/why): 1 answered, 1 of 2 graded, mean 7.0 of 10 points" in summary

    assert (
        cohort(asking, "export", out, "--for", "canvas", "--column", "Lab 3", "--to", tmp_path / "c.csv").returncode
        == 0
    )
    table = list(csv.reader((tmp_path / "c.csv").open(newline="")))
    assert table[0][-2:] == ["Lab 3", "Lab 3 written"] and table[1][-2:] == ["5", "14"]
    assert [row[-2:] for row in table[2:]] == [["0", "11"], ["0", ""]]
    moodle = ("export", out, "--for", "moodle", "--to", tmp_path / "m.csv")
    assert cohort(asking, *moodle).returncode == 0
    comments = [row["Feedback comments"] for row in csv.DictReader((tmp_path / "m.csv").open(newline=""))]
    assert "Why these heads? (7 of 10 points)" in comments[0] and "not graded yet" in comments[1]
    assert cohort(asking, *moodle, "--written").returncode == 0
    assert [row["Grade"] for row in csv.DictReader((tmp_path / "m.csv").open(newline=""))] == ["11", ""]

    done = cohort(asking, *collect, "--missing-is-zero")
    assert "0 of 4 answers are not graded yet" in done.stdout
    assert grades("ben")["written"] == "0" and "No answer was handed in." in (out / "learners/ben.html").read_text()


def test_the_check_before_grading_says_what_was_found(asking: Course, tmp_path: Path) -> None:
    hand_in(asking, tmp_path / "class", "ada", "One.")
    place = hand_in(asking, tmp_path / "class", "only_answers", "Two.")
    (place / "find_heads.py").unlink()
    done = cohort(asking, "check", tmp_path / "class", "--to", tmp_path / "check.csv")
    assert done.returncode == 0, done.stderr
    assert "question lab3/why: answered" in done.stdout and "question lab3/what_next: nothing is written" in done.stdout
    with (tmp_path / "check.csv").open(newline="") as file:
        found = {row["learner"]: row for row in csv.DictReader(file)}
    assert found["only_answers"]["lab3/why (written)"] == "answered"
    assert "nothing was handed in" not in str(found["only_answers"])
    done = cohort(asking, "check", tmp_path / "class", "--lab", "lab9")
    assert done.returncode == 2 and "there is no lab 'lab9'" in done.stderr


def test_points_that_cannot_be_are_refused_in_one_sentence(asking: Course, tmp_path: Path) -> None:
    hand_in(asking, tmp_path / "class", "ada", "One.")
    assert cohort(asking, "answers", tmp_path / "class", "--out", tmp_path / "out").returncode == 0
    give(tmp_path / "out" / answers.FILE, "ada", "lab3/why", points="11")
    before = (tmp_path / "out" / answers.FILE).read_bytes()
    done = cohort(asking, "answers", tmp_path / "class", "--out", tmp_path / "out")
    assert done.returncode == 2 and "row 2 (ada, lab3/why): points are '11'" in done.stderr
    assert "Traceback" not in done.stderr and (tmp_path / "out" / answers.FILE).read_bytes() == before


def test_a_course_without_questions_says_so(small: Course, tmp_path: Path) -> None:
    (tmp_path / "class/ada").mkdir(parents=True)
    done = cohort(small, "answers", tmp_path / "class", "--out", tmp_path / "out")
    assert done.returncode == 2 and "has no questions here that a person grades" in done.stderr


def test_a_place_for_answers_in_every_page() -> None:
    """The words that :mod:`mechgrade.cohort.pages` looks for are in the templates."""
    folder = Path(report.__code__.co_filename).parent / "page"
    for name in ("report.html.j2", "cohort.html.j2"):
        assert "<!-- written --><!-- end of written -->" in (folder / name).read_text()


def test_a_list_of_names_still_reads_as_one(tmp_path: Path) -> None:
    """Class lists and tables of answers are read by one function; a list without a head is still a list."""
    (tmp_path / "names.csv").write_text("Ada Lovelace\nBen Bell\n")
    assert [person.shown for person in read_roster(tmp_path / "names.csv").people] == ["Ada Lovelace", "Ben Bell"]
    assert exports.FORMS
