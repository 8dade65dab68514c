"""Grading a class on one GPU, simulated: what contexts cost, what fits onto the card, and where the floor is.

Run: ``python tests/benchmarks/simulate_gpu.py [--help]``. Nothing is measured here: every delay is an option, and the defaults are assumptions. Put in what your
card takes (docs/gpu.md has the commands). An exercise needs, in this order: a processor for its fork; the driver, which makes one context at a time; the
copy of the model; and then runs, which need the card for their kernels and a processor for the rest.

Four ways are compared. "an exercise": each exercise has a process and a context of its own, as mechgrade does it today. "a learner": one process and one
context for all exercises of a learner. The last two are the same under MPS, where the kernels of several processes run side by side instead of in turns.
"""

from __future__ import annotations

import argparse
import heapq
import itertools
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

Stage = tuple[str, float]


@dataclass(frozen=True)
class Costs:
    """Seconds and gigabytes."""

    context: float
    copy: float
    fork: float
    kernels: float
    host: float
    runs: int
    card: float
    each: float
    processors: int
    used: float

    def places(self) -> int:
        """How many processes the card's memory admits."""
        return max(1, int(self.card / self.each))

    def exercise(self) -> list[Stage]:
        """The runs of one exercise."""
        return [
            ("processor", self.fork),
            *[("card", self.kernels / self.runs), ("processor", self.host / self.runs)] * self.runs,
        ]

    def opening(self) -> list[Stage]:
        """A context, and the model in it."""
        return [("driver", self.context), ("card", self.copy)]

    def jobs(self, way: str, learners: int, exercises: int) -> list[list[Stage]]:
        """What is admitted as one: an exercise's stages, or a learner's."""
        if way.startswith("an exercise"):
            return [[*self.opening(), *self.exercise()] for _ in range(learners * exercises)]
        return [[*self.opening(), *self.exercise() * exercises] for _ in range(learners)]


def simulate(jobs: list[list[Stage]], places: int, servers: dict[str, int]) -> float:
    """When the last job ends: at most so many are admitted, and each resource serves so many at once, in the order in which they come."""
    free = dict(servers)
    queues: dict[str, deque[tuple[int, float]]] = {name: deque() for name in servers}
    order = itertools.count()
    events: list[tuple[float, int, int, str]] = []
    waiting = deque(range(len(jobs)))
    stages: list[Iterator[Stage]] = [iter(job) for job in jobs]
    now = 0.0

    def ask(job: int) -> None:
        stage = next(stages[job], None)
        if stage is None:
            if waiting:
                ask(waiting.popleft())
            return
        queues[stage[0]].append((job, stage[1]))
        serve(stage[0])

    def serve(name: str) -> None:
        while free[name] and queues[name]:
            job, seconds = queues[name].popleft()
            free[name] -= 1
            heapq.heappush(events, (now + seconds, next(order), job, name))

    for _ in range(min(places, len(jobs))):
        ask(waiting.popleft())
    while events:
        now, _, job, name = heapq.heappop(events)
        free[name] += 1
        ask(job)
        serve(name)
    return now


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Grading a class on one GPU, simulated. Every default is an assumption."
    )
    parser.add_argument("--learners", type=int, default=200)
    parser.add_argument("--exercises", type=int, default=12, help="of a lab")
    parser.add_argument("--context", type=float, default=0.35, help="seconds that a context takes")
    parser.add_argument("--copy", type=float, default=0.05, help="seconds to copy the model onto the card")
    parser.add_argument("--fork", type=float, default=0.03, help="seconds of a processor for each exercise's process")
    parser.add_argument("--kernels", type=float, default=0.05, help="seconds of kernels in an exercise")
    parser.add_argument("--host", type=float, default=0.15, help="seconds of a processor in an exercise's runs")
    parser.add_argument("--runs", type=int, default=8, help="of an exercise")
    parser.add_argument("--card", type=float, default=80.0, help="GB of the card")
    parser.add_argument(
        "--each", type=float, default=1.0, help="GB that a process takes: its context, the model, its data"
    )
    parser.add_argument("--processors", type=int, default=16)
    parser.add_argument("--used", type=float, default=0.2, help="the part of the card that one process's kernels fill")
    given = vars(parser.parse_args())
    learners, exercises = given.pop("learners"), given.pop("exercises")
    costs = Costs(**given)
    print(f"{learners} learners, {exercises} exercises each; the card admits {costs.places()} processes")
    print(f"{'one context for':24} {'seconds a learner':>18} {'learners an hour':>17}")
    for way in ("an exercise", "a learner", "an exercise, MPS", "a learner, MPS"):
        side_by_side = max(1, int(1 / costs.used)) if "MPS" in way else 1
        servers = {"processor": costs.processors, "driver": 1, "card": side_by_side}
        each = simulate(costs.jobs(way, learners, exercises), costs.places(), servers) / learners
        print(f"{way:24} {each:18.2f} {3600 / each:17.0f}")
    floor = max(exercises * costs.kernels * costs.used, exercises * (costs.host + costs.fork) / costs.processors)
    print(
        f"floor: {floor:.2f} seconds a learner. No way of starting processes can be faster: the kernels fill the card, or the processors are busy"
    )


if __name__ == "__main__":
    main()
