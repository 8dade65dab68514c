"""What the sandbox costs: `python -m tests.sandbox.costs [repeats]` prints medians in milliseconds, by level, user and step.

The parent has imported torch, as a warm worker has. A run counts from before the fork until the parent has seen the learner's process end
and has cleaned up.
"""

from __future__ import annotations

import os
import statistics
import sys
import time

import torch  # what makes the forked process as large as a worker

from .conftest import LEVELS, USERS, Box, Outcome


def nothing() -> None:
    """Cost nothing."""


def fork_and_wait() -> float:
    started = time.perf_counter()
    if (child := os.fork()) == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return (time.perf_counter() - started) * 1e3


def median(values: list[float]) -> float:
    return round(statistics.median(values), 2)


def main(repeats: int) -> None:
    torch.set_num_threads(1)
    boxes = [Box(level, user) for user in USERS for level in LEVELS]
    outcomes: dict[Box, list[Outcome]] = {box: [] for box in boxes}
    forks: list[float] = []
    for _ in range(repeats):  # in turns, so that a busy minute of the machine falls on all alike
        forks.append(fork_and_wait())
        for box in boxes:
            outcomes[box].append(box.run(nothing))
    print(f"a fork alone, until its end: {median(forks)} ms")
    for box in boxes:
        seen = outcomes[box]
        print(f"{box.level} as {box.user}: {median([outcome.elapsed for outcome in seen])} ms, of it")
        for name in seen[0].durations:
            print(f"    {median([outcome.durations[name] for outcome in seen]):6.2f}  {name}")
    for user in USERS:
        more = [
            a.elapsed - b.elapsed
            for a, b in zip(outcomes[Box("full", user)], outcomes[Box("process", user)], strict=True)
        ]
        print(f"full over process, as {user}: {median(more)} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
