"""The one way to grade a submission. Every door calls it, so every door gives the same score."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mechgrade.course import Course, CourseError, Exercise
from mechgrade.grading.checks import Checks, see_points, with_checks
from mechgrade.grading.errors import GraderError, InfrastructureError
from mechgrade.grading.grader import Grader
from mechgrade.grading.options import Options
from mechgrade.grading.references import References, without_reference
from mechgrade.grading.sessions import Opener, Sessions
from mechgrade.grading.verdicts import ExerciseResult, Result
from mechgrade.grading.worker import Worker
from mechgrade.submissions.submission import Submission, SubmissionError


class Grading:
    """Grades submissions one after the other, with one worker and one set of options.

    Args:
        course: the course.
        options: how to grade.
        opener: opens the learners' processes. The caller closes it.
        explain: whether failures are told by the learner's own calls, which takes a second run of each.

    Raises:
        CourseError: there is nothing to compare with on this model.
    """

    def __init__(self, course: Course, options: Options, opener: Opener, *, explain: bool = True) -> None:
        lacking = without_reference(course, options.model)
        if lacking:
            raise CourseError(lacking)
        self.course = course
        self.options = options
        self._explain = explain
        self.sessions = Sessions(course, options, opener)
        self.references = References(self.sessions)

    def grader(
        self,
        submission: Submission,
        on_result: Callable[[ExerciseResult], None] | None = None,
        *,
        at_once: bool = False,
    ) -> Grader:
        """The handler of the checks for one submission. See :class:`Grader` for ``at_once``."""
        told = self._whole(on_result)
        return Grader(self.sessions, self.references, submission, told, self._explain, at_once)

    def _whole(self, on_result: Callable[[ExerciseResult], None] | None) -> Callable[[ExerciseResult], None] | None:
        """What is told of an exercise is what the result says of it at the end, also that its points do not add up."""
        if on_result is None:
            return None

        def told(entry: ExerciseResult) -> None:
            see_points(entry, self.course.exercise(entry.exercise, entry.lab))
            on_result(entry)

        return told

    def run(self, checks: Checks, grader: Grader, exercises: Sequence[Exercise]) -> Result:
        """Grade some exercises by checks that are collected already."""
        try:
            checks.run(grader, exercises)
        except BaseException:  # Ctrl-C, or the debugger was left: of the exercise that is under way nothing is said
            grader.abandon()
            raise
        result = grader.finish()
        checks.complete(result, exercises, self.course)
        return result

    def run_parallel(
        self,
        checks: Checks,
        submission: Submission,
        exercises: Sequence[Exercise],
        jobs: int,
        on_result: Callable[[ExerciseResult], None] | None = None,
    ) -> Result:
        """Grade some exercises in several processes at once, by checks that are collected already. The result is that of :meth:`run`."""
        from mechgrade.grading.parallel import in_order  # of no use to who grades one exercise

        opener = self.sessions.opener
        begun = [each for each in exercises if not self._is_stub(submission, each)]
        if len(begun) < 2 or not isinstance(opener, Worker) or not self.has_worker(begun[0]):
            return self.run(checks, self.grader(submission, on_result), exercises)

        def grades(grading: Grading) -> Callable[[Exercise], ExerciseResult | None]:
            return lambda exercise: grading._one(checks, submission, exercise)

        def in_a_fork() -> Callable[[Exercise], ExerciseResult | None]:
            return grades(Grading(self.course, self.options, opener.lend(), explain=self._explain))

        result = self.grader(submission).finish()  # with nothing in it yet
        tell = self._whole(on_result)
        for entry in in_order(exercises, jobs, in_a_fork, grades(self), machine_failed):
            if entry is None:
                continue
            result.exercises.append(entry)
            if tell is not None:
                tell(entry)
        checks.complete(result, exercises, self.course)
        return result

    def _one(self, checks: Checks, submission: Submission, exercise: Exercise) -> ExerciseResult | None:
        """An exercise by itself; None where it has no checks."""
        grader = self.grader(submission)
        try:
            checks.run(grader, [exercise])
        except BaseException:
            grader.abandon()
            raise
        return next(iter(grader.finish().exercises), None)

    def _is_stub(self, submission: Submission, exercise: Exercise) -> bool:
        try:
            return self.sessions.of_stub(exercise, submission.source(exercise)) is not None
        except SubmissionError:
            return False

    def has_worker(self, exercise: Exercise) -> bool:
        """Have the worker open a process, for no program. A warm one that has ended is replaced now, and by one process alone."""
        try:
            self.sessions.open(exercise, "").close()
        except InfrastructureError:
            return False
        except GraderError:  # of this exercise's file; the worker has answered
            pass
        return True

    def grade(self, grader: Grader, exercises: Sequence[Exercise], *, pdb: bool = False) -> Result:
        """Collect the checks of some exercises, and grade by them. See :func:`grade`."""
        return with_checks(
            self.course,
            exercises,
            lambda checks: self.run(checks, grader, exercises),
            hidden=self.options.hidden,
            pdb=pdb,
        )


def machine_failed(entry: ExerciseResult | None) -> bool:
    """Whether a result says nothing of the program, because the machine failed; None has no checks at all."""
    return entry is not None and entry.verdict == "infrastructure_error"


def grade(
    course: Course,
    submission: Submission,
    exercises: Sequence[Exercise],
    options: Options,
    opener: Opener,
    *,
    on_result: Callable[[ExerciseResult], None] | None = None,
    pdb: bool = False,
    jobs: int = 1,
) -> Result:
    """Grade some exercises of a submission.

    Args:
        course: the course.
        submission: the learner's files.
        exercises: which.
        options: how; see :func:`mechgrade.grading.options.resolve`.
        opener: opens the learner's processes. The caller closes it.
        on_result: called with each exercise when its last check is in.
        pdb: drop into the debugger where a check fails (with isolation ``inline``).
        jobs: how many processes grade at once. What comes out is the same, and ``on_result`` is called in the same order.

    Returns:
        a result with every exercise, also those whose grader could not run.

    Raises:
        CourseError: an exercise has no grader's file; there is nothing to compare with on this model.
        KeyboardInterrupt: Ctrl-C, or the debugger was left. Exercises that were done have been told to ``on_result``.
    """
    grading = Grading(course, options, opener)
    if exercises:
        opener.start(grading.sessions.spec_for(exercises[0]))  # it loads while pytest collects
    jobs = min(jobs, len(exercises))
    if jobs > 1 and not pdb:
        return with_checks(
            course,
            exercises,
            lambda checks: grading.run_parallel(checks, submission, exercises, jobs, on_result),
            hidden=options.hidden,
        )
    return grading.grade(grading.grader(submission, on_result, at_once=pdb), exercises, pdb=pdb)
