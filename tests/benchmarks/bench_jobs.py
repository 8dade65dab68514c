"""How much sooner several exercises are graded by several processes.

"course": the references of this course, one after the other and one a processor, in turns, with a worker that is up. Goal: 1.7 times on two
processors. "simulated": a made-up course whose functions only sleep, on 1, 2, 4 and 8 processes. It shows what the scheduling costs on more
processors than this machine may have. It does not show what they would share: memory and its bandwidth.

Run: ``python tests/benchmarks/bench_jobs.py [ROUNDS]``
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.measure import side_by_side
from support import ROOT

from mechgrade.course import Course, load_course
from mechgrade.doors.cli.common import processors
from mechgrade.grading.grade import grade
from mechgrade.grading.options import resolve
from mechgrade.grading.worker import Worker
from mechgrade.submissions.find import find_submission

#: Of the simulated course: how many exercises there are, and how long each function sleeps.
EXERCISES, SECONDS = 24, 1.0

COURSE = """\
schema: 1
title: Sleeping
isolation: process
labs:
  week1:
    title: Sleep
    slug: 01-sleep
    minutes: 20
    exercises:
"""
GRADER = '''\
def on_nothing(exercise, bench):
    return exercise.{name}()


def test_it_wakes_up(run):
    """It wakes up."""
    assert run(on_nothing) == 1
'''
SOURCE = """\
import time


def {name}():
    time.sleep({seconds})
    return 1
"""


def sleeping(root: Path, exercises: int = EXERCISES, seconds: float = SECONDS) -> Course:
    """The simulated course."""
    names = [f"sleep{number:02d}" for number in range(exercises)]
    for folder in ("solutions/week1", "graders/week1"):
        (root / folder).mkdir(parents=True)
    (root / "course.yaml").write_text(
        COURSE + "".join(f"      {name}: {{title: Sleep, points: 1, minutes: 1}}\n" for name in names)
    )
    for name in names:
        (root / f"solutions/week1/{name}.py").write_text(SOURCE.format(name=name, seconds=seconds))
        (root / f"graders/week1/test_{name}.py").write_text(GRADER.format(name=name))
    return load_course(root)


def compare(title: str, course: Course, counts: list[int], rounds: int) -> None:
    """Grade a course's references by so many processes each, in turns."""
    submission, exercises = find_submission(course, course.root / "solutions"), course.exercises()
    options = resolve(course, isolation="process")
    worker = Worker(course.limits.start_seconds)

    def graded(jobs: int) -> None:
        result = grade(course, submission, exercises, options, worker, jobs=jobs)
        assert result.score == result.max_score

    try:
        side_by_side(title, {f"{count} at once": partial(graded, count) for count in counts}, rounds=rounds, cpu=True)
    finally:
        worker.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "rounds", type=int, nargs="?", default=5, help="of the course; of the simulated one there is one"
    )
    rounds = parser.parse_args().rounds
    course = load_course(ROOT)
    compare(f"jobs: {len(course.exercises())} exercises graded, worker up", course, [1, max(2, processors())], rounds)
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as folder:
        title = f"jobs-simulated: {EXERCISES} exercises that sleep {SECONDS:g} s each"
        compare(title, sleeping(Path(folder)), [1, 2, 4, 8], 1)


if __name__ == "__main__":
    main()
