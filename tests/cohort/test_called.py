"""Names that a person types about a class's results: near ones are found, others are answered with what there is."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from mechgrade.doors.cli import app

from .exporting import ADA, BOB, MOODLE, WORKSHEET, Export, results


def comment(out: Path, *arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["cohort", "comment", str(out), *arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, " ".join(done.output.split())


@pytest.fixture
def out(tmp_path: Path) -> Path:
    twins = {MOODLE.format("John Smith_1003"): 5, MOODLE.format("John Smith_1004"): 5}
    return results(tmp_path / "out", **{ADA: 5, BOB: 3, **twins})


@pytest.mark.parametrize("name", ["Ada Lovelace_1001", "Ada Lovelace", "ada lovelace", "1001"])
def test_a_learner_is_called_as_at_the_platform_too(name: str, out: Path) -> None:
    assert comment(out, "Well done", "--learner", name) == (0, "for 1 learner: Ada Lovelace_1001")
    assert comment(out, "--learner", name) == (0, "Ada Lovelace_1001: Well done")
    assert comment(out, "--learner", "Bob Smith") == (0, "")
    assert comment(out, "Well done", "--learner", name, "--remove") == (
        0,
        "taken back from 1 learner: Ada Lovelace_1001",
    )


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--learner", "ada"], "nobody in these results is called 'ada' (did you mean 'Ada Lovelace_1001'?)"),
        (["--learner", "Ada Lovelece"], "did you mean 'Ada Lovelace'"),
        (["--learner", "Zoe"], "the first column of grades.csv has the names"),
        (
            ["--learner", "John Smith"],
            "2 learners are called 'John Smith': give one of 'John Smith_1003', 'John Smith_1004'",
        ),
        (["--verdict", "raisd"], "there is no verdict 'raisd' (did you mean 'raised'"),
        (
            ["--mistake", "one_axis"],
            "nobody in these results made the mistake 'one_axis'; no answer here has a mistake with a name",
        ),
        (["--learner", "Ada Lovelace", "--verdict", "raised"], "has all of this: Ada Lovelace_1001, raised"),
    ],
)
def test_a_name_that_is_none_is_answered_with_what_there_is(options: list[str], told: str, out: Path) -> None:
    code, said = comment(out, "Hm.", *options)
    assert code == 2 and told in said, said
    assert not (out / "comments.json").exists()


@pytest.mark.parametrize(("form", "ids"), [("canvas", "ID"), ("blackboard", "Username"), ("moodle", "Identifier")])
def test_another_platforms_numbers_are_no_ids(form: str, ids: str, out: Path) -> None:
    to = out.parent / "e.csv"
    done = CliRunner().invoke(
        app, ["cohort", "export", str(out), "--for", form, "--to", str(to)], env={"COLUMNS": "500"}
    )
    assert done.exit_code == 0, done.output
    has_ids = form == "moodle"
    assert ("1001" in to.read_text()) == has_ids
    assert ("mean nothing to" in done.output) == (not has_ids)
    assert ids in to.read_text().splitlines()[0] and "Ada Lovelace" in to.read_text()


def test_the_platforms_own_table_is_not_overwritten(out: Path) -> None:
    table = out.parent / "list.csv"
    text = WORKSHEET + "Participant 1001,Ada Lovelace,ada@x.org,Submitted,,5\n"
    run = Export(out, text, "--for", "moodle", "--to", str(table))
    assert run.code == 2 and "--to and --roster are the same file" in run.said, run.said
    assert table.read_text() == text
