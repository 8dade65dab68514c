"""What the coordinator of ``mechgrade cohort grade`` computes for each light submission: ``python tests/benchmarks/bench_coordinator.py``. Goal: 1.5 ms.

The coordinator is the one process that a class does not share out: it reads hand-ins, names results by keys, keeps them, and writes what people read. Here it
is alone with its work: in the place of a process that grades stands one that answers at once, with what a real grading of the same program gave. Counted is the
processor time of this process, for a small class and a large one; their difference is what one more submission costs. The large class is counted once more with
every result known, as a run that goes on after a kill meets them, and once with files that many learners share.
"""

from __future__ import annotations

import argparse
import gc
import os
import re
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.measure import write
from cohort.ground import cohort, small_class, small_course
from rich.console import Console
from rich.table import Table

from mechgrade.cohort import entry, outputs
from mechgrade.cohort.keys import bases
from mechgrade.cohort.learners import find_learners
from mechgrade.cohort.messages import GradedExercise
from mechgrade.cohort.pool import Member, Pool
from mechgrade.cohort.run import CohortRun
from mechgrade.cohort.store import Store
from mechgrade.course import Course
from mechgrade.course.variants import programs
from mechgrade.grading.options import resolve
from mechgrade.grading.verdicts import Check, ExerciseResult
from mechgrade.protocol import wire
from mechgrade.reports import cohort as report
from mechgrade.reports import html

#: Classes: every file another one; the same class again, as a run meets it that goes on after a kill; files that many share.
KINDS = ("each its own", "known before", "alike")

#: The messages of real gradings, by exercise and program.
Answers = dict[tuple[str, str], dict[str, Any]]


class Echo(Member):
    """A member whose process grades nothing, and answers at once."""

    answers: Answers

    def __post_init__(self) -> None:
        ours, theirs = socket.socketpair()
        self.connection = ours
        if os.fork():
            theirs.close()
            return
        try:
            ours.close()
            self._answer(theirs)
        finally:
            os._exit(0)

    def _answer(self, connection: socket.socket) -> None:
        wire.send(connection, {"bases": list(self.bases)})
        asked = []
        while True:
            message: Any = wire.receive(connection)
            if "text" in message:
                _, name, body, _ = message["text"]
                asked.append((name, _program(body.values.tobytes().decode())))
            else:
                for each in asked:
                    wire.send(connection, self.answers[each])
                wire.send(connection, {"done": True})
                asked = []


class Echoes(Pool):
    """Members of that kind."""

    member = Echo


def _program(text: str) -> str:
    """A learner's text without the line that makes it the learner's own."""
    return re.sub(r"\n# \d+\n\Z", "", text)


def answers_of(course: Course, place: Path) -> Answers:
    """What grading each program of a class gives."""
    most = max(len(programs(course, exercise)) for exercise in course.exercises())
    folder = small_class(course, place / "class", most)
    done = cohort(course, "grade", folder, "--out", place / "out", "--jobs", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    found: Answers = {}
    with Store(place / "out") as store:
        for learner, keys in store.roster():
            for exercise, key in zip(course.exercises(), keys, strict=True):
                text = (folder / learner / exercise.lab / f"{exercise.name}.py").read_text(encoding="utf-8")
                body = store.body(key)
                assert body is not None
                found[exercise.name, _program(text)] = GradedExercise.of(entry.load(body, 0.1)).message()
    return found


def made_up(course: Course) -> Answers:
    """Messages of the same form for gradings that did not take place."""
    found: Answers = {}
    for exercise in course.exercises():
        for program in programs(course, exercise):
            passed = program.kind in ("reference", "accepted")
            checks = [
                Check(
                    f"on_{part}",
                    "passed" if passed or part else "wrong",
                    0.0,
                    exercise.points / 4,
                    "It is asked.",
                    "" if passed or part else f"a value of {program.name}",
                )
                for part in range(4)
            ]
            result = ExerciseResult(exercise.lab, exercise.name, exercise.points, checks)
            found[exercise.name, program.source] = GradedExercise.of(result).message()
    return found


def coordinate(course: Course, folder: Path, out: Path) -> tuple[float, float]:
    """Do for a class what the command does; processor seconds of running it, and of writing what people read."""
    options, exercises = resolve(course), course.exercises()
    based = bases(course, exercises, options)
    gc.collect()
    begun = time.process_time()
    with Store(out) as store:
        learners = find_learners(course, folder, out / "unpacked")
        pool = Echoes(course, exercises, options, list(based.values()), 2)
        run = CohortRun(course, options, based, store)
        run.go(learners, pool)
        pool.close()
        graded = time.process_time()
        outputs.write(
            course,
            exercises,
            options,
            store,
            html.ClassPages(course).page,
            report.page,
            run.arrivals,
            bases=based,
        )
    return graded - begun, time.process_time() - graded


def measure(small: int, large: int, rounds: int, kinds: Sequence[str] = KINDS) -> dict[str, dict[str, float]]:
    """Seconds of one more submission, medians, in turns: each its own, known from a run before, and alike."""
    found: dict[str, list[tuple[float, float]]] = {kind: [] for kind in kinds}
    with tempfile.TemporaryDirectory(prefix="mechgrade-bench-") as place:
        here = Path(place)
        course = small_course(here / "course")
        Echo.answers = answers_of(course, here) if kinds == KINDS else made_up(course)
        sizes = (small, large)
        own = {size: small_class(course, here / f"own{size}", size) for size in sizes}
        alike = own
        if "alike" in kinds:
            alike = {size: small_class(course, here / f"alike{size}", size, alike=True) for size in sizes}
        for turn in range(rounds):
            for kind in kinds:
                classes, out = (alike, "alike") if kind == "alike" else (own, "own")
                one, more = (coordinate(course, classes[size], here / f"{out}-out{turn}-{size}") for size in sizes)
                found[kind].append(((more[0] - one[0]) / (large - small), (more[1] - one[1]) / (large - small)))
    rows = {}
    for name, turns in found.items():
        grading, writing = (statistics.median(part) for part in zip(*turns, strict=True))
        rows[name] = {
            "grading": grading,
            "writing": writing,
            "together": statistics.median(sum(turn) for turn in turns),
        }
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description="What the coordinator computes for each light submission.")
    parser.add_argument("sizes", nargs="*", type=int, default=[100, 500], help="of the small class and the large one")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    small, large = options.sizes
    rows = measure(small, large, options.rounds)
    table = Table("one more submission", "grading (ms)", "writing (ms)", "together (ms)")
    for name, row in rows.items():
        table.add_row(name, *(f"{1e3 * value:.2f}" for value in row.values()))
    Console().print(table)
    write("coordinator", {"title": "coordinator", "sizes": options.sizes, "rounds": options.rounds, "rows": rows})


if __name__ == "__main__":
    main()
