"""Processes for the programs of a course: learners' files, references, misconceptions."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from mechgrade.course import Course, Exercise
from mechgrade.course.version import digest, read_base
from mechgrade.grading.calls import Call, Worlds
from mechgrade.grading.errors import WorkerGone, WorkerSlow
from mechgrade.grading.given import as_given
from mechgrade.grading.options import Options
from mechgrade.grading.stub import outcome_of_stub
from mechgrade.protocol.job import HUB, BenchSpec, Job
from mechgrade.protocol.outcome import Outcome

#: After these a process can serve no more.
_FINAL = frozenset(["timed_out", "crashed", "infrastructure", "out_of_memory"])

#: How often a run is made that loses its worker. Just after a kill the old worker may still seem to be there.
_TRIES = 3


class Session(Protocol):
    """One program, ready to run scenarios."""

    def run(self, scenario: str, inputs: Mapping[str, Any], *, traced: bool = False) -> Outcome:
        """Run one scenario to its end, whatever that is.

        Args:
            scenario: its name in the grader's file.
            inputs: its keyword arguments.
            traced: whether to return the calls of the learner's functions beside its data.
        """

    def interrupt(self) -> None:
        """End it from another thread; a run that waits for it returns as if it had crashed."""

    def close(self) -> None:
        """End the program and all that it started."""


class Opener(Protocol):
    """What opens sessions: a worker, a warm one, or the debugger's own process."""

    def start(self, spec: BenchSpec | None = None) -> None:
        """Begin to load what sessions need, in the background: a bench, where it is known which. Called again, it does nothing."""

    def open(self, spec: BenchSpec, job: Job) -> Session:
        """A fresh process for a program.

        Raises:
            InfrastructureError: the worker, the model or the sandbox failed.
            GraderError: the grader's file cannot be imported.
        """

    def close(self) -> None:
        """End it and all its sessions."""


class Cancelled(Exception):  # noqa: N818  not an error: somebody asked for it
    """The runs were told to stop."""


@dataclass(frozen=True)
class Sessions:
    """Opens a session for any program of a course, under one set of options."""

    course: Course
    options: Options
    opener: Opener
    worlds: Worlds = field(default_factory=Worlds, compare=False)

    def spec_for(self, exercise: Exercise) -> BenchSpec:
        """The bench of an exercise: with the parts of the model that its lab uses, because loading them takes seconds."""
        return self.options.spec(self.course, self.course.lab(exercise.lab))

    @cached_property
    def _data(self) -> tuple[str, ...]:
        return tuple(map(str, self.course.data_paths()))

    @cached_property
    def _given(self) -> Mapping[str, str]:
        return read_base(self.course.root).digests

    @cached_property
    def _stubs(self) -> dict[Exercise, str]:
        return {}

    def stub(self, exercise: Exercise) -> str:
        """The file that learners start from. To take it out of a source takes longer than many a run, and a class has the same."""
        if exercise not in self._stubs:
            self._stubs[exercise] = as_given(self.course, exercise)
        return self._stubs[exercise]

    def of_stub(self, exercise: Exercise, source: str) -> Outcome | None:
        """What every run of a text gives, where that is known without a process: it is the stub as the learner got it."""
        name = self.course.stub_path(exercise).relative_to(self.course.root).as_posix()
        return outcome_of_stub(source) if self._given.get(name) == digest(source.encode()) else None

    def open(
        self,
        exercise: Exercise,
        source: str,
        spec: BenchSpec | None = None,
        grader: Path | None = None,
        portable: bool = False,
    ) -> Session:
        """A process for a program.

        Args:
            exercise: whose scenarios it will run.
            source: the program's text.
            spec: another bench than the options ask for.
            grader: another file with the scenarios than the exercise's own.
            portable: whether to watch for what another device would refuse.
        """
        spec = spec or self.spec_for(exercise)
        job = Job(
            source=source,
            # Not the full path: it would tell learner code where things lie, and learners where an instructor's lie.
            filename=f"{exercise.lab}/{exercise.name}.py",
            grader=str(grader or self.course.grader_path(exercise)),
            isolation=self.options.isolation,
            limits=self.course.limits_of(self.options.model),
            readable=tuple(place for place in spec.places() if not place.startswith(HUB)),
            modules=spec.modules,
            data=self._data,
            threads=self.options.threads,
            portable=portable,
        )
        return self.opener.open(spec, job)


@dataclass
class Runs:
    """The runs of one program: in one process, and in a fresh one whenever the last can serve no more.

    Attributes:
        sessions: opens the processes.
        exercise: whose program it is.
        source: gives the program's text when the first process is opened.
        spec: another bench than the options ask for.
        portable: whether to watch for what another device would refuse.
    """

    sessions: Sessions
    exercise: Exercise
    source: Callable[[], str]
    spec: BenchSpec | None = None
    portable: bool = False
    seconds: float = 0.0
    learner_seconds: float = 0.0
    #: the files that the program left in folders that are deleted
    written: set[str] = field(default_factory=set)
    _session: Session | None = None
    _cancelled: threading.Event = field(default_factory=threading.Event)

    @property
    def is_used(self) -> bool:
        """Whether the next run is made in a process that has made one."""
        return self._session is not None

    def outcome(self, call: Call, *, traced: bool = False) -> Outcome:
        """Run a call; where it asks for facts, they stand in the data's place.

        Args:
            call: what to run.
            traced: whether to return the calls of the learner's functions beside the data. Such a run is made for a message, and counts for nothing.

        Raises:
            Cancelled: :meth:`cancel` was called.
            SubmissionError: there is no text.
            InfrastructureError, GraderError: see :meth:`Opener.open`.
        """
        self._stop_if_cancelled()
        if self._session is None:
            self._session = self.sessions.open(self.exercise, self.source(), self.spec, portable=self.portable)
        self._stop_if_cancelled()  # while it was being opened
        outcome = self._session.run(call.scenario, self.sessions.worlds.given(call), traced=traced)
        self._stop_if_cancelled()  # then its process was ended, and the outcome says only that
        if not traced:
            self.seconds += outcome.seconds
            self.learner_seconds += outcome.learner_seconds
            self.written.update(outcome.written)
        if outcome.dirty or outcome.kind in _FINAL:
            self.renew()
        return outcome if traced else outcome.reduced(call.facts)

    def surely(self, call: Call, *, traced: bool = False) -> Outcome:
        """Like :meth:`outcome`, and again where the worker is lost on the way: for runs that are no learner's hand-in to judge.

        Raises:
            WorkerGone: it was lost each time; or it was not ready in time, which is not waited for again.
        """
        why = ""
        for _ in range(_TRIES):
            try:
                outcome = self.outcome(call, traced=traced)
            except WorkerSlow:
                raise
            except WorkerGone as error:
                why = str(error)
                continue
            if outcome.kind != "infrastructure":
                return outcome
            why = outcome.message
        raise WorkerGone(why)

    def renew(self) -> None:
        """Give the next run a fresh process. What the last one saw ends with it."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def cancel(self) -> None:
        """From another thread: no further run, and the one that is under way ends now."""
        self._cancelled.set()
        session = self._session
        if session is not None:
            session.interrupt()

    def _stop_if_cancelled(self) -> None:
        if self._cancelled.is_set():
            self.renew()
            raise Cancelled
