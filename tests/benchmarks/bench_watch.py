"""From a save to its verdict in `mechgrade watch`, beside the exercise's own computing.

Run: ``python tests/benchmarks/bench_watch.py [SAVES]``. Goal: the 95th percentile at most 0.5 s above the exercise's own computing,
which is what its scenarios take in the learner's process (the sum that the grader measures).
"""

from __future__ import annotations

import os
import queue
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.measure import given, write
from rich.progress import track
from support import ROOT, Watching

from mechgrade.course import load_course
from mechgrade.doors.watch.events import Event, Graded, Saved
from mechgrade.doors.watch.regrade import Regrading
from mechgrade.doors.watch.saves import Saves
from mechgrade.grading.grade import Grading, grade
from mechgrade.grading.options import resolve
from mechgrade.grading.worker import Worker
from mechgrade.submissions.find import find_submission

EXERCISES = ("repeated_tokens", "find_heads", "induction_scores")


def main(saves: int) -> None:
    course = load_course(ROOT)
    options = resolve(course)
    worker = Worker(course.limits.start_seconds)
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder)
        chosen = [course.exercise(name) for name in EXERCISES]
        for exercise in chosen:
            (files / exercise.lab).mkdir(exist_ok=True)
            shutil.copy(course.solution_path(exercise), files / exercise.lab)
        submission = find_submission(course, files)
        grading = Grading(course, options, worker)
        events: queue.Queue[Event] = queue.Queue()
        watching = Saves(course, files, chosen, events.put)
        watching.start()
        over, whole, own = [], [], []
        try:
            for turn in track(range(-len(chosen), saves), description="saves", transient=True):
                exercise = chosen[turn % len(chosen)]
                watched = Watching(worker)
                grade(course, submission, [exercise], options, watched)
                computing = sum(outcome.seconds for outcome in watched.seen)
                path = submission.file(exercise)
                text = path.read_bytes()
                started = time.perf_counter()
                path.write_bytes(text)
                saved = events.get(timeout=60)
                assert isinstance(saved, Saved)
                Regrading(grading, submission, saved.exercises[0], events.put)
                graded = events.get(timeout=300)
                elapsed = time.perf_counter() - started
                assert isinstance(graded, Graded) and graded.result is not None
                assert graded.result.score == graded.result.max_score
                if turn >= 0:  # the first ones load the model
                    whole.append(elapsed)
                    own.append(computing)
                    over.append(elapsed - computing)
        finally:
            watching.close()
            worker.close()
    rows = {
        name: {"median": statistics.median(values), "p95": statistics.quantiles(values, n=20)[-1]}
        for name, values in (("save to verdict", whole), ("own computing", own), ("above it", over))
    }
    for name, row in rows.items():
        print(f"  {name:<18} median {row['median'] * 1e3:6.0f} ms   p95 {row['p95'] * 1e3:6.0f} ms")
    write(
        "watch",
        {"title": "watch: from a save to its verdict", "saves": saves, "isolation": options.isolation, "rows": rows},
    )


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main(given(__doc__, saves=60).saves)
