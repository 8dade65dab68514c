"""What it costs to see that learners' code replaced nothing: ``python tests/benchmarks/bench_intact.py [ROUNDS]``.

All references are graded by two workers in turns: one as it is, and one in which nothing is remembered of the functions that scenarios use, nothing
looked at after a call, and nothing made plain that a learner's function returned (``mechgrade/worker/intact.py``). A machine whose speed drifts treats
both alike, and who goes first changes each round. Counted is processor time, of all processes where the machine has control groups.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.measure import write
from benchmarks.processor import Group
from rich.console import Console
from rich.table import Table
from support import ROOT, Watching

from mechgrade.course import load_course
from mechgrade.grading.grade import grade
from mechgrade.grading.options import resolve
from mechgrade.grading.worker import Worker
from mechgrade.submissions.find import find_submission

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

#: What is measured of a round: processor seconds, and seconds of scenarios by the worker's clock.
Spent = tuple[float, float]


@contextmanager
def workers(start_seconds: float) -> Iterator[dict[str, Worker]]:
    """Two workers, started: the one that looks, and the one that does not."""
    found = {"with": Worker(start_seconds), "without": Worker(start_seconds)}
    with tempfile.TemporaryDirectory(prefix="mechgrade-bench-") as place:
        program = Path(place) / "python"
        program.write_text(WITHOUT.format(python=sys.executable), encoding="utf-8")
        program.chmod(0o755)
        try:
            found["with"].start()
            with mock.patch.object(sys, "executable", str(program)):
                found["without"].start()
            yield found
        finally:
            for worker in found.values():
                worker.close()


def main(rounds: int) -> None:
    group = Group()
    group.enter()
    course = load_course(ROOT)
    exercises = course.exercises()
    submission = find_submission(course, ROOT / "solutions")
    options = resolve(course, isolation="process")

    def course_by(worker: Worker) -> Spent:
        watching = Watching(worker)
        before = processor(group)
        result = grade(course, submission, exercises, options, watching)
        used = processor(group) - before
        assert result.score == result.max_score, [e.exercise for e in result.exercises if e.verdict != "passed"]
        return used, sum(each.seconds for each in watching.seen)

    times: dict[str, list[Spent]] = {"without": [], "with": []}
    with workers(course.limits.start_seconds) as both:
        for worker in both.values():
            grade(course, submission, exercises[:1], options, worker)  # imports, and the model loaded
        for turn in range(rounds):
            for name in sorted(times, reverse=turn % 2 == 1):
                times[name].append(course_by(both[name]))
    show(times, len(exercises))


def processor(group: Group) -> float:
    """Processor seconds so far; by the clock where nothing counts them."""
    time.sleep(0.5)  # the last processes end
    counted = group.seconds()
    return time.perf_counter() if counted is None else counted


def show(times: dict[str, list[Spent]], exercises: int) -> None:
    """Print the medians, and keep them for docs/performance.md."""
    rows: dict[str, dict[str, float]] = {}
    for name, spent in times.items():
        ratios = [mine[0] / theirs[0] for mine, theirs in zip(spent, times["without"], strict=True)]
        whole, scenarios = (statistics.median(column) for column in zip(*spent, strict=True))
        rows[name] = {
            "the whole course, processor": whole,
            "of it an exercise": whole / exercises,
            "scenarios, by the clock": scenarios,
            "ratio": statistics.median(ratios),
        }
    table = Table("", *rows["with"], title=f"{exercises} exercises, {len(times['with'])} rounds")
    for name, row in rows.items():
        table.add_row(name, *(f"{value:.3f}" for value in row.values()))
    Console().print(table)
    for name, spent in times.items():
        print(name, "each round:", *(f"{used:.2f}" for used, _ in spent))
    write("intact", {"title": f"intact: {exercises} exercises", "rounds": len(times["with"]), "rows": rows})


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
