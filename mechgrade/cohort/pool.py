"""A executor of processes on this machine."""

from __future__ import annotations

import contextlib
import selectors
import socket
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import IO, Any, Protocol

from mechgrade.cohort.learners import Work
from mechgrade.cohort.messages import GradedExercise, ReferenceRun, part_of, text_message
from mechgrade.course import Course, CourseError, Exercise
from mechgrade.grading.errors import InfrastructureError
from mechgrade.grading.options import Options
from mechgrade.protocol import wire

#: How often a member may end before it has done anything, until the machine is taken to be at fault.
_MAX_FAILED_STARTS = 3


@dataclass(frozen=True)
class Ready:
    """A member has read the course, and it is the one that is meant."""


@dataclass
class Task:
    """Some exercises of a learner, to be graded together.

    Attributes:
        learner: whose; None for the course's own references.
        works: what is left to do.
        attempts: how often it was handed out.
    """

    learner: str | None
    works: list[Work]
    attempts: int = 0


#: What a executor reports of a task: a part of it, its end, or (as text) why it came to none.
News = tuple[Task, "GradedExercise | ReferenceRun | str | None"]


class Executor(Protocol):
    """Those who grade."""

    def free(self) -> bool:
        """Whether another task would be taken up soon."""

    def submit(self, task: Task) -> None:
        """Hand out a task."""

    def news(self, seconds: float | None = None) -> News | None:
        """Wait for something to happen, so many seconds or as long as it takes; None where nothing has.

        Raises:
            InfrastructureError: nothing will happen any more.
        """

    def share(self, live: ReferenceRun) -> None:
        """Tell everybody what the reference gave."""

    def close(self) -> None:
        """End everybody."""


@dataclass
class Member:
    """The handle on one process. See ``mechgrade.cohort.member``."""

    course: Course
    exercises: Sequence[Exercise]
    options: Options
    bases: Sequence[str]
    task: Task | None = None
    useful: bool = False
    _process: subprocess.Popen[bytes] | None = None
    _log: IO[bytes] = field(default_factory=tempfile.TemporaryFile)

    def __post_init__(self) -> None:
        ours, theirs = socket.socketpair()
        self.connection = ours
        self._process = subprocess.Popen(
            # -I: a class's files may lie in the current directory, and must not be imported.
            [sys.executable, "-I", "-m", "mechgrade.cohort.member", str(theirs.fileno())],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            pass_fds=[theirs.fileno()],
            # Ctrl-C is the coordinator's, and it ends its members.
            start_new_session=True,
        )
        theirs.close()
        wanted = [[exercise.lab, exercise.name] for exercise in self.exercises]
        self.send({"options": self.options.as_tree(), "root": str(self.course.root), "exercises": wanted})

    def send(self, message: dict[str, Any]) -> None:
        """Send a message; that the member is gone shows when it is listened to."""
        with contextlib.suppress(OSError):
            wire.send(self.connection, message)

    def give(self, task: Task) -> None:
        """Hand it a task."""
        self.task = task
        for work in task.works:
            self.send(text_message(work.exercise.lab, work.exercise.name, work.text, work.problem))
        self.send({"grade": True})

    def hear(self) -> GradedExercise | ReferenceRun | Ready | str | None:
        """The next message.

        Returns:
            that it is ready; a part of the task; None at its end; a text when the member has ended, and why.

        Raises:
            CourseError: it cannot grade this course, or has another version of it.
        """
        try:
            message: Any = wire.receive(self.connection)
        except (EOFError, OSError, wire.WireError):
            return self._last_words()
        if "failed" in message:
            raise CourseError(message["failed"])
        if "bases" in message:
            if message["bases"] != list(self.bases):
                raise CourseError(
                    "its files are not those that this run began with: they changed meanwhile, or this is another copy; "
                    "make them equal and run the same command again"
                )
            return Ready()
        self.useful = True
        part = part_of(message)
        if part is None:
            self.task = None
        return part

    def _last_words(self) -> str:
        assert self._process is not None
        try:
            code = self._process.wait(5)
        except subprocess.TimeoutExpired:
            return "the process that graded closed its connection"
        self._log.seek(0)
        text = self._log.read()[-2000:].decode(errors="replace").strip()
        return f"the process that graded ended (exit code {code})" + (f": {text.splitlines()[-1]}" if text else "")

    def close(self) -> None:
        """End it, and by that everything below it."""
        self.connection.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._log.close()


class Pool:
    """``jobs`` members. One that ends is replaced, and what it was at is reported as lost.

    Args:
        bases: of the exercises, in their order: what every member must find too.
    """

    #: what a member is; a benchmark puts another one here
    member: type[Member] = Member

    def __init__(
        self, course: Course, exercises: Sequence[Exercise], options: Options, bases: Sequence[str], jobs: int
    ) -> None:
        self._new: Callable[[], Member] = lambda: self.member(course, exercises, options, bases)
        self._shared_runs: list[ReferenceRun] = []
        self._failed_starts = 0
        self._selector = selectors.DefaultSelector()
        self._members: list[Member] = []
        self._ready: deque[News] = deque()
        for _ in range(jobs):
            self._start_member()

    def _start_member(self) -> None:
        member = self._new()
        for live in self._shared_runs:
            member.send(live.message())
        self._members.append(member)
        self._selector.register(member.connection, selectors.EVENT_READ, member)

    def free(self) -> bool:
        """Whether a member has nothing to do."""
        return any(member.task is None for member in self._members)

    def submit(self, task: Task) -> None:
        """Give it to a member that has nothing to do."""
        next(member for member in self._members if member.task is None).give(task)

    def share(self, live: ReferenceRun) -> None:
        """Tell every member, and those to come."""
        self._shared_runs.append(live)
        for member in self._members:
            member.send(live.message())

    def news(self, seconds: float | None = None) -> News | None:
        """See :class:`Executor`."""
        while not self._ready:
            heard = self._selector.select(seconds)
            if not heard:
                return None
            for key, _ in heard:
                self._hear(key.data)
        return self._ready.popleft()

    def _hear(self, member: Member) -> None:
        task = member.task
        heard = member.hear()
        if isinstance(heard, Ready):
            return
        if isinstance(heard, str):
            self._selector.unregister(member.connection)
            self._members.remove(member)
            member.close()
            self._failed_starts = 0 if member.useful else self._failed_starts + 1
            if self._failed_starts >= _MAX_FAILED_STARTS:
                raise InfrastructureError(f"processes that should grade end before they have graded anything: {heard}")
            self._start_member()
        if task is not None:
            self._ready.append((task, heard))

    def close(self) -> None:
        """End all members."""
        for member in self._members:
            member.close()
        self._selector.close()
