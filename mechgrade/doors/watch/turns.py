"""Gradings one after the other: what is saved waits for its turn, and what is saved again is cut short and begun anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mechgrade.course import Exercise
from mechgrade.doors.watch.events import Event, Graded
from mechgrade.doors.watch.regrade import Regrading
from mechgrade.grading.grade import Grading
from mechgrade.submissions.submission import Submission


class Turns:
    """Which exercise is graded now, and which ones wait. Called from one thread.

    Args:
        grading: grades as `mechgrade grade` would.
        submission: the learner's files.
        tell: takes a :class:`Graded`, from another thread. Whoever gets it calls :meth:`ended`.
    """

    def __init__(self, grading: Grading, submission: Submission, tell: Callable[[Event], None]) -> None:
        self._grading = grading
        self._submission = submission
        self._tell = tell
        self._running: Regrading | None = None
        self._waiting: list[Exercise] = []
        #: those that nobody has saved: they wait for those that somebody has
        self._unhurried: set[Exercise] = set()
        self._again = False

    @property
    def busy(self) -> bool:
        """Whether anything waits or is graded."""
        return self._running is not None or bool(self._waiting)

    def saved(self, exercises: Iterable[Exercise]) -> None:
        """Grade these, in this order, after those that were saved before."""
        for exercise in exercises:
            self._unhurried.discard(exercise)
            if self._is_running(exercise):
                self._cut_short()  # of a text that is no longer there
            elif exercise not in self._waiting:
                self._waiting.append(exercise)
        if self._running is not None and self._running.exercise in self._unhurried:
            self._cut_short()
        self._waiting.sort(key=lambda each: each in self._unhurried)
        self._go_on()

    def opened(self, exercise: Exercise) -> None:
        """Grade an exercise that is only looked at, when there is nothing else to do."""
        if not self._is_running(exercise) and exercise not in self._waiting:
            self._unhurried.add(exercise)
            self._waiting.append(exercise)
            self._go_on()

    def ended(self, event: Graded) -> bool:
        """Begin the next one; whether the result of the one that has ended counts."""
        self._running = None
        counts = not self._again
        if self._again:
            self._again = False
            later = event.exercise in self._unhurried
            self._waiting.insert(len(self._waiting) if later else 0, event.exercise)
        else:
            self._unhurried.discard(event.exercise)
        self._go_on()
        return counts

    def drop(self) -> None:
        """Forget what waits, and end what runs: its result will be None."""
        self._waiting = []
        if self._running is not None:
            self._running.cancel()

    def close(self) -> None:
        """End what runs, and wait for its end."""
        self.drop()
        if self._running is not None:
            self._running.join(15)

    def _is_running(self, exercise: Exercise) -> bool:
        return self._running is not None and self._running.exercise == exercise

    def _cut_short(self) -> None:
        assert self._running is not None
        self._running.cancel()
        self._again = True

    def _go_on(self) -> None:
        if self._running is None and self._waiting:
            self._running = Regrading(self._grading, self._submission, self._waiting.pop(0), self._tell)
