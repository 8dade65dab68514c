"""What it costs to see that learners' code replaced nothing: ``python tests/benchmarks/bench_intact.py [ROUNDS]``, as root.

All references are graded by two workers: one as it is, and one in which nothing is remembered of the functions that scenarios use, nothing looked at
after a call, and nothing made plain that a learner's function returned (``mechgrade/worker/intact.py``). They take turns exercise by exercise, so that a
machine whose speed drifts treats both alike, and who goes first changes each time. Each worker has a control group, which counts the processor time of
the worker and of all learners' processes; the grader's side is the same for both, and not counted.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.measure import given, write
from benchmarks.processor import Group
from rich.console import Console
from rich.progress import track
from rich.table import Table
from support import ROOT

from mechgrade.cohort import entry
from mechgrade.cohort.member import Service
from mechgrade.course import Course, Exercise, load_course
from mechgrade.grading.checks import Checks, with_checks
from mechgrade.grading.grade import Grading
from mechgrade.grading.options import resolve
from mechgrade.grading.worker import Worker

#: A worker that looks at nothing. It is started in the interpreter's place.
WITHOUT = """#!{python} -I
import sys

from mechgrade.worker import exercise, runner
from mechgrade.worker.fork_server import serve


class Nothing:
    def __init__(self, grader, bench):
        pass

    def changed(self):
        return ""


runner.Intact = Nothing
exercise.frozen = lambda value, torch: value
serve(int(sys.argv[-1]))
"""

#: Time limits are for learners: on a busy machine, none may end what is measured.
PATIENCE = 20

NAMES = ("without", "with")


@contextmanager
def workers(start_seconds: float) -> Iterator[dict[str, tuple[Worker, Group]]]:
    """The worker that looks and the one that does not, each started in a group of its own."""
    found = {name: (Worker(start_seconds), Group()) for name in NAMES}
    own = Group()
    with tempfile.TemporaryDirectory(prefix="mechgrade-bench-") as place:
        program = Path(place) / "python"
        program.write_text(WITHOUT.format(python=sys.executable), encoding="utf-8")
        program.chmod(0o755)
        interpreters = {"with": sys.executable, "without": str(program)}
        try:
            for name, (worker, group) in found.items():
                group.enter()  # and with this process, those that it starts
                with mock.patch.object(sys, "executable", interpreters[name]):
                    worker.start()
            own.enter()
            yield found
        finally:
            for worker, group in found.values():
                worker.close()
                group.close()


def graded(service: Service, exercise: Exercise, text: str) -> None:
    """Grade a reference."""
    told: list[dict[str, Any]] = []
    service.grade({(exercise.lab, exercise.name): text}, told.append)
    verdicts = [entry.load(each["entry"]).verdict for each in told if "entry" in each]
    assert verdicts == ["passed"], f"{exercise}: {verdicts}"


def turns(
    course: Course, exercises: list[Exercise], services: dict[str, Service], groups: dict[str, Group], rounds: int
) -> list[dict[str, float]]:
    """Processor seconds of all exercises, by worker, for each round."""
    texts = {each: course.solution_path(each).read_text(encoding="utf-8") for each in exercises}
    found = []
    for turn in range(-1, rounds):
        before = {name: seconds(group) for name, group in groups.items()}
        for place, exercise in enumerate(track(exercises, description=f"round {turn + 1}", transient=True)):
            for name in sorted(services, reverse=bool((place + turn) % 2)):
                graded(services[name], exercise, texts[exercise])
        if turn >= 0:  # the first round is for what is made once: models, inputs, memory gathered into large pages
            found.append({name: seconds(group) - before[name] for name, group in groups.items()})
    return found


def seconds(group: Group) -> float:
    """Processor seconds so far."""
    counted = group.seconds()
    if counted is None:
        sys.exit("this needs control groups: run it as root, where the machine has them")
    return counted


def main(rounds: int) -> None:
    course = load_course(ROOT)
    longer = {name: getattr(course.limits, name) * PATIENCE for name in ("seconds", "cpu_seconds", "start_seconds")}
    course = course.model_copy(update={"limits": course.limits.model_copy(update=longer)})
    exercises = course.exercises()
    options = resolve(course, isolation="process")
    with workers(course.limits.start_seconds) as both:

        def in_turns(checks: Checks) -> list[dict[str, float]]:
            services = {n: Service(Grading(course, options, w), checks, exercises) for n, (w, _) in both.items()}
            return turns(course, exercises, services, {name: group for name, (_, group) in both.items()}, rounds)

        show(with_checks(course, exercises, in_turns), len(exercises))


def show(spent: list[dict[str, float]], exercises: int) -> None:
    """Print the medians, and keep them for docs/performance.md."""
    rows = {
        name: {
            "the whole course": (whole := statistics.median(each[name] for each in spent)),
            "an exercise": whole / exercises,
            "ratio": statistics.median(each[name] / each["without"] for each in spent),
        }
        for name in NAMES
    }
    table = Table("processor seconds", *rows["with"], title=f"{exercises} exercises, {len(spent)} rounds")
    for name, row in rows.items():
        table.add_row(name, *(f"{value:.3f}" for value in row.values()))
    Console().print(table)
    for name in NAMES:
        print(name, "each round:", *(f"{each[name]:.2f}" for each in spent))
    write("intact", {"title": f"intact: {exercises} exercises", "rounds": len(spent), "rows": rows})


if __name__ == "__main__":
    main(given(__doc__, rounds=3).rounds)
