"""What grading costs where nothing is written yet: all stubs of the course, as somebody has them who begins.

"run": each stub in a process, as any other text. "known": a stub is recognised as the text that the learner got, and no process is opened where
that tells what every run would give. Processor time of the grader, the worker and the learners' processes, in turns.

Run: ``python tests/benchmarks/bench_stubs.py [ROUNDS]``
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import psutil
from benchmarks.measure import write
from support import ROOT

from mechgrade.course import load_course
from mechgrade.grading.grade import Grading
from mechgrade.grading.options import resolve
from mechgrade.grading.worker import Worker
from mechgrade.submissions.submission import Submission


def main(rounds: int) -> None:
    course = load_course(ROOT)
    texts = {(each.lab, each.name): course.stub_path(each).read_text() for each in course.exercises()}
    submission = Submission.from_texts(texts)
    options = resolve(course, isolation="process")
    worker = Worker(course.limits.start_seconds)
    spent: dict[str, list[float]] = {"run": [], "known": []}

    def graded(way: str) -> None:
        grading = Grading(course, options, worker)
        if way == "run":
            grading.sessions.__dict__["_given"] = {}
        result = grading.grade(grading.grader(submission), course.exercises())
        assert {entry.verdict for entry in result.exercises} == {"not_started"}

    try:
        graded("run")  # imports, and the model loaded
        assert worker._process is not None
        others = psutil.Process(worker._process.pid)
        for _ in range(rounds):
            for way, times in spent.items():
                before = _processor_time(others)
                graded(way)
                time.sleep(0.5)  # until the last process has been buried, and so counted
                times.append(_processor_time(others) - before)
    finally:
        worker.close()
    medians = {way: statistics.median(times) for way, times in spent.items()}
    rows = {way: {"processor": value, "ratio": value / medians["run"]} for way, value in medians.items()}
    print(rows)
    write("stubs", {"title": f"stubs: {len(texts)} exercises that nobody has begun", "rounds": rounds, "rows": rows})


def _processor_time(above: psutil.Process) -> float:
    """Seconds of this process, and of a worker with all that it has waited for."""
    times = time.process_time()
    for each in (above, *above.children(recursive=True)):
        found = each.cpu_times()
        times += found.user + found.system + found.children_user + found.children_system
    return times


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rounds", type=int, nargs="?", default=5)
    main(parser.parse_args().rounds)
