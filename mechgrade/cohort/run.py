"""The coordinator: what is not known yet is handed to a executor, and what comes back goes into the store."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mechgrade.cohort import entry, keys
from mechgrade.cohort.arrivals import Arrival, arrival_of
from mechgrade.cohort.forecast import Forecast, Unread
from mechgrade.cohort.keys import key_of
from mechgrade.cohort.learners import Learner, Work, works_of
from mechgrade.cohort.messages import GradedExercise, ReferenceRun
from mechgrade.cohort.pool import Executor, Task
from mechgrade.cohort.store import Row, Store, StoreError
from mechgrade.course import Course, CourseError, Exercise
from mechgrade.grading.dependencies import Dependencies
from mechgrade.grading.errors import GraderError
from mechgrade.grading.look import Look
from mechgrade.grading.options import Options
from mechgrade.grading.references import runs_live
from mechgrade.grading.verdicts import Check, ExerciseResult

#: How often a task is handed out, when the machine fails or a process is lost, until that is reported as a fault.
ATTEMPTS = 5

#: How long results are held in memory, in seconds: then they are kept together, after one look at the course's files. Who is killed loses
#: no more than these.
HELD = 1.0

#: How many learners' rosters are held at most.
HELD_LEARNERS = 500


@dataclass
class RunProgress:
    """How far a run is.

    Attributes:
        known: learners for whom nothing had to be graded.
        before: those of them whose results were known before this run.
        same: exercises of which this run graded the same text for another learner.
        retried: exercises that were handed out again.
        faults: exercises that were not graded.
        seconds_left: a forecast; None while nothing is known.
    """

    learners: int
    done: int = 0
    known: int = 0
    before: int = 0
    same: int = 0
    retried: int = 0
    faults: int = 0
    seconds_left: float | None = None


class CohortRun:
    """One run over a cohort.

    Args:
        bases: the keys' base of each exercise, by which the store is asked.
        told: called when the progress has changed.

    Raises:
        CourseError: the course has changed since the bases were found.
    """

    def __init__(
        self,
        course: Course,
        options: Options,
        bases: dict[Exercise, str],
        store: Store,
        told: Callable[[RunProgress], None] = lambda _progress: None,
    ) -> None:
        self.course = course
        self.options = options
        self.bases = bases
        self.store = store
        self.told = told
        #: what each learner handed in, once it was read
        self.arrivals: dict[str, Arrival] = {}
        self._places = {(exercise.lab, exercise.name): exercise for exercise in bases}
        self._look = Look(course.root)
        self._dependencies = Dependencies(course, options.model, self._look)
        if keys.bases(course, list(bases), options, self._look) != bases:
            raise _changed()
        #: what has come in and is not kept yet, and since when there is some
        self._rows: list[Row] = []
        self._live: list[ReferenceRun] = []
        self._enrolled: list[tuple[str, list[str]]] = []
        self._since = 0.0
        #: what is being graded for somebody; who hands in the same waits for that
        self._underway: set[str] = set()
        #: what this run has handed out
        self._handed_out: set[str] = set()
        self._forecast = Forecast(course.limits_of(options.model).seconds)
        self._unread = Unread((), ())
        self._slow: set[int] = set()  # tasks in which something ran into a time limit
        self._faults: dict[str, str] = {}

    def go(self, learners: Sequence[Learner], executor: Executor) -> RunProgress:
        """Grade what is not known.

        Raises:
            CourseError: the course changed on the way.
            GraderError: a reference fails on hidden inputs.
            InfrastructureError: the executor is gone.
            StoreError: results cannot be kept.
        """
        self.progress = RunProgress(len(learners))
        self._unread = Unread([learner.name for learner in learners], self.store.begin())
        if self._needs_live():
            self._run_references(executor)
        self._drive(executor, self._tasks(learners))
        return self.progress

    # --- the references, before all learners -------------------------------------------------------------------------------

    def _needs_live(self) -> bool:
        return runs_live(self.course, self.options.model, self.options.hidden)

    def _run_references(self, executor: Executor) -> None:
        works = []
        for exercise in self.bases:
            path = self.course.solution_path(exercise)
            if not path.is_file():
                raise CourseError(f"{path} is missing; hidden inputs and models without recordings need the reference")
            works.append(self._with_key(Work(exercise, path.read_text(encoding="utf-8"))))
        known = self.store.known([work.key for work in works])
        unknown = [work for work in works if work.key not in known]
        for work in works:
            if work not in unknown:
                for (program, call), run in self.store.live(self.bases[work.exercise]).items():
                    executor.share(ReferenceRun(work.exercise.lab, work.exercise.name, program, call, run))
        self._drive(executor, iter([Task(None, [work]) for work in unknown]))
        for work in works:
            body = self.store.body(work.key)
            result = entry.load(body) if body is not None else None
            if result is None or result.verdict not in ("passed", "not_applicable"):
                why = result.message if result is not None else "it could not be run"
                raise GraderError(f"the reference of {work.exercise} does not pass its own checks: {why}")

    # --- the learners ------------------------------------------------------------------------------------------------------

    def _tasks(self, learners: Sequence[Learner]) -> Iterator[Task]:
        for learner in learners:
            # Read one by one: the memory of a class's files is not needed at once.
            hand_in = learner.hand_in(self.course, list(self.bases))
            works = [self._with_key(work) for work in works_of(hand_in, list(self.bases))]
            self.arrivals[learner.name] = arrival_of(learner, hand_in, self.bases)
            self._enrol(learner.name, [work.key for work in works])
            known = self.store.known([work.key for work in works])
            unknown = [work for work in works if work.key not in self._underway and work.key not in known]
            again = [work for work in works if work.key in self._handed_out]
            self.progress.same += sum(work.text is not None for work in again)
            self._handed_out.update(work.key for work in unknown)
            self._unread.read(learner.name, bool(unknown))
            if unknown:
                yield Task(learner.name, unknown)
            else:
                self.progress.known += 1
                self.progress.before += not again
                self._one_done()

    def _drive(self, executor: Executor, tasks: Iterator[Task]) -> None:
        """Hand out tasks, and keep what comes in, until nothing is left."""
        try:
            self._hand_out(executor, tasks)
        except BaseException:
            # Whatever ends the run, Ctrl-C too: what came in before is as good as ever.
            with contextlib.suppress(CourseError, StoreError):
                self._keep_held()
            raise
        self._keep_held()

    def _hand_out(self, executor: Executor, tasks: Iterator[Task]) -> None:
        again: deque[Task] = deque()
        handed_out = 0
        while True:
            while executor.free():
                task = again.popleft() if again else next(tasks, None)
                if task is None:
                    break
                self._underway.update(work.key for work in task.works)
                task.attempts += 1
                handed_out += 1
                if task.learner is not None:
                    self._forecast.begin(id(task), time.monotonic())
                executor.submit(task)
            if not handed_out:
                return
            heard = executor.news(self._patience())
            if heard is not None:
                task, news = heard
                if isinstance(news, ReferenceRun):
                    self._hold(news)
                    executor.share(news)
                elif isinstance(news, GradedExercise):
                    self._take(task, news)
                else:
                    handed_out -= 1
                    if task.learner is not None:
                        self._forecast.end(id(task), time.monotonic(), id(task) in self._slow)
                    self._slow.discard(id(task))
                    again.extend(self._ended(task, news))
            if self._patience() == 0:
                self._keep_held()

    def _take(self, task: Task, graded: GradedExercise) -> None:
        exercise = self._places[graded.lab, graded.name]
        work = next((work for work in task.works if work.exercise == exercise), None)
        if work is None:  # told twice, by who was taken to be lost
            return
        key = work.key
        if "timed_out" in graded.verdicts:
            self._slow.add(id(task))
        if "infrastructure_error" in graded.verdicts:
            self._faults[key] = graded.body  # it is handed out again
            return
        if "grader_error" in graded.verdicts:
            self.store.fault(key, graded.body)
            self.progress.faults += 1
            self._underway.discard(key)
        else:
            self._hold(Row(key, graded.body, graded.seconds, graded.learner_seconds))
        task.works.remove(work)
        self._faults.pop(key, None)

    def _hold(self, what: Row | ReferenceRun) -> None:
        if not self._rows and not self._live:
            self._since = time.monotonic()
        if isinstance(what, Row):
            self._rows.append(what)
        else:
            self._live.append(what)

    def _enrol(self, learner: str, keys: list[str]) -> None:
        # Who is killed loses nothing by what is not written of these yet: the next run makes the roster anew.
        self._enrolled.append((learner, keys))
        if len(self._enrolled) >= HELD_LEARNERS:
            self._keep_enrolled()

    def _keep_enrolled(self) -> None:
        self.store.enrol(*self._enrolled)
        self._enrolled = []

    def _patience(self) -> float | None:
        """How long what is held may still wait; None where there is nothing."""
        held = self._rows or self._live
        return max(0.0, self._since + HELD - time.monotonic()) if held else None

    def _keep_held(self) -> None:
        """Keep what is held; but nothing under the keys of files that were others by then."""
        rows, live = self._rows, self._live
        self._rows, self._live = [], []
        self._keep_enrolled()
        if not self._look.unchanged():
            raise _changed()
        for each in live:  # before the results: who has those can take it that what the reference gave is kept too
            self.store.keep_live(self.bases[self._places[each.lab, each.name]], each.program, each.call, each.run)
        self.store.put(*rows)
        self._underway.difference_update(row.key for row in rows)

    def _ended(self, task: Task, why: str | None) -> list[Task]:
        """What is left of a task, to be handed out again; one by one, so that none is held up by another's trouble."""
        again = []
        for work in task.works:
            if task.attempts < ATTEMPTS:
                self.progress.retried += 1
                again.append(Task(task.learner, [work], task.attempts))
                continue
            fault = self._faults.pop(work.key, "") or _no_result(work.exercise, why or "it gave no result")
            self.store.fault(work.key, fault)
            self._underway.discard(work.key)
            self.progress.faults += 1
        if task.learner is not None and task.attempts == 1:
            self._one_done()
        else:
            self.told(self.progress)
        return again

    def _one_done(self) -> None:
        progress = self.progress
        progress.done += 1
        progress.seconds_left = self._forecast.left(self._unread.count, time.monotonic())
        self.told(progress)

    def _with_key(self, work: Work) -> Work:
        imported = self._dependencies.text(work.text) if work.text else {}
        return replace(work, key=key_of(self.bases[work.exercise], work.text, work.problem, imported))


def _changed() -> CourseError:
    return CourseError("the course's files changed while it was being graded; run the same command again")


def _no_result(exercise: Exercise, why: str) -> str:
    result = ExerciseResult(exercise.lab, exercise.name, exercise.points)
    check = Check("grading", "infrastructure_error", 0, exercise.points, message=why)
    result.checks.append(check)
    tree: dict[str, Any] = entry.as_tree(result)
    return entry.dump(tree)
