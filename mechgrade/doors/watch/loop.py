"""The loop of `mechgrade watch`: one thing at a time out of one queue, and all printing done here."""

from __future__ import annotations

import queue
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

from mechgrade.course import Course, Exercise
from mechgrade.doors.watch.events import Event, Graded, Key, Lost, Saved
from mechgrade.doors.watch.turns import Turns
from mechgrade.grading.grade import Grading
from mechgrade.grading.verdicts import Result
from mechgrade.progress.current import first_open
from mechgrade.progress.outlook import completed
from mechgrade.progress.progress import Progress, ProgressError, State
from mechgrade.reports.screen import Screen
from mechgrade.reports.terminal import TerminalReport, short
from mechgrade.submissions.submission import Submission

KEYS = "h hint · a all · p plot · q quit"


@dataclass
class Loop:
    """Regrades what is saved until told to quit.

    Attributes:
        course: the course.
        grading: grades as `mechgrade grade` would.
        submission: the files that are watched.
        exercises: which ones.
        screen: where to print.
        interactive: whether there are keys, and a screen to clear.
        is_current: whether engine and course are still what this process has read; where not, the loop ends.
    """

    course: Course
    grading: Grading
    submission: Submission
    exercises: list[Exercise]
    screen: Screen
    interactive: bool
    is_current: Callable[[], bool] = lambda: True
    #: what was saved when the loop ended because it is no longer current
    outdated: tuple[Exercise, ...] = ()
    events: queue.Queue[Event] = field(default_factory=queue.Queue)
    #: the exercise that was graded last
    _at: Exercise | None = None
    #: what this session saw, which is newer than what the progress says, and there is none of other folders
    _passed: dict[Exercise, bool] = field(default_factory=dict)
    #: what came so far of a grading of all
    _whole: list[Result] | None = None
    _demonstration: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self._turns = Turns(self.grading, self.submission, self.events.put)

    def run(self) -> None:
        """Go on until `q`, the end of the terminal, or a folder that is gone."""
        self.screen.say(f"Watching {short(str(self.submission.path))}: save a file, and it is graded.")
        self._closing()
        try:
            while self._handle(self.events.get()):
                pass
        finally:
            self._turns.close()
            if self._demonstration is not None and self._demonstration.poll() is None:
                self._demonstration.terminate()
                self._demonstration.wait()

    def _handle(self, event: Event) -> bool:
        match event:
            case Saved(exercises):
                if not self.is_current():
                    self.outdated = exercises
                    return False
                self._saved(exercises)
            case Key(text):
                return self._key(text)
            case Graded():
                self._graded(event)
            case Lost(why):
                self.screen.say(why)
                return False
        return True

    def _saved(self, exercises: tuple[Exercise, ...]) -> None:
        if self._whole is not None:  # of all exercises: what was saved is of more interest
            self._whole = None
            self._turns.drop()
        self._turns.saved(exercises)

    def _graded(self, event: Graded) -> None:
        if self._turns.ended(event):
            if event.failure is not None:
                self.screen.say(f"{event.exercise.name} could not be graded: {event.failure}")
            elif event.result is not None:
                self._show(event.exercise, event.result)
        if self._whole is not None and not self._turns.busy:
            self._total(self._whole)
            self._whole = None

    def _show(self, exercise: Exercise, result: Result) -> None:
        before = self._state()
        try:
            Progress(self.course).graded(result)
        except ProgressError as error:
            self.screen.say(str(error))
        self._passed[exercise] = result.exercises[0].verdict == "passed"
        if self._whole is not None:
            self._whole.append(result)
            self._report(found=False).exercise(result.exercises[0])
            return
        self._at = exercise
        if self.interactive and not self.screen.plain:
            self.screen.console.clear()
        report = self._report(found=True)
        report.exercise(result.exercises[0])
        report.learned(completed(self.course, before, self._state()))
        self._closing()

    def _total(self, results: list[Result]) -> None:
        score, most = sum(each.score for each in results), sum(each.max_score for each in results)
        self.screen.say(f"\n  Score {score:g} / {most:g}")
        self._closing()

    def _report(self, found: bool) -> TerminalReport:
        state = self._state()
        return TerminalReport(
            self.course,
            self.screen,
            found=found,
            hints_seen=lambda name: state.entries[name].hints if name in state.entries else 0,
        )

    def _state(self) -> State:
        try:
            return Progress(self.course).read()
        except ProgressError:
            return State()

    def _next(self) -> Exercise | None:
        """What to do next: the first that is not done, from the one that was saved on, and then from the beginning."""
        state = self._state()
        return first_open(self.exercises, self._at, lambda each: self._passed.get(each, state.is_done(each)))

    def _closing(self) -> None:
        following = self._next()
        if following is None:
            self.screen.say("\n  Next   nothing: all of these exercises are passed")
        else:
            path = self.submission.file(following)
            self.screen.say(f"\n  Next   {short(str(path))}")
        if self.interactive:
            self.screen.say(f"  Keys   {KEYS}")

    # --- keys --------------------------------------------------------------------------------------------------------

    def _key(self, text: str) -> bool:
        match text.lower():
            case "" | "q" | "\x04":
                return False
            case "a":
                self._saved(tuple(self.exercises))
                self._whole = []
            case "h":
                self._hint()
            case "p":
                self._plot()
            case "?" | "\n" | "\r":
                self.screen.say(f"  Keys   {KEYS}")
        return True

    def _hint(self) -> None:
        """The next hint for the exercise that is to be done: after a pass another one than that of the report above."""
        exercise = self._next()
        if exercise is None:
            self.screen.say("  All of these exercises are passed.")
            return
        self.screen.say("")
        command = self._words("hint", exercise, "--more")
        subprocess.run(command, cwd=self.course.root, stdin=subprocess.DEVNULL, check=False)

    def _words(self, name: str, exercise: Exercise, *options: str) -> list[str]:
        return [sys.executable, "-m", "mechgrade.doors.cli", name, exercise.name, "--lab", exercise.lab, *options]

    def _plot(self) -> None:
        """Run the file's own demonstration beside the loop: it takes seconds, and saves go on being graded."""
        exercise = self._at or self._next()
        if exercise is None:
            return
        if self.submission.path != self.course.root / "exercises":
            self.screen.say("  Plots are made of the files in exercises/ alone.")
            return
        if self._demonstration is not None and self._demonstration.poll() is None:
            self.screen.say("  The last plot is still being made.")
            return
        self.screen.say(f"  Running {short(str(self.submission.file(exercise)))} for its plots …")
        self._demonstration = subprocess.Popen(
            self._words("try", exercise), cwd=self.course.root, stdin=subprocess.DEVNULL
        )
