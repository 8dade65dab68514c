"""How good the forecast of the remaining time is: at a quarter of a class of 200, of whom some hand in endless loops.

Run: ``python tests/benchmarks/bench_forecast.py [--loops 0.05] [--jobs 4] [--classes 200]``. The classes are simulated, with the times that were measured for the
course's exercises; the forecast is the real one.

``python tests/benchmarks/bench_forecast.py --real`` grades a real class of 200 with one light exercise and a short time limit, and says what was forecast on
the way and what was needed. ``python tests/benchmarks/capacity.py`` then writes it into docs/capacity.md.
"""

from __future__ import annotations

import argparse
import heapq
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.measure import write
from cohort.ground import small_class, small_course

from mechgrade.cohort.forecast import Forecast
from mechgrade.cohort.keys import bases
from mechgrade.cohort.learners import find_learners
from mechgrade.cohort.pool import Pool
from mechgrade.cohort.run import CohortRun, RunProgress
from mechgrade.cohort.store import Store
from mechgrade.course import load_course
from mechgrade.grading.options import resolve

#: An exercise that computes nothing to speak of, what learners with an endless loop hand in for it, and the limit of a call in its course.
LIGHT, LOOP, SHORT = "find_heads", "def find_heads(scores, threshold):\n    while True:\n        pass\n", 4.0

#: The parts of a class at which the forecast is written down.
PARTS = (0.1, 0.25, 0.5, 0.75)

#: Seconds: of an ordinary learner's exercises (median, and spread of the logarithm), a process's start, and the limit of a call.
USUAL, SPREAD, START, LIMIT = 1.5, 0.5, 8.0, 20.0


def simulate(seed: int, loops: float, jobs: int, learners: int = 200, at: float = 0.25) -> tuple[float, float]:
    """A class graded by some processes: what was forecast at some part of it, and what was left then, in seconds."""
    draw = random.Random(seed)
    forecast = Forecast(LIMIT)
    running: list[tuple[float, int, bool]] = []
    handed_out = done = 0
    asked: tuple[float, float] | None = None
    now = 0.0
    while handed_out < learners or running:
        while len(running) < jobs and handed_out < learners:
            slow = draw.random() < loops
            # An endless loop in one exercise of several: as many limits as the exercise has calls.
            seconds = draw.lognormvariate(0, SPREAD) * USUAL + (LIMIT * draw.randint(1, 3) if slow else 0)
            seconds += START if handed_out < jobs else 0
            forecast.begin(handed_out, now)
            heapq.heappush(running, (now + seconds, handed_out, slow))
            handed_out += 1
        now, task, slow = heapq.heappop(running)
        forecast.end(task, now, slow)
        done += 1
        if asked is None and done >= at * learners:
            asked = (forecast.left(learners - handed_out, now) or 0.0, now)
    assert asked is not None
    return asked[0], now - asked[1]


def within(loops: float, jobs: int, classes: int) -> tuple[float, float, float]:
    """The part of some classes for which the forecast is within a factor of two; the median ratio, and the worst."""
    ratios = [told / left for told, left in (simulate(seed, loops, jobs) for seed in range(classes))]
    good = sum(0.5 <= ratio <= 2 for ratio in ratios) / classes
    return good, statistics.median(ratios), max(ratios, key=lambda ratio: max(ratio, 1 / ratio))


def real(place: Path, loops: float, jobs: int, size: int = 200, seed: int = 0) -> dict[str, object]:
    """Grade a real class by the coordinator that `mechgrade cohort grade` has, and keep what it forecast.

    Args:
        place: an empty folder.
        loops: the part of the class with an endless loop. Who these are is drawn.
        jobs: processes.
        size: of the class.
        seed: of the draw.
    """
    course = small_course(place / "course", (LIGHT,))
    path = course.root / "course.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("seconds: 20", f"seconds: {SHORT:g}", 1), encoding="utf-8")
    course = load_course(course.root)
    assert course.limits.seconds == SHORT, "the limit in course.yaml has another form by now"
    folder = small_class(course, place / "class", size, kinds=("reference",))
    slow = random.Random(seed).sample(sorted(folder.iterdir()), round(loops * size))
    for number, learner in enumerate(slow):
        (learner / "lab3" / f"{LIGHT}.py").write_text(f"{LOOP}# {number}\n", encoding="utf-8")
    options = resolve(course, counts=True)
    based = bases(course, course.exercises(), options)
    told: list[tuple[float, int, float | None]] = []

    def listen(progress: RunProgress) -> None:
        told.append((time.monotonic(), progress.done, progress.seconds_left))

    with Store((place / "out").absolute()) as store:
        learners = find_learners(course, folder, store.folder / "unpacked")
        pool = Pool(course, course.exercises(), options, list(based.values()), jobs)
        begin = time.monotonic()
        try:
            CohortRun(course, options, based, store, listen).go(learners, pool)
        finally:
            pool.close()
    end = time.monotonic()
    rows = {}
    for part in PARTS:
        when, _, left = next(each for each in told if each[1] >= part * size)
        rows[f"{part:.0%}"] = {"forecast": left or 0.0, "needed": end - when, "ratio": (left or 0.0) / (end - when)}
    return {
        "size": size,
        "loops": len(slow),
        "jobs": jobs,
        "limit": SHORT,
        "seconds": end - begin,
        "isolation": options.isolation,
        "rows": rows,
    }


def show_real(loops: float, jobs: int, size: int) -> None:
    """Grade a real class, print what was forecast, and keep it for the page."""
    with tempfile.TemporaryDirectory(prefix="mechgrade-bench-") as place:
        found = real(Path(place), loops, jobs, size)
    print(f"{size} learners, {found['loops']} endless loops, {jobs} processes: {found['seconds']:.0f} s")
    print("graded  forecast  needed  forecast/needed")
    rows: dict[str, dict[str, float]] = found["rows"]  # type: ignore[assignment]
    for part, row in rows.items():
        print(f"{part:>6}  {row['forecast']:6.0f} s  {row['needed']:4.0f} s  {row['ratio']:15.2f}")
    write("forecast", found)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loops", type=float, nargs="*", default=[0.0, 0.02, 0.05, 0.1])
    parser.add_argument("--jobs", type=int, nargs="*", default=[1, 2, 4, 16])
    parser.add_argument("--classes", type=int, default=200)
    parser.add_argument(
        "--real", action="store_true", help="grade one real class, with the first of --loops and --jobs (5 %% and 2)"
    )
    parser.add_argument("--size", type=int, default=200, help="of the real class")
    given = parser.parse_args()
    if given.real:
        show_real(given.loops[0] or 0.05, given.jobs[0] if len(given.jobs) == 1 else 2, given.size)
        return
    print("endless loops  processes  within a factor of two  median told/taken  worst")
    for loops in given.loops:
        for jobs in given.jobs:
            good, median, worst = within(loops, jobs, given.classes)
            print(f"{loops:13.0%}  {jobs:9}  {good:22.0%}  {median:17.2f}  {worst:5.2f}")


if __name__ == "__main__":
    main()
