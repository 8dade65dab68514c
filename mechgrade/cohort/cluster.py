"""A executor on other machines: a submission is a task of a Dask cluster.

A Dask worker's thread keeps a member process of its own (see ``member``), so that what runs there is the same as here. The scheduler gives
the tasks of a worker that is lost to others; where both have been at it, the store takes the first result.
"""

from __future__ import annotations

import contextlib
import itertools
import queue
import threading
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from distributed import Client, Future
from distributed.client import FutureCancelledError

from mechgrade.cohort.learners import Work
from mechgrade.cohort.messages import GradedExercise, ReferenceRun, part_of
from mechgrade.cohort.pool import Member, News, Ready, Task
from mechgrade.course import Course, CourseError, Exercise, load_course
from mechgrade.grading.errors import InfrastructureError
from mechgrade.grading.options import Options, options_of
from mechgrade.protocol import wire

#: Tickets on their way for every thread of the cluster: one being graded, one waiting beside it.
_AHEAD = 2

#: How long the scheduler may be out of reach, in seconds, and how often that is looked at.
_PATIENCE, _LOOK = 30.0, 2.0


# --- on the workers ----------------------------------------------------------------------------------------------------------

_members: dict[int, tuple[str, Member, int]] = {}
_lock = threading.Lock()


def grade_there(
    setup: dict[str, Any], works: list[tuple[str, str, str | None, str]], shared_runs: list[bytes]
) -> list[bytes]:
    """The task: grade some exercises of a learner in this thread's member.

    Args:
        setup: root, options, exercises, and the keys' bases that this machine must find too.
        shared_runs: what the reference gave, encoded messages.

    Returns:
        encoded messages: those of the member; ``{"lost": why}`` at the end of a member that ended; ``{"failed": why}`` where the
        course here is another.
    """
    thread = threading.get_ident()
    name = repr(setup)
    try:
        with _lock:
            held = _members.pop(thread, None)
        if held is not None and held[0] != name:
            held[1].close()
            held = None
        if held is None:
            course = load_course(Path(setup["root"]))
            exercises = [course.exercise(each, lab) for lab, each in setup["exercises"]]
            held = (name, Member(course, exercises, options_of(setup["options"]), setup["bases"]), 0)
        _, member, taught = held
        for shared_run in shared_runs[taught:]:
            message: Any = wire.decode(shared_run)
            member.send(message)
        course = member.course
        member.give(Task(None, [Work(course.exercise(each, lab), text, why) for lab, each, text, why in works]))
        found: list[bytes] = []
        while True:
            heard = member.hear()
            if isinstance(heard, str):
                member.close()
                return [*found, wire.encode({"lost": heard})]
            if heard is None:
                with _lock:
                    _members[thread] = (name, member, len(shared_runs))
                return found
            if not isinstance(heard, Ready):
                found.append(wire.encode(heard.message()))
    except CourseError as error:
        return [wire.encode({"failed": str(error)})]


def close_members() -> None:
    """End the members of this worker."""
    with _lock:
        held = list(_members.values())
        _members.clear()
    for _, member, _ in held:
        member.close()


# --- here --------------------------------------------------------------------------------------------------------------------


class Cluster:
    """The workers of a scheduler. See :class:`mechgrade.cohort.pool.Executor`.

    Args:
        bases: of the exercises, in their order: what every worker must find too.
        address: of the scheduler.

    Raises:
        CourseError: no scheduler answers there.
    """

    def __init__(
        self, course: Course, exercises: Sequence[Exercise], options: Options, bases: Sequence[str], address: str
    ) -> None:
        try:
            self._client = Client(address, timeout=5, set_as_default=False)
        except (OSError, ValueError) as error:
            raise CourseError(f"no Dask scheduler answers at {address}: {error}") from None
        self._setup = {
            "root": str(course.root),
            "options": options.as_tree(),
            "exercises": [(exercise.lab, exercise.name) for exercise in exercises],
            "bases": list(bases),
        }
        # A GPU is given to one task at a time; workers announce theirs: dask worker --resources GPU=1.
        self._resources = {"GPU": 1} if options.device.startswith("cuda") else None
        self._shared_runs: list[bytes] = []
        self._scattered: Future | None = None
        self._open: dict[Future, Task] = {}
        self._finished: queue.SimpleQueue[Future] = queue.SimpleQueue()
        self._ready: deque[News] = deque()
        self._names = (f"mechgrade-{time.time_ns()}-{number}" for number in itertools.count())
        self._threads = 1
        self._looked = 0.0

    def free(self) -> bool:
        """Whether there is less on its way than the cluster can take; at least one, for a cluster that is still to come up."""
        if time.monotonic() - self._looked > _LOOK:
            self._looked = time.monotonic()
            self._threads = max(1, sum(self._client.nthreads().values()))
        return len(self._open) < _AHEAD * self._threads

    def submit(self, task: Task) -> None:
        """Make a task of it."""
        if self._scattered is None:
            self._scattered = (
                self._client.scatter([self._shared_runs], broadcast=True, hash=False)[0] if self._shared_runs else None
            )
        works = [(work.exercise.lab, work.exercise.name, work.text, work.problem) for work in task.works]
        future = self._client.submit(
            grade_there,
            self._setup,
            works,
            self._scattered if self._scattered is not None else [],
            key=next(self._names),
            pure=False,
            resources=self._resources,
        )
        self._open[future] = task
        future.add_done_callback(self._finished.put)

    def share(self, live: ReferenceRun) -> None:
        """Tell those who get tasks from now on."""
        self._shared_runs.append(wire.encode(live.message()))
        self._scattered = None

    def news(self, seconds: float | None = None) -> News | None:
        """See :class:`mechgrade.cohort.pool.Executor`."""
        seen = time.monotonic()
        while not self._ready:
            try:
                self._take(self._finished.get(timeout=_LOOK if seconds is None else min(seconds, _LOOK)))
            except queue.Empty:
                if self._client.status == "running":
                    seen = time.monotonic()
                elif time.monotonic() - seen > _PATIENCE:
                    raise InfrastructureError(
                        "the Dask scheduler is out of reach; what was graded is kept, and the same command goes on"
                    ) from None
                if seconds is not None:
                    return None
        return self._ready.popleft()

    def _take(self, future: Future) -> None:
        task = self._open.pop(future)
        why: str | None = None
        try:
            for message in future.result(timeout=60):
                tree: Any = wire.decode(message)
                if "failed" in tree:
                    raise CourseError(f"a Dask worker cannot grade this course: {tree['failed']}")
                if "lost" in tree:
                    why = str(tree["lost"])
                else:
                    part = part_of(tree)
                    assert isinstance(part, GradedExercise | ReferenceRun)
                    self._ready.append((task, part))
        except CourseError:
            raise
        except FutureCancelledError as error:
            # Also when what was scattered is lost with the only workers that had it.
            self._scattered = None
            why = f"the task was cancelled: {error}"
        except Exception as error:  # whatever a cluster's task may end with, its submission is handed out again
            why = f"the task ended with {type(error).__name__}: {error}"
        self._ready.append((task, why))

    def close(self) -> None:
        """Take back what is open, end the members, let go of the scheduler."""
        with contextlib.suppress(Exception):  # the cluster may be gone, and has nothing of ours then
            self._client.cancel(list(self._open), force=True)
            self._client.run(close_members, on_error="ignore")
        self._client.close(timeout=5)
