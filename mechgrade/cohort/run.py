"""The coordinator: what is not known yet is handed to a executor, and what comes back goes into the store."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mechgrade.cohort import entry
from mechgrade.cohort.keys import Order, depends_on, key_of
from mechgrade.cohort.learners import Learner, Work
from mechgrade.cohort.pool import Executor, Graded, ReferenceRun, Task
from mechgrade.cohort.store import Store
from mechgrade.course import Course, CourseError, Exercise
from mechgrade.grading.errors import GraderError
from mechgrade.grading.references import runs_live
from mechgrade.grading.verdicts import Check, ExerciseResult

#: How often a task is handed out, when the machine fails or a process is lost, until that is reported as a fault.
ATTEMPTS = 5


@dataclass
class Progress:
    """How far a run is. Times of learners whose results were known are no measure for the others."""

    learners: int
    done: int = 0
    known: int = 0
    retried: int = 0
    faults: int = 0


class Run:
    """One run over a cohort.

    Args:
        bases: the keys' base of each exercise, by which the store is asked.
        told: called when the progress has changed.
    """

    def __init__(
        self,
        course: Course,
        order: Order,
        bases: dict[Exercise, str],
        store: Store,
        told: Callable[[Progress], None] = lambda _progress: None,
    ) -> None:
        self.course = course
        self.order = order
        self.bases = bases
        self.store = store
        self.told = told
        self._places = {(exercise.lab, exercise.name): exercise for exercise in bases}
        self._files = _state(course, list(bases), order)
        #: what is being graded for somebody; who hands in the same waits for that
        self._underway: set[str] = set()
        self._faults: dict[str, str] = {}

    def go(self, learners: Sequence[Learner], executor: Executor) -> Progress:
        """Grade what is not known.

        Raises:
            CourseError: the course changed on the way.
            GraderError: a reference fails on hidden inputs.
            InfrastructureError: the executor is gone.
            StoreError: results cannot be kept.
        """
        self.progress = Progress(len(learners))
        self.store.begin()
        if self._needs_live():
            self._run_references(executor)
        self._drive(executor, self._tasks(learners))
        return self.progress

    # --- the references, before all learners -------------------------------------------------------------------------------

    def _needs_live(self) -> bool:
        return runs_live(self.course, self.order.model, self.order.hidden)

    def _run_references(self, executor: Executor) -> None:
        works = []
        for exercise in self.bases:
            path = self.course.solution_path(exercise)
            if not path.is_file():
                raise CourseError(f"{path} is missing; hidden inputs and models without recordings need the reference")
            works.append(Work(exercise, path.read_text(encoding="utf-8")))
        unknown = [work for work in works if not self.store.known(self._key(work))]
        for work in works:
            if work not in unknown:
                for (program, call), run in self.store.live(self.bases[work.exercise]).items():
                    executor.share(ReferenceRun(work.exercise.lab, work.exercise.name, program, call, run))
        self._drive(executor, iter([Task(None, [work]) for work in unknown]))
        for work in works:
            body = self.store.body(self._key(work))
            result = entry.load(body) if body is not None else None
            if result is None or result.verdict != "passed":
                why = result.message if result is not None else "it could not be run"
                raise GraderError(f"the reference of {work.exercise} does not pass its own checks: {why}")

    # --- the learners ------------------------------------------------------------------------------------------------------

    def _tasks(self, learners: Sequence[Learner]) -> Iterator[Task]:
        for learner in learners:
            # Read one by one: the memory of a class's files is not needed at once.
            works = learner.read(self.course, list(self.bases))
            keys = [self._key(work) for work in works]
            self.store.enrol(learner.name, keys)
            unknown = [
                work
                for work, key in zip(works, keys, strict=True)
                if key not in self._underway and not self.store.known(key)
            ]
            if unknown:
                yield Task(learner.name, unknown)
            else:
                self.progress.known += 1
                self._one_done()

    def _drive(self, executor: Executor, tasks: Iterator[Task]) -> None:
        again: deque[Task] = deque()
        handed_out = 0
        while True:
            while executor.free():
                task = again.popleft() if again else next(tasks, None)
                if task is None:
                    break
                self._underway.update(map(self._key, task.works))
                task.attempts += 1
                handed_out += 1
                executor.submit(task)
            if not handed_out:
                return
            task, news = executor.news()
            if isinstance(news, ReferenceRun):
                self.store.keep_live(self.bases[self._places[news.lab, news.name]], news.program, news.call, news.run)
                executor.share(news)
            elif isinstance(news, Graded):
                self._keep(task, news)
            else:
                handed_out -= 1
                again.extend(self._ended(task, news))

    def _keep(self, task: Task, graded: Graded) -> None:
        self._see_unchanged()
        result = entry.entry_of(graded.entry)
        exercise = self._places[result.lab, result.exercise]
        work = next((work for work in task.works if work.exercise == exercise), None)
        if work is None:  # told twice, by who was taken to be lost
            return
        key = self._key(work)
        verdicts = {check.verdict for check in result.checks}
        if "infrastructure_error" in verdicts:
            self._faults[key] = entry.dump(graded.entry)  # it is handed out again
            return
        if "grader_error" in verdicts:
            self.store.fault(key, entry.dump(graded.entry))
            self.progress.faults += 1
        else:
            self.store.put(key, entry.dump(graded.entry), graded.seconds, graded.learner_seconds)
        task.works.remove(work)
        self._underway.discard(key)
        self._faults.pop(key, None)

    def _ended(self, task: Task, why: str | None) -> list[Task]:
        """What is left of a task, to be handed out again; one by one, so that none is held up by another's trouble."""
        again = []
        for work in task.works:
            if task.attempts < ATTEMPTS:
                self.progress.retried += 1
                again.append(Task(task.learner, [work], task.attempts))
                continue
            key = self._key(work)
            fault = self._faults.pop(key, "") or _no_result(work.exercise, why or "it gave no result")
            self.store.fault(key, fault)
            self._underway.discard(key)
            self.progress.faults += 1
        if task.learner is not None and task.attempts == 1:
            self._one_done()
        else:
            self.told(self.progress)
        return again

    def _one_done(self) -> None:
        self.progress.done += 1
        self.told(self.progress)

    def _key(self, work: Work) -> str:
        return key_of(self.bases[work.exercise], work.text, work.problem)

    def _see_unchanged(self) -> None:
        """Results must not be kept under the keys of files that were others by then."""
        if _state(self.course, list(self.bases), self.order) != self._files:
            raise CourseError("the course's files changed while it was being graded; run the same command again")


def _state(course: Course, exercises: Sequence[Exercise], order: Order) -> dict[Path, tuple[int, int, int]]:
    found: dict[Path, tuple[int, int, int]] = {}
    for exercise in exercises:
        for path in depends_on(course, exercise, order):
            stat = path.stat()
            found[path] = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
    return found


def _no_result(exercise: Exercise, why: str) -> str:
    result = ExerciseResult(exercise.lab, exercise.name, exercise.points)
    check = Check("grading", "infrastructure_error", 0, exercise.points, message=why)
    result.checks.append(check)
    tree: dict[str, Any] = entry.as_tree(result)
    return entry.dump(tree)
