"""One exercise graded in a thread, and cut short when it was saved again: nobody waits for what is no longer in the file."""

from __future__ import annotations

import threading
from collections.abc import Callable

from mechgrade.course import CourseError, Exercise
from mechgrade.doors.watch.events import Event, Graded
from mechgrade.grading.errors import InfrastructureError
from mechgrade.grading.grade import Grading
from mechgrade.submissions.submission import Submission


class Regrading:
    """The grading of one exercise, begun at once. ``tell`` is called in its thread with how it ended."""

    def __init__(
        self, grading: Grading, submission: Submission, exercise: Exercise, tell: Callable[[Event], None]
    ) -> None:
        self.exercise = exercise
        self._tell = tell
        self._grading = grading
        self._grader = grading.grader(submission)
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
            result = self._grading.grade(self._grader, [self.exercise])
            self._tell(Graded(self.exercise, None if self._grader.cancelled else result))
        except (CourseError, InfrastructureError) as error:
            self._tell(Graded(self.exercise, failure=str(error)))
        except BaseException as error:  # whatever it is, the loop waits for a word from here
            self._tell(Graded(self.exercise, failure=f"the grader failed: {type(error).__name__}: {error}"))
