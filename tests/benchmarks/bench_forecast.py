"""How good the forecast of the remaining time is: at a quarter of a class of 200, of whom some hand in endless loops.

Run: ``python tests/benchmarks/bench_forecast.py [--loops 0.05] [--jobs 4] [--classes 200]``. The classes are simulated, with the times that were measured for the
course's exercises; the forecast is the real one. A real class is graded by ``bench_cohort.py``.
"""

from __future__ import annotations

import argparse
import heapq
import random
import statistics

from mechgrade.cohort.forecast import Forecast

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


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loops", type=float, nargs="*", default=[0.0, 0.02, 0.05, 0.1])
    parser.add_argument("--jobs", type=int, nargs="*", default=[1, 2, 4, 16])
    parser.add_argument("--classes", type=int, default=200)
    given = parser.parse_args()
    print("endless loops  processes  within a factor of two  median told/taken  worst")
    for loops in given.loops:
        for jobs in given.jobs:
            good, median, worst = within(loops, jobs, given.classes)
            print(f"{loops:13.0%}  {jobs:9}  {good:22.0%}  {median:17.2f}  {worst:5.2f}")


if __name__ == "__main__":
    main()
