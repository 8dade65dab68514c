"""Runs in this process that end when they have taken too long: where code is graded, its process is killed; here it is interrupted."""

from __future__ import annotations

import contextlib
import signal
import threading
import types
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from mechgrade.grading.stuck import Stuck
from mechgrade.protocol.job import BenchSpec, Job
from mechgrade.protocol.outcome import Outcome
from mechgrade.worker.inline import Inline, InlineSession


class TooLong(BaseException):
    """The time is over. No ``Exception``: code that catches those must not go on."""


@contextlib.contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise :class:`TooLong` in what runs here, once its time is over. Only the main thread can be interrupted so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def over(number: int, frame: types.FrameType | None) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class InTime(Inline):
    """Opens sessions without a process, whose runs end when a run's time is over."""

    def open(self, spec: BenchSpec, job: Job) -> InlineSession:
        """See :meth:`Inline.open`."""
        with contextlib.suppress(Exception):  # what is wrong with the model, the session says
            self.bench(spec)  # to load it may take longer than a run
        with at_most(job.limits.seconds):
            session = super().open(spec, job)
        return _Session(session, job.limits.seconds)


class _Session(InlineSession):
    def __init__(self, session: InlineSession, seconds: float) -> None:
        super().__init__(session._runner, session._fault)
        self._seconds = seconds

    def run(self, scenario: str, inputs: Mapping[str, Any], *, traced: bool = False) -> Outcome:
        """See :meth:`InlineSession.run`."""
        with at_most(self._seconds):
            outcome = super().run(scenario, inputs, traced=traced)
        if outcome.error != TooLong.__name__:
            return outcome
        trace = outcome.trace
        top = trace[0].line if trace and trace[0].function == "<module>" else None
        found = Stuck(trace[-1] if trace else None, "", top)
        return replace(outcome, kind="timed_out", message=f"no answer after {self._seconds:g} s{found}")
