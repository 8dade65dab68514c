"""Grading beside the learners' own computing: ``python tests/benchmarks/bench_overhead.py [LEARNERS] [LAB ...]``. Goal: at most 1.35 times.

Each submission of a class is first computed bare and then graded, so that a machine whose speed drifts treats both alike. Bare: this process, warm,
grades inside itself, without a sandbox; what loading learners' files and running their scenarios takes counts, and judging does not; inputs that
scenarios ask the bench for are held from one learner to the next; nobody looks whether code replaced anything. Graded: as one process of
``mechgrade cohort grade`` does it, at the best isolation, all processes counted. Both are processor time, medians of the class; where the machine has no control groups, time by the clock.
"""

from __future__ import annotations

import contextlib
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch
from benchmarks.measure import given, write
from benchmarks.processor import Group
from cohort.ground import small_class
from rich.console import Console
from rich.table import Table
from support import ROOT

from mechgrade import sandbox
from mechgrade.bench.transformer_lens.model import quiet_libraries
from mechgrade.cohort.member import Service
from mechgrade.course import Course, load_course
from mechgrade.grading.checks import Checks, with_checks
from mechgrade.grading.grade import Grading
from mechgrade.grading.options import resolve
from mechgrade.grading.worker import Worker
from mechgrade.protocol.job import BenchSpec, Job
from mechgrade.protocol.outcome import Outcome
from mechgrade.worker import runner
from mechgrade.worker.inline import Inline, InlineSession

#: Learners that both sides have graded before the clock starts: what is made once, is made then.
WARM_UP = 2

#: Seconds of the processor, and inside learners' functions, of bare computing so far.
SPENT = [0.0, 0.0]


def timed(inner: Callable[..., Any]) -> Callable[..., Any]:
    """Add up what calls take."""

    def call(*arguments: Any, **named: Any) -> Any:
        used = time.process_time()
        try:
            return inner(*arguments, **named)
        finally:
            SPENT[0] += time.process_time() - used

    return call


class Blind:
    """Bare computing does not look whether anything was replaced."""

    def __init__(self, *_: object) -> None: ...

    def changed(self) -> str:
        """Nothing."""
        return ""


#: In this process alone: the worker is another.
runner.Intact = Blind


class Clocked(Inline):
    """Sessions in this process that keep time. The model is there before the clock starts, as it is in a worker."""

    def open(self, spec: BenchSpec, job: Job) -> InlineSession:
        """Open a session; loading the learner's file counts."""
        self.bench(spec)
        session: InlineSession = timed(super().open)(spec, job)
        run = timed(session.run)

        def clocked(scenario: str, inputs: Mapping[str, Any], *, traced: bool = False) -> Outcome:
            outcome: Outcome = run(scenario, inputs, traced=traced)
            SPENT[1] += outcome.learner_seconds
            if outcome.dirty:  # a fork would have taken it along
                self._benches.clear()
            return outcome

        session.run = clocked  # type: ignore[method-assign]
        return session


def grade(service: Service, who: Path) -> None:
    """A learner's lab; what the code prints goes nowhere."""
    files = {(each.lab, each.name): who / each.lab / f"{each.name}.py" for each in service.exercises}
    texts = {where: path.read_text(encoding="utf-8") for where, path in files.items()}
    with (
        open(os.devnull, "w") as nowhere,  # noqa: PTH123  a name, not a path
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        service.grade(texts, lambda _: None)


def measure(course: Course, lab: str, learners: int, group: Group) -> dict[str, float]:
    """Seconds a submission, bare and graded, medians of the class."""
    exercises = course.exercises(lab)
    options = resolve(course)
    worker = Worker(course.limits.start_seconds)
    bare = Grading(course, replace(options, isolation="inline"), Clocked())
    full = Grading(course, options, worker)

    def in_turns(checks: Checks) -> dict[str, float]:
        return turns(course, lab, learners, group, *(Service(each, checks, exercises) for each in (bare, full)))

    try:
        return with_checks(course, exercises, in_turns)
    finally:
        worker.close()


def turns(course: Course, lab: str, learners: int, group: Group, bare: Service, full: Service) -> dict[str, float]:
    """Grade a class both ways, a learner at a time."""

    def spent() -> float:
        time.sleep(0.1)  # the last process ends
        counted = group.seconds()
        return time.perf_counter() if counted is None else counted

    rows: list[tuple[float, float, float]] = []
    with tempfile.TemporaryDirectory(prefix="mechgrade-bench-") as place:
        everyone = sorted(small_class(course, Path(place), WARM_UP + learners, lab=lab).iterdir())
        for who in everyone[:WARM_UP]:
            grade(bare, who)
            grade(full, who)
        for who in everyone[WARM_UP:]:
            SPENT[:] = [0.0, 0.0]
            grade(bare, who)
            before = spent()
            grade(full, who)
            rows.append((SPENT[1], SPENT[0], spent() - before))
    functions, computed, graded = (statistics.median(column) for column in zip(*rows, strict=True))
    # Of the ratios, because a learner's two sides are measured one after the other: a machine that was slow for one was so for both.
    ratio = statistics.median(full / bare for _, bare, full in rows)
    return {"learners' functions": functions, "bare": computed, "graded": graded, "ratio": ratio}


def main(learners: int, labs: list[str]) -> None:
    group = Group()
    group.enter()
    quiet_libraries()
    torch.set_num_threads(1)
    course = load_course(ROOT)
    rows = {lab: measure(course, lab, learners, group) for lab in labs or list(course.labs)}
    table = Table(
        "a submission", *next(iter(rows.values())), title=f"{learners} learners, isolation {sandbox.probe().level}"
    )
    for lab, row in rows.items():
        table.add_row(lab, *(f"{value:.2f}" for value in row.values()))
    Console().print(table)
    write("overhead", {"title": "overhead", "isolation": sandbox.probe().level, "learners": learners, "rows": rows})


if __name__ == "__main__":
    chosen = given(__doc__, "labs", learners=5)
    main(chosen.learners, chosen.labs)
