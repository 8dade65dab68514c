"""What people wait for, in another version and in this one: ``python tests/benchmarks/bench_against.py CHECKOUT [ROUNDS]``.

CHECKOUT is a folder with another version of the project and its own ``.venv``, such as a ``git worktree`` of the last release after
``make setup-instructor``. The two take turns, and each does a thing as it comes: with its own command, all options as they are by default, the worker
warm. What an older version cannot do, such as grading two exercises at once, counts for the newer one. The courses differ, so the whole
course is counted by the exercise. A class (two light exercises) is graded in three rounds, by each version's own ``bench_cohort.py``.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.measure import write
from rich.console import Console
from rich.progress import track
from rich.table import Table
from support import ROOT

#: Sizes of the two classes; what the larger takes more is what one more submission costs.
FEW, MANY = 10, 160
#: How often a class is graded at most: it takes longer than all the rest.
CLASSES = 3

#: Seconds by what they were needed for.
Seconds = dict[str, float]


def called(checkout: Path, *command: str) -> float:
    """Seconds of a command in a checkout.

    Raises:
        SystemExit: if it fails.
    """
    started = time.perf_counter()
    ended = subprocess.run(
        [checkout / ".venv/bin" / command[0], *command[1:]], cwd=checkout, capture_output=True, text=True
    )
    if ended.returncode:
        sys.exit(f"{checkout}: {' '.join(command)} ended with {ended.returncode}\n{ended.stdout[-2000:]}{ended.stderr}")
    return time.perf_counter() - started


def exercises(checkout: Path) -> int:
    """How many exercises a checkout's course has."""
    return len(list((checkout / "solutions").glob("lab*/*.py")))


def python(checkout: Path) -> Seconds:
    """What nobody can be faster than."""
    return {"python -c pass": called(checkout, "python", "-c", "pass")}


def words(checkout: Path) -> Seconds:
    """Commands that grade nothing."""
    return {
        "mechgrade --help": called(checkout, "mechgrade", "--help"),
        "mechgrade hint": called(checkout, "mechgrade", "hint", "find_heads", "1"),
    }


def second(checkout: Path) -> Seconds:
    """One exercise, with a worker that is warm."""
    grade = ("mechgrade", "grade", "solutions", "--exercise", "repeated_tokens")
    return {"second grade of one exercise": called(checkout, *grade)}


def whole(checkout: Path) -> Seconds:
    """All references of the course.

    Raises:
        SystemExit: if not all points are reached.
    """
    with tempfile.NamedTemporaryFile(suffix=".json") as kept:
        seconds = called(checkout, "mechgrade", "grade", "solutions", "--json", kept.name)
        result = json.loads(Path(kept.name).read_text(encoding="utf-8"))
    if result["score"] != result["max_score"]:
        sys.exit(f"{checkout}: {result['score']} of {result['max_score']} points")
    return {"whole course, one exercise of it": seconds / exercises(checkout)}


def collecting(checkout: Path) -> Seconds:
    """What whoever runs one test waits for."""
    collect = ("python", "-m", "pytest", "--collect-only", "--quiet")
    return {"collecting the tests": called(checkout, *collect)}


def light(checkout: Path) -> Seconds:
    """One more submission of a class."""
    script = (
        "python",
        "tests/benchmarks/bench_cohort.py",
        str(FEW),
        str(MANY),
        "--only",
        "sizes",
        "--name",
        "against-class",
    )
    called(checkout, *script)
    sizes = json.loads((checkout / "outputs/benchmarks/against-class.json").read_text(encoding="utf-8"))["sizes"]

    def more(what: str) -> float:
        return float(sizes[str(MANY)][what] - sizes[str(FEW)][what]) / (MANY - FEW)

    return {
        "one more light submission, by the clock": more("seconds"),
        "one more light submission, processor": more("processor"),
    }


def in_turns(thing: Callable[[Path], Seconds], places: dict[str, Path], rounds: int) -> dict[str, Seconds]:
    """Each row with the medians of both, and the median of the ratios of a turn's two."""
    turns = []
    for turn in range(rounds):
        order = list(places) if turn % 2 == 0 else list(places)[::-1]
        found = {name: thing(places[name]) for name in order}
        turns.append(found)
    rows: dict[str, Seconds] = {}
    for row in turns[0]["now"]:
        both = {name: statistics.median(turn[name][row] for turn in turns) for name in places}
        rows[row] = {**both, "ratio": statistics.median(turn["now"][row] / turn["before"][row] for turn in turns)}
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path, help="a folder with another version and its own .venv")
    parser.add_argument("rounds", type=int, nargs="?", default=5)
    asked = parser.parse_args()
    places = {"before": asked.checkout.resolve(), "now": ROOT}
    for place in places.values():
        if not (place / ".venv/bin/mechgrade").exists():
            parser.error(f"{place}/.venv/bin/mechgrade is missing; run `make setup-instructor` there")
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as private:
        # Neither the learner's own worker nor the learner's progress is touched.
        os.environ.update(XDG_RUNTIME_DIR=private, MECHGRADE_HOME=private, COLUMNS="100")
        rows: dict[str, Seconds] = {}
        try:
            for place in places.values():
                second(place)  # leaves the worker that the next ones find
                words(place)
            for thing in track(
                (python, words, second, whole, collecting, light), description="in turns", transient=True
            ):
                rows |= in_turns(thing, places, min(asked.rounds, CLASSES) if thing is light else asked.rounds)
        finally:
            for place in places.values():
                subprocess.run([place / ".venv/bin/mechgrade", "server", "--stop"], cwd=place, capture_output=True)
    title = f"against: {exercises(places['before'])} exercises before, {exercises(ROOT)} now"
    table = Table("", "before (s)", "now (s)", "ratio", title=title, title_justify="left")
    for name, row in rows.items():
        table.add_row(name, *(f"{row[column]:.3g}" for column in ("before", "now")), f"{row['ratio']:.2f}")
    Console().print(table)
    write("against", {"title": title, "rounds": asked.rounds, "rows": rows})


if __name__ == "__main__":
    main()
