"""The worker is killed in the middle of a run that is not the learner's: what is told of the learner's run is the same as ever.

The learner's own process dies with the worker. A later run in it is an infrastructure error, and a cohort grades it again; see
``tests/cohort/test_kills.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest
from support import ROOT
from test_explained import VARIANTS, course_in, graded

from mechgrade import sandbox
from mechgrade.course import load_course
from mechgrade.grading.calls import Call
from mechgrade.grading.errors import InfrastructureError, WorkerSlow
from mechgrade.grading.options import resolve
from mechgrade.grading.sessions import Runs, Session, Sessions
from mechgrade.grading.verdicts import ExerciseResult
from mechgrade.grading.worker import Worker
from mechgrade.protocol.job import BenchSpec, Job
from mechgrade.protocol.outcome import Outcome

pytestmark = pytest.mark.long

#: What the learner hands in: the known mistake, in other words than the course's program.
MISTAKEN = "return 13 * number / 4"

#: The runs beside the learner's own, by what is seen of their jobs.
RUNS: dict[str, Callable[[Job], bool]] = {
    "the reference": lambda job: "2.5 * number" in job.source,
    "the misconception": lambda job: "3.25 * number" in job.source,
    "the trace": lambda job: False,
}


class Killed(Worker):
    """A worker that is killed when its first process for a certain run is ready."""

    def __init__(self, wanted: Callable[[Job], bool], victim: str) -> None:
        super().__init__()
        self._wanted = wanted
        self._victim = victim
        self.kills = 0

    def open(self, spec: BenchSpec, job: Job) -> Session:  # type: ignore[override]  # a session is all that is asked of it
        """A process that has lost its worker, or will at once."""
        session = super().open(spec, job)
        if self._wanted(job):
            self._kill()
        run = session.run

        def traced_too(scenario: str, inputs: Mapping[str, Any], *, traced: bool = False) -> Outcome:
            if traced and self._wanted is RUNS["the trace"]:  # in the process that the learner's code has run in
                self._kill()
            return run(scenario, inputs, traced=traced)

        session.run = traced_too  # type: ignore[method-assign]
        return session

    def _kill(self) -> None:
        if self.kills == 0:
            self.kills += 1
            assert self._process is not None
            started = psutil.Process(self._process.pid)
            (started if self._victim == "worker" else started.children()[0]).kill()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExerciseResult]:
    """What is told when nobody is killed."""
    worker = Worker()
    folder = tmp_path_factory.mktemp("undisturbed")
    yield graded(load_course(course_in(folder)), worker, MISTAKEN)
    worker.close()


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("victim", ["worker", pytest.param("fork server", marks=pytest.mark.slow)])
def test_a_killed_worker(undisturbed: ExerciseResult, tmp_path: Path, victim: str, run: str) -> None:
    if victim == "fork server" and sandbox.probe().level != "full":
        pytest.skip("at this level of isolation the worker and the fork server are one process")
    assert "3.25" in VARIANTS and undisturbed.checks[0].misconception == "another_factor"
    worker = Killed(RUNS[run], victim)
    try:
        found = graded(load_course(course_in(tmp_path)), worker, MISTAKEN)
    finally:
        worker.close()
    assert worker.kills == 1
    numbers, sign = found.checks
    assert told(numbers) == told(undisturbed.checks[0])
    # The learner's own process dies with the worker, or a moment after: then it has run the other check.
    assert sign.verdict in ("passed", *(() if run == "the misconception" else ("infrastructure_error",)))


def test_a_model_that_failed_ahead_is_told_to_whoever_asks_next() -> None:
    """The worker answers before it has read the job: what it says must not be lost because the rest could not be sent."""
    spec = BenchSpec("transformer_lens", "/nowhere", backend="bridge")
    worker = Worker()
    try:
        worker.start(spec)
        with pytest.raises(InfrastructureError, match="nowhere"):
            worker.open(spec, Job("#" * 4_000_000, "lab3/find_heads.py", "", "process"))
    finally:
        worker.close()


def told(check: object) -> tuple[object, ...]:
    names = ("name", "verdict", "points", "message", "misconception", "sentence", "place", "gave")
    return tuple(getattr(check, name) for name in names)


def test_a_worker_that_is_not_ready_in_time_is_waited_for_once() -> None:
    opened = []

    class Slow(Worker):
        def open(self, spec: BenchSpec, job: Job) -> Session:  # type: ignore[override]  # a session is all that is asked of it
            opened.append(job)
            return super().open(spec, job)

    course = load_course(ROOT)
    worker = Slow(start_seconds=0.01)
    sessions = Sessions(course, resolve(course, isolation="process"), worker)
    runs = Runs(sessions, course.exercise("find_heads"), lambda: "x = 1\n")
    try:
        with pytest.raises(WorkerSlow, match="not ready after"):
            runs.surely(Call("on_random_scores", {}))
    finally:
        worker.close()
    assert len(opened) == 1
