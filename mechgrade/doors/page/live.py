"""What the page shows: grades what is saved as `mechgrade watch` does, remembers it, and tells who listens."""

from __future__ import annotations

import hashlib
import queue
import signal
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mechgrade.course import Course, Exercise
from mechgrade.course.hints import guide
from mechgrade.course.lesson import Lesson
from mechgrade.doors.learner.demonstration import demonstrate
from mechgrade.doors.watch.events import Event, Graded, Key, Lost, Saved
from mechgrade.doors.watch.turns import Turns
from mechgrade.grading.grade import Grading
from mechgrade.progress.current import current
from mechgrade.progress.progress import Progress, ProgressError, State, file_hash
from mechgrade.protocol.outcome import plain
from mechgrade.protocol.printed import Printed, shortened
from mechgrade.reports.live import PRINTED_LINES, Face, Plot, Seen, Trial, checks_of
from mechgrade.reports.reading import lesson_of
from mechgrade.submissions.submission import Submission, SubmissionError

#: How much of what a demonstration prints is kept, and of its error.
PRINTED_CHARACTERS = 16_000
#: Larger pictures, and more of them, are not a demonstration's.
MAX_PLOT, MAX_PLOTS = 8 * 2**20, 12


@dataclass(frozen=True)
class Opened:
    """A page shows this exercise."""

    exercise: Exercise


@dataclass(frozen=True)
class Tried:
    """A demonstration has ended. ``begun``: as it was noted down when it began."""

    exercise: Exercise
    begun: Trial
    trial: Trial


class Live:
    """One learner's files and what is known of them. Pages read it from another thread: what they get does not change.

    Args:
        course: the course.
        grading: with :attr:`mechgrade.grading.options.Options.views`.
        exercises: those that the model can grade.
        is_current: whether engine and course are still what this process has read.
        end: called when it has ended.
    """

    def __init__(
        self,
        course: Course,
        grading: Grading,
        exercises: list[Exercise],
        is_current: Callable[[], bool],
        end: Callable[[], None],
    ) -> None:
        self.course = course
        self.submission = Submission.of_course(course)
        self.events: queue.Queue[Event | Opened | Tried] = queue.Queue()
        #: the exercise that was saved last, and how many saves there were
        self.at: Exercise | None = None
        self.saves = 0
        #: whether it has ended because engine or course have changed
        self.outdated = False
        self._grading = grading
        self._exercises = exercises
        self._is_current = is_current
        self._end = end
        self._turns = Turns(grading, self.submission, self.events.put)
        self._seen: dict[Exercise, Seen] = {}
        self._lessons: dict[Exercise, Lesson] = {}
        self._progress = Progress(course)
        self._remark = ""
        self._lost = ""
        self._listeners: list[Callable[[], None]] = []
        self._demonstration: subprocess.Popen[str] | None = None
        self._lock = threading.RLock()
        self._thread = threading.Thread(target=self._run, name="live", daemon=True)

    def start(self) -> None:
        """Begin to take events."""
        self._thread.start()

    def close(self) -> None:
        """End what was begun."""
        self.events.put(Key(""))
        self._thread.join(20)

    # --- for pages, from any thread ----------------------------------------------------------------------------------

    def listen(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Have something called after each change, from another thread. What is returned ends that."""
        with self._lock:
            self._listeners.append(changed)

        def leave() -> None:
            with self._lock:
                self._listeners.remove(changed)

        return leave

    def face(self, exercise: Exercise) -> Face:
        """What a page of an exercise shows at this moment."""
        state, remark = self._state()
        seen = self._seen.get(exercise, Seen())
        return Face(self.course, exercise, seen, self._lesson(exercise), state, remark)

    def opened(self, exercise: Exercise) -> None:
        """A page shows an exercise: its file is graded, unless that was done."""
        self.events.put(Opened(exercise))

    def current(self) -> Exercise:
        """The exercise to show where none is named."""
        return current(self.course, self._state()[0]) or self.at or self.course.exercises()[-1]

    def hint(self, exercise: Exercise, number: int) -> None:
        """Open a hint: the next one, whichever of several pages asks for it first."""
        there = len(guide(self.course, exercise).hints)
        if number == self._state()[0].of(exercise).hints + 1 and number <= there:
            self._keep(lambda: self._progress.hinted(exercise, number))
        self._tell()

    def demonstrate(self, exercise: Exercise) -> None:
        """Run an exercise's file for its plots. One runs at a time: the last that was asked for."""
        self.stop_demonstration()
        trial = Trial(True, file_hash(self.course.stub_path(exercise)))
        self._change(exercise, trial=trial)
        threading.Thread(target=self._try, args=(exercise, trial), name="demonstration", daemon=True).start()
        self._tell()

    def stop_demonstration(self) -> None:
        """End the run of an exercise's file."""
        with self._lock:
            if self._demonstration is not None:
                self._demonstration.kill()

    def plot(self, exercise: Exercise, digest: str) -> bytes | None:
        """A picture of the last run of an exercise's file."""
        trial = self._seen.get(exercise, Seen()).trial
        return next((each.png for each in trial.plots if each.digest == digest), None) if trial is not None else None

    # --- events, in a thread of their own ----------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            going = True
            while going:
                try:
                    going = self._handle(self.events.get())
                except Exception as error:  # of one event; the page is there for the others
                    self._lost = f"mechgrade learn has failed ({type(error).__name__}: {error}). Start it again."
                self._tell()
        finally:
            self._turns.close()
            self.stop_demonstration()
            self._end()

    def _handle(self, event: Event | Opened | Tried) -> bool:
        match event:
            case Saved(exercises):
                if not self._is_current():
                    self.outdated = True
                    return False
                self.saves += 1
                self.at = exercises[0]
                self._grade(exercises)
            case Opened(exercise):
                self._open(exercise)
            case Graded():
                self._graded(event)
            case Tried(exercise, begun, trial):
                if self._is_wanted(exercise, begun):
                    self._change(exercise, trial=trial)
                self._keep(lambda: self._progress.tried(exercise))
            case Lost(why):
                self._lost = f"{why}. Start `mechgrade learn` again."
            case Key():
                return False
        return True

    def _grade(self, exercises: tuple[Exercise, ...]) -> None:
        for exercise in exercises:
            self._change(exercise, grading=True)
        self._turns.saved(exercises)

    def _open(self, exercise: Exercise) -> None:
        seen = self._seen.get(exercise, Seen())
        is_known = seen.result is not None and seen.source == file_hash(self.course.stub_path(exercise))
        if exercise in self._exercises and not seen.grading and not is_known:
            self._change(exercise, grading=True)
            self._turns.opened(exercise)

    def _graded(self, event: Graded) -> None:
        exercise, result = event.exercise, event.result
        if not self._turns.ended(event):
            return  # it is being graded again
        if result is None:
            self._change(exercise, grading=False, failure=event.failure or "")
            return
        path = self.course.stub_path(exercise)
        self._change(
            exercise,
            result=result,
            checks=checks_of(self.course, exercise, result.exercises[0]),
            source=file_hash(path),
            grading=False,
            failure="",
            saved=_saved(path),
        )
        self._tell()  # the verdict first: to write the progress down takes the time of a disk
        self._keep(lambda: self._progress.graded(result))

    def _is_wanted(self, exercise: Exercise, begun: Trial) -> bool:
        """Whether nobody has asked for another run meanwhile."""
        return self._seen.get(exercise, Seen()).trial is begun

    def _try(self, exercise: Exercise, begun: Trial) -> None:
        printed = Printed(PRINTED_CHARACTERS)

        def say(line: str) -> None:
            printed.add(plain(line) + "\n")

        def running(process: subprocess.Popen[str]) -> None:
            with self._lock:
                self._demonstration = process
                if not self._is_wanted(exercise, begun):
                    process.kill()

        options = self._grading.options
        environment = {"MODEL": options.model, "BACKEND": options.backend, "DEVICE": options.device}
        try:
            done = demonstrate(self.course.stub_path(exercise), self.course.root, environment, say, running)
            trial = replace(
                begun,
                running=False,
                printed=shortened(printed.text, PRINTED_LINES),
                error=plain(done.error)[-PRINTED_CHARACTERS:],
                refused=plain(done.refused),
                not_started=done.not_started,
                stopped=done.code == -signal.SIGKILL,
                plots=tuple(filter(None, map(self._plot, dict.fromkeys(done.saved[:MAX_PLOTS])))),
            )
        except OSError as error:
            trial = replace(begun, running=False, error=f"Your file could not be run: {error.strerror}")
        self.events.put(Tried(exercise, begun, trial))

    def _plot(self, path: Path) -> Plot | None:
        """A picture that a demonstration says it has saved, where it is one of the course's outputs."""
        folder = (self.course.root / "outputs").resolve()
        try:
            real = path.resolve()
            if real.suffix != ".png" or not real.is_relative_to(folder) or real.stat().st_size > MAX_PLOT:
                return None
            png = real.read_bytes()
        except OSError:
            return None
        return Plot(real.relative_to(folder).as_posix(), png, hashlib.sha256(png).hexdigest()[:16])

    def _change(self, exercise: Exercise, **what: Any) -> None:
        with self._lock:
            self._seen[exercise] = replace(self._seen.get(exercise, Seen()), **what)

    def _tell(self) -> None:
        with self._lock:
            listeners = list(self._listeners)
        for changed in listeners:
            changed()

    # --- what is on disk ---------------------------------------------------------------------------------------------

    def _state(self) -> tuple[State, str]:
        try:
            return self._progress.read(), self._lost or self._remark or " ".join(self._progress.remarks)
        except ProgressError as error:
            return State(), str(error)

    def _keep(self, action: Callable[[], None]) -> None:
        """Do something to the progress. Where that fails it is said, and no verdict depends on it."""
        try:
            action()
            self._remark = ""
        except ProgressError as error:
            self._remark = str(error)

    def _lesson(self, exercise: Exercise) -> Lesson | None:
        try:
            found = lesson_of(self.course, exercise)
        except SubmissionError:
            return None
        if found.functions is None and exercise in self._lessons:
            # In the middle of an edit a file does not parse. What its functions promise is what it was.
            found = replace(found, functions=self._lessons[exercise].functions)
        self._lessons[exercise] = found
        return found


def _saved(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
