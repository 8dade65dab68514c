"""How long grading the whole course takes, and how much of it is the learner's own computing.

``mechgrade grade solutions`` with a worker whose imports are done, as after the first exercise of a session: the wall time of all
exercises, the seconds of their scenarios, and those inside the learner's functions. Goal: 60 s on two cores.

Run: ``python tests/benchmarks/bench_course.py [ROUNDS]``
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.measure import given, write
from rich.console import Console
from rich.table import Table
from support import ROOT, Watching

from mechgrade.course import load_course
from mechgrade.grading.grade import grade
from mechgrade.grading.options import resolve
from mechgrade.grading.worker import Worker
from mechgrade.submissions.find import find_submission


def main(rounds: int) -> None:
    course = load_course(ROOT)
    exercises = course.exercises()
    submission = find_submission(course, ROOT / "solutions")
    options = resolve(course, isolation="process")
    times: dict[str, list[float]] = {"whole course": [], "scenarios": [], "the learner's functions": []}
    worker = Worker(course.limits.start_seconds)
    try:
        grade(course, submission, exercises[:1], options, worker)  # imports, and the model loaded
        for _ in range(rounds):
            watching = Watching(worker)
            start = time.perf_counter()
            result = grade(course, submission, exercises, options, watching)
            wall = time.perf_counter() - start
            assert result.score == result.max_score, [e.exercise for e in result.exercises if e.verdict != "passed"]
            for name, value in zip(
                times,
                (
                    wall,
                    sum(each.seconds for each in watching.seen),
                    sum(each.learner_seconds for each in watching.seen),
                ),
                strict=True,
            ):
                times[name].append(value)
    finally:
        worker.close()
    whole = statistics.median(times["whole course"])
    table = Table("", "median (s)", "min", "max", "share", title=f"{len(exercises)} exercises graded, worker up")
    for name, values in times.items():
        median = statistics.median(values)
        table.add_row(name, f"{median:.1f}", f"{min(values):.1f}", f"{max(values):.1f}", f"{median / whole:.0%}")
    Console().print(table)
    rows = {name: {"median": statistics.median(values)} for name, values in times.items()}
    rows = {name: {**row, "share": row["median"] / whole} for name, row in rows.items()}
    write("course", {"title": f"course: {len(exercises)} exercises", "rounds": rounds, "rows": rows})


if __name__ == "__main__":
    main(given(__doc__, rounds=3).rounds)
