"""What isolation ``full`` costs over ``process``, a submission: ``python tests/benchmarks/bench_isolation.py [PAIRS]``.

A submission here is one exercise's file: a process opened by a warm worker, one scenario on the course model, and its end. Both levels
are measured in turns, so that a busy minute of the machine falls on both; the difference is the median of the pairs'. Goal: under 50 ms.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.measure import given
from support import ROOT

from mechgrade import sandbox
from mechgrade.bench.specs import bench_spec
from mechgrade.course import load_course
from mechgrade.grading.worker import Worker
from mechgrade.protocol.job import Isolation, Job


def main(pairs: int) -> None:
    course = load_course(ROOT)
    if sandbox.probe().level != "full":
        sys.exit("this machine has no level full: " + " ".join(sandbox.probe().missing))
    exercise = course.exercise("find_heads")
    source = course.solution_path(exercise).read_text(encoding="utf-8")
    worker = Worker(course.limits.start_seconds)
    spec = bench_spec(course)

    def submission(level: Isolation) -> float:
        readable = tuple(str(course.root / "fixtures" / part) for part in ("models", "saes"))
        job = Job(source, "lab3/find_heads.py", str(course.grader_path(exercise)), level, course.limits, readable)
        started = time.perf_counter()
        process = worker.open(spec, job)
        outcome = process.run("on_course_model", {"batch": 2, "half": 10, "seed": 0})
        process.close()
        elapsed = (time.perf_counter() - started) * 1e3
        assert outcome.kind == "returned", outcome.message
        return elapsed

    try:
        for level in ("full", "process"):
            submission(level)
        times = [(submission("full"), submission("process")) for _ in range(pairs)]
    finally:
        worker.close()
    full, process = zip(*times, strict=True)
    print(f"{pairs} pairs, medians (and lower quartiles), in milliseconds a submission")
    for name, values in (("full", full), ("process", process), ("full - process", [a - b for a, b in times])):
        print(f"  {name:<16}{statistics.median(values):7.1f}  ({statistics.quantiles(values, n=4)[0]:.1f})")


if __name__ == "__main__":
    main(given(__doc__, pairs=100).pairs)
