"""The learners' own computing and nothing else: ``python tests/benchmarks/bare.py COURSE FOLDER FIRST LAST``, run by bench_cohort.

One warm process grades each submission inside itself, without a sandbox; what loading a learner's file and running its scenarios takes is added
up, and what judging takes is not. Inputs that scenarios ask the bench for are held from one learner to the next. Prints JSON: seconds a
submission, by the clock and of the processor, and those inside learners' functions.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from mechgrade.bench.model import quiet_libraries
from mechgrade.cohort.keys import Order
from mechgrade.cohort.member import Desk
from mechgrade.course import load_course
from mechgrade.grading import inline
from mechgrade.grading.outcomes import Outcome
from mechgrade.spec import bench_spec

#: By the clock, of the processor, and inside learners' functions.
SPENT = [0.0, 0.0, 0.0]


def timed(inner: Callable[..., Any]) -> Callable[..., Any]:
    """Add up what calls take."""

    def call(*arguments: Any, **named: Any) -> Any:
        started, used = time.perf_counter(), time.process_time()
        try:
            outcome = inner(*arguments, **named)
        finally:
            SPENT[0] += time.perf_counter() - started
            SPENT[1] += time.process_time() - used
        if isinstance(outcome, Outcome):
            SPENT[2] += outcome.learner_seconds
            if outcome.dirty:  # a fork would have taken it along
                inline._benches.clear()
        return outcome

    return call


class Warm(inline.Inline):
    """A session that keeps time. The model is there before the clock starts, as it is in a worker."""

    def __init__(self, spec: Any, job: Any) -> None:
        inline.bench_for(spec)
        timed(super().__init__)(spec, job)

    run = timed(inline.Inline.run)


def main(root: Path, folder: Path, first: int, last: int) -> None:
    quiet_libraries()
    torch.set_num_threads(1)
    inline.Inline = Warm  # type: ignore[misc]  # only here
    course = load_course(root)
    exercises = course.exercises()
    desk = Desk(course, exercises, Order("embedded", "bridge", "cpu", "inline"))

    def grade(who: Path) -> None:
        files = {(each.lab, each.name): who / each.lab / f"{each.name}.py" for each in exercises}
        texts = {where: (path.read_text(encoding="utf-8"), "") for where, path in files.items() if path.exists()}
        desk.grade(texts, lambda _: None)

    chosen = sorted(folder.iterdir())[first:last]
    inline.bench_for(bench_spec(course))
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):  # noqa: PTH123  what learners print
        grade(chosen[0])  # what is worked out at the first use
        SPENT[:] = [0.0, 0.0, 0.0]
        for who in chosen:
            grade(who)
    seconds, processor, functions = (spent / len(chosen) for spent in SPENT)
    print(json.dumps({"learners": len(chosen), "seconds": seconds, "processor": processor, "functions": functions}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
