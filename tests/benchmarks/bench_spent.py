"""What the time of a graded submission is made of: ``python tests/benchmarks/bench_spent.py [LAB] [LEARNERS]``.

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

from benchmarks.measure import write
from benchmarks.processor import Group
from cohort.ground import small_class
from rich.console import Console
from rich.table import Table
from support import ROOT

from mechgrade import sandbox
from mechgrade.cohort.keys import Order
from mechgrade.cohort.member import Service
from mechgrade.course import load_course
from mechgrade.grading.grader import Grader
from mechgrade.grading.judge import Judge
from mechgrade.grading.worker import Process, Worker
from mechgrade.protocol.outcome import Outcome

#: Seconds by part, of the class so far.
SPENT: dict[str, float] = defaultdict(float)


def clock(owner: type, method: str, part: str) -> None:
    """Add up what a method takes."""
    inner: Callable[..., Any] = getattr(owner, method)

    def timed(*arguments: Any, **named: Any) -> Any:
        started = time.perf_counter()
        try:
            return inner(*arguments, **named)
        finally:
            SPENT[part] += time.perf_counter() - started

    setattr(owner, method, timed)


def listen() -> None:
    """Add up what the worker says about its scenarios."""
    inner = Grader.outcome

    def outcome(self: Grader, *arguments: Any) -> Outcome:
        found = inner(self, *arguments)
        SPENT["scenarios, by the worker's clock"] += found.seconds
        SPENT["… learners' functions in them"] += found.learner_seconds
        return found

    Grader.outcome = outcome  # type: ignore[method-assign]  # only here


def main(lab: str, learners: int) -> None:
    group = Group()
    group.enter()
    course = load_course(ROOT)
    exercises = course.exercises(lab)
    clock(Worker, "open", "opening a process for each exercise")
    clock(Process, "run", "runs, as the grader waits for them")
    clock(Judge, "judge", "comparing and diagnosing")
    listen()
    level = sandbox.probe().level
    desk = Service(course, exercises, Order("embedded", "bridge", "cpu", level))
    with tempfile.TemporaryDirectory(prefix="mechgrade-bench-") as place:
        folder = small_class(course, Path(place), learners, lab=lab)

        def grade(who: Path) -> None:
            files = {(each.lab, each.name): who / each.lab / f"{each.name}.py" for each in exercises}
            desk.grade({where: (path.read_text(encoding="utf-8"), "") for where, path in files.items()}, lambda _: None)

        everyone = sorted(folder.iterdir())
        grade(everyone[0])  # the libraries, the model, the recordings
        SPENT.clear()
        before = (time.perf_counter(), time.process_time(), group.seconds(), group.system_seconds())
        for who in everyone:
            grade(who)
        SPENT["in all"] = time.perf_counter() - before[0]
        SPENT["processor: the grader's"] = time.process_time() - before[1]
        desk.worker.close()
        time.sleep(0.5)  # the last processes end
        for part, now, then in (
            ("processor: all processes", group.seconds(), before[2]),
            ("processor: of it system time", group.system_seconds(), before[3]),
        ):
            if now is not None and then is not None:
                SPENT[part] = now - then
    rows = {part: {"seconds": SPENT[part] / learners} for part in sorted(SPENT, key=_ORDER.index)}
    table = Table("a submission", "seconds", title=f"{lab}, {learners} learners, isolation {level}")
    for part, row in rows.items():
        table.add_row(part, f"{row['seconds']:.3f}")
    Console().print(table)
    write("spent", {"title": f"spent: {lab}", "isolation": level, "learners": learners, "rows": rows})


_ORDER = [
    "in all",
    "opening a process for each exercise",
    "runs, as the grader waits for them",
    "scenarios, by the worker's clock",
    "… learners' functions in them",
    "comparing and diagnosing",
    "processor: all processes",
    "processor: of it system time",
    "processor: the grader's",
]

if __name__ == "__main__":
    given = sys.argv[1:]
    main(given[0] if given else "lab3", int(given[1]) if len(given) > 1 else 12)
