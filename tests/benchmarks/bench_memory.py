"""What a process for one learner's file has of memory to itself: the rest it shares with the worker that it was forked from.

Run: ``python tests/benchmarks/bench_memory.py [FORKS]`` (Linux; as root, because the processes are closed to others).
"""

from __future__ import annotations

import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.measure import given, write
from support import ROOT

from mechgrade import sandbox
from mechgrade.bench.specs import bench_spec
from mechgrade.course import load_course
from mechgrade.grading.worker import Worker
from mechgrade.protocol.job import Isolation, Job

#: An exercise, and its scenario on the course model.
EXERCISE, SCENARIO, INPUTS = "induction_scores", "on_course_model", {"batch": 3, "half": 12, "seed": 0}


def memory(pid: int) -> dict[str, float]:
    """A process's memory in MB: all that it sees, its share of it, and what no other process has."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    kb = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
    return {
        "resident": kb["Rss"] / 1024,
        "share": kb["Pss"] / 1024,
        "private": (kb["Private_Clean"] + kb["Private_Dirty"]) / 1024,
    }


def children(pid: int) -> list[int]:
    """The processes that a process started and that still live."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def main(forks: int) -> None:
    course = load_course(ROOT)
    exercise = course.exercise(EXERCISE)
    level: Isolation = sandbox.probe().level
    readable = tuple(str(course.root / "fixtures" / part) for part in ("models", "saes"))
    source = course.solution_path(exercise).read_text(encoding="utf-8")
    job = Job(source, "x.py", str(course.grader_path(exercise)), level, course.limits, readable)
    worker = Worker(course.limits.start_seconds)
    sessions, opened = [], []
    try:
        for _ in range(forks):
            sessions.append(worker.open(bench_spec(course), job))
        assert worker._process is not None
        forking = worker._process.pid
        if level == "full":  # the process that was started stays behind, and the worker is its child
            (forking,) = children(forking)
        learners = children(forking)
        assert len(learners) == forks
        opened = [memory(pid) for pid in learners]
        for session in sessions:
            assert session.run(SCENARIO, INPUTS).kind == "returned"
        groups = {
            "the worker": [memory(forking)],
            "a learner's process, opened": opened,
            "a learner's process, after a run": [memory(pid) for pid in learners],
        }
    finally:
        for session in sessions:
            session.close()
        worker.close()
    rows = {
        name: {what: statistics.median(each[what] for each in found) for what in ("resident", "share", "private")}
        for name, found in groups.items()
    }
    print(f"{forks} processes at once, isolation {level}; medians in MB")
    for name, row in rows.items():
        print(
            f"  {name:<34} resident {row['resident']:6.0f}   share {row['share']:6.1f}   private {row['private']:6.1f}"
        )
    write("memory", {"title": "memory: in MB", "forks": forks, "isolation": level, "rows": rows})


if __name__ == "__main__":
    main(given(__doc__, forks=8).forks)
