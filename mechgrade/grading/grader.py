"""Grades one submission: what its checks ask for is run, judged, and gathered into a result."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

from mechgrade.course import Exercise
from mechgrade.grading.calls import Call
from mechgrade.grading.checks import CheckFailed
from mechgrade.grading.diagnose import Judged, explanation
from mechgrade.grading.judge import Judgement, failed, judge
from mechgrade.grading.references import References
from mechgrade.grading.sessions import Runs, Sessions
from mechgrade.grading.stub import is_above_code
from mechgrade.grading.verdicts import Check, ExerciseResult, Result, gravest
from mechgrade.grading.views import View, views_of
from mechgrade.protocol.outcome import Outcome
from mechgrade.protocol.wire import Tree
from mechgrade.submissions.submission import Submission, SubmissionError


@dataclass(frozen=True)
class Failure:
    """A run that failed, for a debugger."""

    exercise: Exercise
    call: Call
    judgement: Judgement


@dataclass
class _Current:
    """The exercise that is being graded."""

    exercise: Exercise
    entry: ExerciseResult
    runs: Runs
    started: float = field(default_factory=time.perf_counter)
    judged: list[Judged] = field(default_factory=list)
    views: list[View] = field(default_factory=list)
    #: whether a run of the check that is going on differs from the reference
    differs: bool = False
    #: the checks that failed because of such a run
    differing: set[str] = field(default_factory=set)
    #: seconds that were counted for earlier checks: of the scenarios, of the learner's functions in them
    counted: tuple[float, float] = (0.0, 0.0)


class Grader:
    """The handler of the checks that grades. See :class:`mechgrade.grading.checks.Handler`.

    Args:
        sessions: opens processes for the learner's files.
        references: what the learner's runs are held against.
        submission: the learner's files.
        on_result: called with each exercise when its last check is in.
    """

    def __init__(
        self,
        sessions: Sessions,
        references: References,
        submission: Submission,
        on_result: Callable[[ExerciseResult], None] | None = None,
    ) -> None:
        self._sessions = sessions
        self._references = references
        self._submission = submission
        self._on_result = on_result
        self._current: _Current | None = None
        self.cancelled = False
        options = sessions.options
        self.result = Result(options.model, options.backend, options.device, options.isolation)
        self.result.isolation_missing = list(options.missing)
        #: the first run that failed
        self.failure: Failure | None = None
        #: how far each exercise's data was from the reference's at the worst, in tolerances; infinite for other differences
        self.distances: dict[Exercise, float] = {}

    # --- what checks ask for -----------------------------------------------------------------------------------------

    def run(self, exercise: Exercise, call: Call) -> Tree:
        """The learner's data of a call that is not compared.

        Raises:
            CheckFailed: it returned none.
        """
        outcome = self._outcome(exercise, call)
        if outcome.kind != "returned":
            raise self._fail(exercise, call, self._failed(exercise, outcome))
        return outcome.data

    def _failed(self, exercise: Exercise, outcome: Outcome) -> Judgement:
        judgement = failed(outcome)
        line = outcome.trace[-1].line if outcome.trace else 0
        if outcome.kind == "not_started" and is_above_code(self._submission.source(exercise), line):
            # It was begun, and the learner waits for a verdict on what is there.
            message = f"line {line} still raises NotImplementedError, so the code below it never runs: delete that line"
            return replace(judgement, verdict="raised", message=message)
        return judgement

    def compare(self, exercise: Exercise, call: Call) -> Tree:
        """The learner's data of a call, or the facts about it, when they equal the reference's.

        Raises:
            CheckFailed: they do not.
            GraderError: there is nothing to compare with.
        """
        outcome = self._outcome(exercise, call)
        if outcome.kind in ("not_started", "missing"):
            raise self._fail(exercise, call, self._failed(exercise, outcome))
        run = self._references.run(exercise, call)
        judgement = judge(call.key, run, outcome)
        current = self._enter(exercise)
        passed = judgement.verdict == "passed"
        misconceptions = partial(self._references.misconceptions, exercise, call)
        current.judged.append(Judged(outcome, run, passed, misconceptions, call))
        self.distances[exercise] = max(self.distances.get(exercise, 0.0), judgement.distance)
        if self._sessions.options.views and outcome.kind == "returned" and not (passed and current.views):
            # Of a check that passes, its first run; of one that fails, the run that failed.
            current.views = views_of(call.key, dict(call.inputs), run, outcome.data)
        if not passed:
            current.differs = True
            raise self._fail(exercise, call, judgement)
        return outcome.data

    def _outcome(self, exercise: Exercise, call: Call) -> Outcome:
        try:
            return self._enter(exercise).runs.outcome(call)
        except SubmissionError as error:
            raise self._fail(exercise, call, Judgement("missing", str(error))) from None

    def _fail(self, exercise: Exercise, call: Call, judgement: Judgement) -> CheckFailed:
        self.failure = self.failure or Failure(exercise, call, judgement)
        return CheckFailed(judgement)

    # --- checks and exercises, in the order in which they are run ----------------------------------------------------

    def done(self, exercise: Exercise, check: Check, *, hidden: bool) -> None:
        """Take a check's verdict. Several runs of one check (one for each seed) count as one: the gravest."""
        current = self._enter(exercise)
        runs = current.runs
        if current.differs:
            current.differing.add(check.name)
            current.differs = False
        before = current.counted
        current.counted = (runs.seconds, runs.learner_seconds)
        check.seconds, check.learner_seconds = runs.seconds - before[0], runs.learner_seconds - before[1]
        views, current.views = current.views, []
        if hidden:
            # The process knows hidden inputs now, and could print them in a check whose output the learner is shown.
            runs.renew()
        else:  # the values of hidden inputs would tell them
            check.views = views
        checks = current.entry.checks
        place = next((place for place, known in enumerate(checks) if known.name == check.name), None)
        if place is None:
            checks.append(check)
            return
        known = checks[place]
        check.seconds += known.seconds
        check.learner_seconds += known.learner_seconds
        if gravest([known.verdict, check.verdict]) != known.verdict:
            checks[place] = check
        else:
            known.seconds, known.learner_seconds = check.seconds, check.learner_seconds

    def _enter(self, exercise: Exercise) -> _Current:
        if self._current is None or self._current.exercise != exercise:
            self._leave()
            entry = ExerciseResult(exercise.lab, exercise.name, exercise.points)
            entry.file = str(self._submission.file(exercise))
            self.result.exercises.append(entry)
            runs = Runs(self._sessions, exercise, lambda: self._submission.source(exercise))
            self._current = _Current(exercise, entry, runs)
            if self.cancelled:
                runs.cancel()
        return self._current

    def _leave(self) -> None:
        if self._current is None:
            return
        current, self._current = self._current, None
        current.runs.renew()
        if not self.cancelled:
            self._name(current)
        current.entry.seconds = time.perf_counter() - current.started
        if self._on_result is not None and not self.cancelled:
            self._on_result(current.entry)

    def _name(self, current: _Current) -> None:
        """Name the misconception behind the checks that failed, if one explains them all and contradicts none that passed.

        Where there is none, say what relates the data to the reference's, if that is certain.
        """
        if all(each.passed for each in current.judged):
            return
        name = explanation(current.judged, self._references.names(current.exercise))
        sentence = self._relation(current) if name is None else self._references.sentence(current.exercise, name)
        for check in current.entry.checks:
            if check.name in current.differing:
                check.misconception, check.sentence = name, sentence

    def _relation(self, current: _Current) -> str:
        from mechgrade.grading.relations import relation  # only who is wrong waits for it

        course, exercise = self._sessions.course, current.exercise
        paths = (course.grader_path(exercise), course.stub_path(exercise))
        grader, stub = (path.read_text(encoding="utf-8") if path.is_file() else "" for path in paths)
        try:
            return relation(current.judged, grader, stub, self._submission.source(exercise)) or ""
        except (
            Exception
        ):  # it looks at data of any form, for a sentence that nobody must have: it never stops a grading
            return ""

    # --- the end -----------------------------------------------------------------------------------------------------

    def finish(self) -> Result:
        """End the last exercise; the result is complete then."""
        self._leave()
        return self.result

    def abandon(self) -> None:
        """End the learner's process; of the exercise that is being graded nothing is said."""
        if self._current is not None:
            self._current.runs.renew()
            self._current = None

    def cancel(self) -> None:
        """From another thread: leave off, and end the run that is under way."""
        self.cancelled = True
        current = self._current
        if current is not None:
            current.runs.cancel()
