"""Results of a few learners, and what `mechgrade cohort export` makes of them and of a class list."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from typer.testing import CliRunner

from mechgrade.cohort.arrivals import Arrival, as_text
from mechgrade.cohort.platforms import packed
from mechgrade.doors.cli import app

LAB = "lab3"
MOODLE = "{}_assignsubmission_file_"
ADA, BOB = MOODLE.format("Ada Lovelace_1001"), MOODLE.format("Bob Smith_1002")
WORKSHEET = "Identifier,Full name,Email address,Status,Grade,Maximum Grade\n"


def results(out: Path, **scores: float) -> Path:
    """Results of some learners, by the names of their folders or files as a platform gives them."""
    (out / "learners").mkdir(parents=True)
    arrivals = []
    for name, score in scores.items():
        origin = packed(name)
        learner = origin.learner if origin else name
        more = (origin.person, origin.id, origin.platform, origin.stem) if origin else (name, "", "", "")
        arrivals.append(Arrival(learner, *more, used={f"{LAB}/find_heads": "find_heads.py"}))
        entry = {
            "lab": LAB,
            "exercise": "find_heads",
            "verdict": "passed",
            "misconception": None,
            "points": score,
            "max_points": 5,
        }
        tree = {"learner": learner, "score": score, "max_score": 5, "exercises": [entry]}
        (out / "learners" / f"{learner}.json").write_text(json.dumps(tree))
        (out / "learners" / f"{learner}.html").write_text(f"page of {learner}")
    (out / "handed_in.json").write_text(as_text(arrivals))
    return out


class Export:
    """`mechgrade cohort export` in the course's folder, and what it wrote."""

    def __init__(self, out: Path, table: str, *more: str) -> None:
        roster, to = out.parent / "list.csv", out.parent / "e.csv"
        roster.write_text(table, encoding="utf-8")
        arguments = ["cohort", "export", str(out), "--roster", str(roster), "--to", str(to), *more]
        run = CliRunner().invoke(app, arguments, env={"COLUMNS": "500"})
        self.code, self.said = run.exit_code, run.output
        self.lines: list[list[str]] = []
        if to.is_file():
            with to.open(newline="", encoding="utf-8") as file:
                self.lines = list(csv.reader(file))

    @property
    def last(self) -> dict[str, str]:
        """The last cell of each row, by the first."""
        return {line[0]: line[-1] for line in self.lines[1:]}

    def column(self, name: str) -> dict[str, str]:
        """A column, by the first."""
        return {line[0]: line[self.lines[0].index(name)] for line in self.lines[1:]}
