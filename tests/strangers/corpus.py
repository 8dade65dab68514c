"""Programs that were written from the stubs alone, by somebody who had seen neither graders nor variants.

``<lab>/<exercise>/right_*.py`` must pass, ``wrong_*.py`` must not. They were frozen before they were first graded. ``python
tests/strangers/corpus.py`` grades them and prints the rates; --json keeps every verdict and sentence.

A new round of programs is graded before it comes in here, by the graders as they are: ``--folder WHERE --round NAME``. What comes out is
the measurement, and stays in ``first_try.json`` and in the table of ``README.md``.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from mechgrade.course import Course, Exercise, load_course
from mechgrade.grading.checks import Checks, with_checks
from mechgrade.grading.grade import Grading
from mechgrade.grading.options import resolve
from mechgrade.grading.worker import Worker
from mechgrade.submissions.submission import Submission

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FIRST_TRY = HERE / "first_try.json"
README = HERE / "README.md"


@dataclass(frozen=True)
class Program:
    """A stranger's program."""

    exercise: Exercise
    path: Path

    @property
    def right(self) -> bool:
        """Whether it must pass."""
        return self.path.name.startswith("right_")

    @property
    def name(self) -> str:
        """``lab3/find_heads/wrong_layer_last``."""
        return f"{self.exercise}/{self.path.stem}"


@dataclass(frozen=True)
class Graded:
    """What grading said of a program."""

    name: str
    right: bool
    verdict: str
    points: float
    misconception: str | None
    sentence: str
    message: str

    @property
    def as_it_should_be(self) -> bool:
        """Whether a right program passed, or a wrong one did not."""
        return (self.verdict == "passed") == self.right


def programs(exercise: Exercise, folder: Path = HERE) -> list[Program]:
    """The strangers' programs for an exercise, by name."""
    return [Program(exercise, path) for path in sorted((folder / exercise.lab / exercise.name).glob("*.py"))]


def some(exercise: Exercise, most: int | None, folder: Path = HERE) -> list[Program]:
    """The first right program and the first wrong ones, so many in all; all of them for None."""
    found = programs(exercise, folder)
    if most is None:
        return found
    return [*[each for each in found if each.right][:1], *[each for each in found if not each.right][: most - 1]]


def grade(
    course: Course,
    exercises: Sequence[Exercise],
    worker: Worker,
    hidden: str | None = None,
    most: int | None = None,
    folder: Path = HERE,
    right_alone: bool = False,
) -> Iterator[Graded]:
    """Grade all programs of some exercises, or at most so many of each, or those that must pass, by the very path that grades a learner."""
    options = resolve(course, isolation="process", hidden=hidden)
    grading = Grading(course, options, worker)

    def all_of(checks: Checks) -> list[Graded]:
        return [
            graded
            for exercise in exercises
            for program in some(exercise, most, folder)
            if program.right or not right_alone
            for graded in [_one(grading, checks, program)]
        ]

    yield from with_checks(course, exercises, all_of, hidden=options.hidden)


def _one(grading: Grading, checks: Checks, program: Program) -> Graded:
    grader = grading.grader(Submission.from_file(program.path, program.exercise))
    entry = grading.run(checks, grader, [program.exercise]).exercises[0]
    failure = entry.first_failure
    return Graded(
        program.name,
        program.right,
        entry.verdict,
        entry.points,
        entry.misconception,
        failure.sentence if failure else "",
        failure.message if failure else "",
    )


@dataclass(frozen=True)
class Rates:
    """How many programs were graded as they should be.

    Attributes:
        right: how many right programs there are.
        accepted: how many of them passed.
        wrong: how many wrong programs there are.
        rejected: how many of them did not pass.
        named: how many of those are told a known mistake.
        told: how many are told that, or else what is known of where the mistake lies.
    """

    right: int
    accepted: int
    wrong: int
    rejected: int
    named: int
    told: int

    @classmethod
    def of(cls, graded: Iterable[Graded]) -> Rates:
        """Those of some programs."""
        graded = list(graded)
        right = [each for each in graded if each.right]
        wrong = [each for each in graded if not each.right]
        rejected = [each for each in wrong if each.as_it_should_be]
        accepted = sum(each.as_it_should_be for each in right)
        named = sum(each.misconception is not None for each in rejected)
        told = sum(bool(each.sentence) for each in rejected)
        return cls(len(right), accepted, len(wrong), len(rejected), named, told)

    def row(self, name: str) -> list[str]:
        """A row of a table."""
        shares = [
            f"{count} ({100 * count / self.rejected:.0f} %)" if count else "0" for count in (self.named, self.told)
        ]
        return [name, f"{self.accepted} of {self.right}", f"{self.rejected} of {self.wrong}", *shares]


HEADINGS = ("right accepted", "wrong rejected", "of these named", "named or told where")


def keep_round(name: str, graded: Sequence[Graded]) -> None:
    """Keep a round's first rates, and write the table of all rounds."""
    kept = json.loads(FIRST_TRY.read_text(encoding="utf-8")) if FIRST_TRY.is_file() else {}
    labs = sorted({each.name.partition("/")[0] for each in graded})
    found = {lab: Rates.of(each for each in graded if each.name.startswith(f"{lab}/")) for lab in labs}
    kept[name] = {lab: asdict(rates) for lab, rates in found.items()} | {"all": asdict(Rates.of(graded))}
    FIRST_TRY.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    lines = [f"| round | lab | {' | '.join(HEADINGS)} |", "|---|---|---|---|---|---|"]
    for each, rows in kept.items():
        lines += [f"| {each} | {' | '.join(Rates(**rates).row(lab))} |" for lab, rates in rows.items()]
    before, begin, rest = README.read_text(encoding="utf-8").partition("<!-- rounds:begin -->\n")
    after = rest[rest.index("<!-- rounds:end -->") :]
    README.write_text(before + begin + "\n".join(lines) + "\n" + after, encoding="utf-8")


def main() -> None:
    """Print the rates of some labs or exercises."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lab", help="only this lab")
    parser.add_argument("--exercise", help="only this exercise")
    parser.add_argument("--hidden", help="grade on hidden inputs too, drawn from this secret")
    parser.add_argument(
        "--right", action="store_true", help="only the programs that must pass: with --hidden, for several secrets"
    )
    parser.add_argument("--json", type=Path, help="keep every verdict in this file")
    parser.add_argument("--each", action="store_true", help="print each program that is not graded as it should be")
    parser.add_argument("--folder", type=Path, default=HERE, help="programs that are not in here yet")
    parser.add_argument("--round", help="keep the rates under this name, as those of a first try")
    chosen = parser.parse_args()
    course = load_course(ROOT)
    exercises = [each for each in course.exercises(chosen.lab, chosen.exercise) if programs(each, chosen.folder)]
    worker = Worker(course.limits.start_seconds)
    try:
        graded = [
            each
            for exercise in track(exercises, description="strangers' programs", console=Console(stderr=True))
            for each in grade(course, [exercise], worker, chosen.hidden, folder=chosen.folder, right_alone=chosen.right)
        ]
    finally:
        worker.close()
    table = Table("exercise", *HEADINGS)
    for exercise in exercises:
        table.add_row(*Rates.of(each for each in graded if each.name.startswith(f"{exercise}/")).row(str(exercise)))
    table.add_row(*Rates.of(graded).row("all"))
    console = Console(width=140)
    console.print(table)
    for each in graded:
        if chosen.each and not each.as_it_should_be:
            console.print(f"{each.name}: {each.verdict} {each.message[:200]}", markup=False, soft_wrap=True)
    if chosen.json:
        chosen.json.write_text(json.dumps([asdict(each) for each in graded], indent=1) + "\n", encoding="utf-8")
    if chosen.round:
        keep_round(chosen.round, graded)


if __name__ == "__main__":
    main()
