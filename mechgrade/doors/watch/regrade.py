"""One exercise graded in a thread, and cut short when it was saved again: nobody waits for what is no longer in the file."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from mechgrade.course import Course, CourseError, Exercise
from mechgrade.doors.watch.events import Event, Graded
from mechgrade.grading.errors import InfrastructureError
from mechgrade.grading.grader import Grader, Settings
from mechgrade.grading.run import grade
from mechgrade.grading.worker import Process, Session, Worker
from mechgrade.protocol.job import BenchSpec
from mechgrade.protocol.outcome import Outcome


class _Interruptible(Grader):
    """A grader that can be told from another thread to leave off."""

    def __init__(self, course: Course, settings: Settings, worker: Worker) -> None:
        super().__init__(course, settings, worker)
        self.cancelled = threading.Event()

    def cancel(self) -> None:
        """Leave off: no further run, and the one that is under way ends now."""
        self.cancelled.set()
        _interrupt(self._session)

    def open(self, exercise: Exercise, source: str | None = None, spec: BenchSpec | None = None) -> Session:
        session = super().open(exercise, source, spec)
        if self.cancelled.is_set():  # while it was being opened
            _interrupt(session)
        return session

    def outcome(self, exercise: Exercise, scenario: str, inputs: dict[str, Any]) -> Outcome:
        outcome = None if self.cancelled.is_set() else super().outcome(exercise, scenario, inputs)
        if outcome is None or self.cancelled.is_set():
            pytest.exit("saved again")
        return outcome


def _interrupt(session: Session | None) -> None:
    if isinstance(session, Process):
        session.interrupt()


class Regrading:
    """The grading of one exercise, begun at once. ``tell`` is called in its thread with how it ended."""

    def __init__(
        self, course: Course, settings: Settings, exercise: Exercise, worker: Worker, tell: Callable[[Event], None]
    ) -> None:
        self.exercise = exercise
        self._tell = tell
        self._grader = _Interruptible(course, replace(settings), worker)
        self._thread = threading.Thread(target=self._run, name="grading", daemon=True)
        self._thread.start()

    def cancel(self) -> None:
        """Cut it short; it still tells when it has ended."""
        self._grader.cancel()

    def join(self, seconds: float) -> None:
        """Wait for its end."""
        self._thread.join(seconds)

    def _run(self) -> None:
        try:
            result = grade(self._grader, [self.exercise])
            self._tell(Graded(self.exercise, None if self._grader.cancelled.is_set() else result))
        except (CourseError, InfrastructureError) as error:
            self._tell(Graded(self.exercise, failure=str(error)))
        except BaseException as error:  # whatever it is, the loop waits for a word from here
            self._tell(Graded(self.exercise, failure=f"the grader failed: {type(error).__name__}: {error}"))
