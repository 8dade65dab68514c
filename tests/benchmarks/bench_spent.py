"""What the time of a graded submission is made of: ``python tests/benchmarks/bench_spent.py [LEARNERS] [LAB]``.

A class is graded as one process of ``mechgrade cohort grade`` grades it, with a clock around the parts. Processor time is that of all processes, from
a control group, and as the kernel splits it: system time is forks, their end, and the copying of pages that a fork writes to.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.measure import given, write
from benchmarks.processor import Group
from cohort.ground import small_class
from rich.console import Console
from rich.table import Table
from support import ROOT, Watching

from mechgrade.cohort.member import Service
from mechgrade.course import Course, load_course
from mechgrade.grading import grader
from mechgrade.grading.checks import Checks, with_checks
from mechgrade.grading.grade import Grading
from mechgrade.grading.options import resolve
from mechgrade.grading.worker import Process, Worker

#: Seconds by part, of the class so far.
SPENT: dict[str, float] = defaultdict(float)


def clock(owner: Any, method: str, part: str) -> None:
    """Add up what a method takes."""
    inner: Callable[..., Any] = getattr(owner, method)

    def timed(*arguments: Any, **named: Any) -> Any:
        started = time.perf_counter()
        try:
            return inner(*arguments, **named)
        finally:
            SPENT[part] += time.perf_counter() - started

    setattr(owner, method, timed)


def main(lab: str, learners: int) -> None:
    group = Group()
    group.enter()
    course = load_course(ROOT)
    exercises = course.exercises(lab)
    clock(Worker, "open", "opening a process for each exercise")
    clock(Process, "run", "runs, as the grader waits for them")
    clock(grader, "judge", "comparing and diagnosing")
    clock(grader, "trace_of", "… of all this, failures run again to be told by the learner's own calls")
    options = resolve(course)
    worker = Worker(course.limits.start_seconds)
    watching = Watching(worker)
    grading = Grading(course, options, watching)

    def measure(checks: Checks) -> None:
        spend(course, lab, learners, group, Service(grading, checks, exercises), watching)

    with_checks(course, exercises, measure)
    worker.close()
    time.sleep(0.5)  # the last processes end
    for part, now in (
        ("processor: all processes", group.seconds()),
        ("processor: of it system time", group.system_seconds()),
    ):
        if now is not None and part in SPENT:
            SPENT[part] = now - SPENT[part]
    rows = {part: {"seconds": SPENT[part] / learners} for part in sorted(SPENT, key=_ORDER.index)}
    table = Table("a submission", "seconds", title=f"{lab}, {learners} learners, isolation {options.isolation}")
    for part, row in rows.items():
        table.add_row(part, f"{row['seconds']:.3f}")
    Console().print(table)
    write("spent", {"title": f"spent: {lab}", "isolation": options.isolation, "learners": learners, "rows": rows})


def spend(course: Course, lab: str, learners: int, group: Group, service: Service, watching: Watching) -> None:
    """Grade a class; what its parts take is in :data:`SPENT`, and of the processor's what had been used before."""
    with tempfile.TemporaryDirectory(prefix="mechgrade-bench-") as place:
        folder = small_class(course, Path(place), learners, lab=lab)

        def grade(who: Path) -> None:
            files = {(each.lab, each.name): who / each.lab / f"{each.name}.py" for each in service.exercises}
            texts = {where: path.read_text(encoding="utf-8") for where, path in files.items()}
            service.grade(texts, lambda _: None)

        everyone = sorted(folder.iterdir())
        grade(everyone[0])  # the libraries, the model, the recordings
        SPENT.clear()
        watching.seen.clear()
        for part, used in (
            ("processor: all processes", group.seconds()),
            ("processor: of it system time", group.system_seconds()),
        ):
            if used is not None:
                SPENT[part] = used
        wall, own = time.perf_counter(), time.process_time()
        for who in everyone:
            grade(who)
        SPENT["in all"] = time.perf_counter() - wall
        SPENT["processor: the grader's"] = time.process_time() - own
        SPENT["scenarios, by the worker's clock"] = sum(each.seconds for each in watching.seen)
        SPENT["… learners' functions in them"] = sum(each.learner_seconds for each in watching.seen)


_ORDER = [
    "in all",
    "opening a process for each exercise",
    "runs, as the grader waits for them",
    "scenarios, by the worker's clock",
    "… learners' functions in them",
    "comparing and diagnosing",
    "… of all this, failures run again to be told by the learner's own calls",
    "processor: all processes",
    "processor: of it system time",
    "processor: the grader's",
]

if __name__ == "__main__":
    chosen = given(__doc__, "labs", learners=12)
    main((chosen.labs or ["lab3"])[0], chosen.learners)
