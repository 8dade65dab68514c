"""How long an exercise takes a learner and what it is worth: a stated model, and the minutes and points in course.yaml made from it.

A learner reads the text, the docstrings, half of the hints and what was found, at 150 words a minute; stops at each displayed formula for 30 seconds;
writes as many lines as the reference has, at one a minute; and reads two verdicts before the third passes, two minutes each. The sum is rounded to
five minutes. These paces are assumptions, the same for all exercises: no learner was timed. They make exercises comparable, and say what a text that
grows costs.

**Points follow the minutes:** 5 points up to 15 minutes, 10 up to 30, 15 above. The minutes are exact to five at best. So an exercise keeps its points
as long as five minutes more or less would give them: a sentence that is added to a text does not change a grade.

python scripts/minutes.py [--write]

--write leaves the graders alone: where points change, spread them over the checks by hand, and `mechgrade audit --form` says when they add up.

Exit code 1: course.yaml or a lab's page says other minutes, or an exercise has points that do not follow.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from readability import prose

from mechgrade.course import Course, Exercise, load_course
from mechgrade.course.source import read_source, without_solutions

ROOT = Path(__file__).parents[1]
WORDS_A_MINUTE = 150
MINUTES_A_FORMULA = 0.5
MINUTES_A_LINE = 1.0
TRIES, MINUTES_A_TRY = 2, 2.0
#: So exact is the model at best.
STEP = 5
#: Points, and up to how many minutes.
WORTH = ((5, 15), (10, 30))
MOST = 15


@dataclass(frozen=True)
class Work:
    """What an exercise asks for: words and formulas to read, lines to write."""

    words: int
    formulas: int
    lines: int

    @property
    def minutes(self) -> int:
        """How long it takes, by the model."""
        reading = self.words / WORDS_A_MINUTE + self.formulas * MINUTES_A_FORMULA
        return max(STEP, STEP * round((reading + self.lines * MINUTES_A_LINE + TRIES * MINUTES_A_TRY) / STEP))


def worth(minutes: int) -> int:
    """What an exercise of so many minutes is worth."""
    return next((points for points, most in WORTH if minutes <= most), MOST)


def fair(points: int, minutes: int) -> int:
    """The points that an exercise should have: its own, where the minutes are not exact enough to say otherwise."""
    return points if points in map(worth, (minutes - STEP, minutes, minutes + STEP)) else worth(minutes)


def work(course: Course, exercise: Exercise) -> Work:
    """Count what an exercise asks for."""
    source = read_source(course, exercise)
    docstrings = [
        ast.get_docstring(node) or "" for node in ast.walk(ast.parse(source.stub)) if isinstance(node, ast.FunctionDef)
    ]
    words = len(prose(source.stub, python=True).split()) + sum(len(text.split()) for text in docstrings)
    words += sum(len(text.split()) for text in source.hints) // 2 + len(source.found.split())
    return Work(
        words,
        source.stub.count("$$") // 2,
        _lines(source.reference) - _lines(without_solutions(source.reference, exercise.name)),
    )


def _lines(text: str) -> int:
    """Lines that hold code, the stub's raises left out."""
    kept = [line.strip() for line in text.splitlines()]
    return sum(bool(line) and not line.startswith(("#", "raise NotImplementedError(")) for line in kept)


def replaced(text: str, pattern: str, number: int) -> str:
    """A text with another number at the only place of a pattern, whose groups stand before and after it."""
    made, count = re.subn(pattern, rf"\g<1>{number}\g<2>", text, flags=re.MULTILINE)
    if count != 1:
        sys.exit(f"{count} places, and not one, are as {pattern!r}")
    return made


def main() -> int:
    """Print the model's minutes, and write them or say where others stand."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write them into course.yaml and the lab pages")
    options = parser.parse_args()
    course = load_course(ROOT)
    texts = {
        path: path.read_text(encoding="utf-8")
        for path in [ROOT / "course.yaml", *sorted((ROOT / "docs/labs").glob("lab*.md"))]
    }
    made = dict(texts)
    config = ROOT / "course.yaml"
    print("| exercise | words | formulas | lines | minutes | points |\n|---|---|---|---|---|---|")
    for lab in course.labs:
        total = 0
        for exercise in course.exercises(lab):
            asked = work(course, exercise)
            total += asked.minutes
            points = fair(exercise.points, asked.minutes)
            print(f"| {exercise} | {asked.words} | {asked.formulas} | {asked.lines} | {asked.minutes} | {points} |")
            if points != exercise.points:
                print(
                    f"{exercise}: {exercise.points} points; {asked.minutes} minutes are worth {points}", file=sys.stderr
                )
            made[config] = replaced(made[config], rf"^(      {exercise.name}: {{.*minutes: )\d+(.*)$", asked.minutes)
            made[config] = replaced(made[config], rf"^(      {exercise.name}: {{.*points: )\d+(.*)$", points)
        print(f"| {lab} | | | | {total} | |")
        made[config] = replaced(made[config], rf"^(  {lab}:\n(?:    .*\n)*?    minutes: )\d+()$", total)
        page = ROOT / f"docs/labs/{lab}.md"
        made[page] = replaced(made[page], r"(and )\d+( minutes of exercises)", total)
    others = [path for path in texts if made[path] != texts[path]]
    for path in others:
        if options.write:
            path.write_text(made[path], encoding="utf-8")
        print(
            f"{path.relative_to(ROOT)}: {'written' if options.write else 'says other minutes or points'}",
            file=sys.stderr,
        )
    return 1 if others and not options.write else 0


if __name__ == "__main__":
    sys.exit(main())
