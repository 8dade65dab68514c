"""Grades one submission: what its checks ask for is run, judged, and gathered into a result."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from mechgrade.course import Exercise
from mechgrade.grading.advice import advice, in_short
from mechgrade.grading.by_text import by_text
from mechgrade.grading.calls import Call
from mechgrade.grading.checks import CheckFailed
from mechgrade.grading.diagnose import Judged, explanation
from mechgrade.grading.errors import GraderError, InfrastructureError
from mechgrade.grading.functions import with_scenario
from mechgrade.grading.given import GUESS
from mechgrade.grading.judge import Judgement, failed, judge
from mechgrade.grading.needs import lacking
from mechgrade.grading.portable import sentences
from mechgrade.grading.recordings import Run
from mechgrade.grading.references import References
from mechgrade.grading.relations import relation
from mechgrade.grading.relations.origins import Origins
from mechgrade.grading.sessions import Runs, Sessions
from mechgrade.grading.stub import is_above_code
from mechgrade.grading.syntax import seen
from mechgrade.grading.told import in_own_terms
from mechgrade.grading.traces import trace_of
from mechgrade.grading.verdicts import FAULTS, Check, ExerciseResult, Result, gravest
from mechgrade.grading.views import View, views_of
from mechgrade.protocol.outcome import Outcome
from mechgrade.protocol.stranded import Stranded
from mechgrade.protocol.wire import Tree
from mechgrade.submissions.submission import Submission, SubmissionError

#: The verdicts of checks that no mistake must explain.
_UNEXPLAINED = frozenset(["passed", "not_started", "missing", "not_applicable", *FAULTS])
#: What is said of the runs that come after one that took too long.
NOT_RUN = "not run: an earlier check of this exercise took too long"


@dataclass(frozen=True)
class Failure:
    """A run that failed.

    Attributes:
        exercise: whose run.
        call: what was run.
        judgement: what is thought of it.
        outcome: what it gave, None where nothing could be run.
        run: what the reference gives, None where nothing was compared.
        number: which of its calls of a learner's function failed, where it is one: the function's name, and how many calls of
            it there were before.
    """

    exercise: Exercise
    call: Call
    judgement: Judgement
    outcome: Outcome | None = None
    run: Run | None = None
    number: tuple[str, int] | None = None


@dataclass
class _Current:
    """The exercise that is being graded."""

    exercise: Exercise
    entry: ExerciseResult
    runs: Runs
    #: what every run gives, where that is known without one
    stub: Outcome | None
    started: float = field(default_factory=time.perf_counter)
    judged: list[Judged] = field(default_factory=list)
    views: list[View] = field(default_factory=list)
    #: whether a run of the check that is going on differs from the reference
    differs: bool = False
    #: how many of the judged runs were on public inputs: only those are named
    told: int = 0
    called: int = 0
    #: the run that the check that is going on failed by
    failure: Failure | None = None
    #: the runs that failed, with their checks, that are still to be told
    untold: list[tuple[Failure, Check]] = field(default_factory=list)
    #: the checks that failed on hidden inputs alone
    hidden: set[str] = field(default_factory=set)
    #: the checks that failed because of such a run
    differing: set[str] = field(default_factory=set)
    #: whether a run took too long: no other is begun then
    late: bool = False
    #: the same before hidden inputs were tried
    late_before: bool = False
    #: what was run of public inputs
    calls: list[Call] = field(default_factory=list)
    #: seconds that were counted for earlier checks: of the scenarios, of the learner's functions in them
    counted: tuple[float, float] = (0.0, 0.0)


class Grader:
    """The handler of the checks that grades. See :class:`mechgrade.grading.checks.Handler`.

    Args:
        sessions: opens processes for the learner's files.
        references: what the learner's runs are held against.
        submission: the learner's files.
        on_result: called with each exercise when its last check is in.
        explain: whether a run that failed is made once more, to tell the failure by the learner's own calls.
        at_once: whether a failure is told before the next check is run, for those who show each check by itself. Else all are told when the exercise is
            done: then its process, which no check needs any more, makes these runs.
    """

    def __init__(
        self,
        sessions: Sessions,
        references: References,
        submission: Submission,
        on_result: Callable[[ExerciseResult], None] | None = None,
        explain: bool = True,
        at_once: bool = False,
    ) -> None:
        self._explains, self._at_once = explain, at_once
        self._sessions = sessions
        self._references = references
        self._submission = submission
        self._on_result = on_result
        self._current: _Current | None = None
        self.cancelled = False
        options = sessions.options
        self.result = Result(options.model, options.backend, options.device, options.isolation)
        self.result.isolation_missing = list(options.missing)
        #: the first run that failed, of what was written where anything was
        self.failure: Failure | None = None
        #: how far each exercise's data was from the reference's at the worst, in tolerances; infinite for other differences
        self.distances: dict[Exercise, float] = {}
        #: the runs of each exercise that were held against the reference's
        self.judged: dict[Exercise, list[Judged]] = {}

    # --- what checks ask for -----------------------------------------------------------------------------------------

    def run(self, exercise: Exercise, call: Call) -> Tree:
        """The learner's data of a call that is not compared.

        Raises:
            CheckFailed: it returned none.
        """
        outcome = self._outcome(exercise, call)
        if outcome.kind != "returned":
            raise self._fail(exercise, call, self._failed(exercise, outcome), outcome)
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
            raise self._fail(exercise, call, judgement, outcome, run)
        return outcome.data

    def reference(self, exercise: Exercise, call: Call) -> Tree:
        """What the reference gives.

        Raises:
            GraderError: nothing was recorded, and nothing may be run live.
        """
        return self._references.run(exercise, call).reference

    def lacking(self, exercise: Exercise, needs: Mapping[str, Any]) -> str:
        """Why the model cannot give what is needed; empty where it can."""
        return lacking(self._sessions, exercise, needs)

    def _outcome(self, exercise: Exercise, call: Call) -> Outcome:
        current = self._enter(exercise)
        if current.late:
            # Each further check would wait as long, and the learner with it.
            return Outcome("timed_out", message=NOT_RUN)
        if current.stub is not None and not self.cancelled:
            return current.stub
        try:
            outcome = in_short(current.runs.outcome(call))
        except SubmissionError as error:
            raise self._fail(exercise, call, Judgement("missing", str(error))) from None
        current.late = outcome.kind == "timed_out"
        current.calls.append(call)
        return outcome

    def _fail(
        self,
        exercise: Exercise,
        call: Call,
        judgement: Judgement,
        outcome: Outcome | None = None,
        run: Run | None = None,
    ) -> CheckFailed:
        failure = Failure(exercise, call, judgement, outcome, run)
        self._enter(exercise).failure = failure
        # Of several functions one may still be a stub: what fails is in those that were written.
        if self.failure is None or self.failure.judgement.verdict == "not_started" != judgement.verdict:
            self.failure = failure
        return CheckFailed(judgement)

    def _tell_all(self, current: _Current, runs: Runs) -> None:
        """Tell the failures of an exercise that are still to be told.

        Args:
            current: the exercise.
            runs: make the runs that this takes; they are ended then.
        """
        untold, current.untold = current.untold, []
        try:
            for failure, check in untold:
                if not self.cancelled:
                    self._tell(failure, check, runs)
        finally:
            runs.renew()

    def _tell(self, failure: Failure, check: Check, runs: Runs) -> None:
        """Say of a check that failed what happened in the learner's terms, and what to do."""
        text, stub, outcome = self._source(failure.exercise), self._sessions.stub(failure.exercise), failure.outcome
        is_first = failure is self.failure
        found = by_text(outcome, text, stub) if outcome is not None and check.message else None
        if found is not None:
            check.message, check.place = found
            check.gave = ""
        else:
            self._explain(failure, check, runs)
            # Advice is about the error, so there is none where something else explains the error.
            about = outcome if outcome is not None and outcome.message in check.message else Outcome("returned")
            if says := advice(about, self._sessions.course.advice, text, stub):
                # What the stub had, and what has its name by habit, is more certain than a name that is like it.
                message = GUESS.sub("", check.message) if about.error == "NameError" else check.message
                check.message = f"{message.rstrip('.')}. {says}"
        if is_first and self.failure is not None:
            judgement = self.failure.judgement
            self.failure = replace(
                self.failure, judgement=replace(judgement, message=check.message, place=check.place, gave=check.gave)
            )

    def _explain(self, failure: Failure, check: Check, runs: Runs) -> None:
        """Tell the failure of a check by the calls that the learner's functions got, where they can be traced."""
        exercise, call, outcome = failure.exercise, failure.call, failure.outcome
        if not self._explains or outcome is None or check.message != failure.judgement.message:
            return
        trace = trace_of(runs, call, outcome)
        judgement, number = in_own_terms(
            failure.judgement,
            call,
            outcome,
            failure.run,
            trace,
            self._origins(exercise),
            self._source(exercise),
            self._sessions.stub(exercise),
        )
        check.message, check.place, check.gave = judgement.message, judgement.place, judgement.gave
        if failure is self.failure:
            made = trace.calls
            name = made[number].function if number is not None and not made[number].inner else ""
            before = sum(each.function == name and not each.inner for each in made[:number])
            place = (name, before) if name else None
            self.failure = replace(failure, judgement=judgement, number=place)

    def _origins(self, exercise: Exercise) -> Origins:
        return Origins.in_text(self._grader(exercise))

    def _grader(self, exercise: Exercise) -> str:
        path = self._sessions.course.grader_path(exercise)
        return with_scenario(path.read_text(encoding="utf-8"), exercise.name) if path.is_file() else ""

    def _source(self, exercise: Exercise) -> str:
        try:
            return self._submission.source(exercise)
        except SubmissionError:
            return ""

    # --- checks and exercises, in the order in which they are run ----------------------------------------------------

    def done(self, exercise: Exercise, check: Check, *, hidden: bool) -> None:
        """Take a check's verdict. Several runs of one check (one for each seed) count as one: the gravest."""
        current = self._enter(exercise)
        runs = current.runs
        before = current.counted
        current.counted = (runs.seconds, runs.learner_seconds)
        checks = current.entry.checks
        if check.verdict == "not_applicable":  # before anything of it was run, and on hidden inputs as on others
            if all(known.name != check.name for known in checks):
                current.entry.leave_out(check, check.message)
                checks.append(check)
            return
        place = next((place for place, known in enumerate(checks) if known.name == check.name), None)
        differs, current.differs = current.differs, False
        views, current.views = current.views, []
        failure, current.failure = current.failure, None
        written, runs.written = runs.written, set()
        if hidden:
            # The process knows hidden inputs now, and could print them in a check whose output the learner is shown.
            runs.renew()
            # Names, values and times would tell what it saw. All that hidden inputs say is whether the check holds on them.
            del current.judged[current.told :], current.calls[current.called :]
            current.late = current.late_before
            failed_before = place is not None and checks[place].verdict != "passed"
            if failed_before and check.verdict not in FAULTS:
                return
            if check.verdict not in ("passed", *FAULTS):
                current.hidden.add(check.name)
        else:
            current.judged[current.told :] = [
                replace(each, check=check.name) for each in current.judged[current.told :]
            ]
            current.told, current.called, current.late_before = len(current.judged), len(current.calls), current.late
            current.entry.written |= written
            check.views = views
            check.seconds, check.learner_seconds = runs.seconds - before[0], runs.learner_seconds - before[1]
            if differs:
                current.differing.add(check.name)
        graver = place is None or gravest([checks[place].verdict, check.verdict]) != checks[place].verdict
        if graver and failure is not None and not hidden and check.verdict not in FAULTS:
            current.untold.append((failure, check))
            if self._at_once:
                self._tell_all(current, self._runs(exercise))
        if place is None:
            checks.append(check)
            return
        known = checks[place]
        check.seconds += known.seconds
        check.learner_seconds += known.learner_seconds
        if graver:
            checks[place] = check
        else:
            known.seconds, known.learner_seconds = check.seconds, check.learner_seconds

    def _enter(self, exercise: Exercise) -> _Current:
        if self._current is None or self._current.exercise != exercise:
            self._leave()
            entry = ExerciseResult(exercise.lab, exercise.name, exercise.points)
            entry.file = str(self._submission.file(exercise))
            self.result.exercises.append(entry)
            runs = self._runs(exercise)
            stub = self._sessions.of_stub(exercise, self._source(exercise))
            self._current = _Current(exercise, entry, runs, stub)
            self.judged[exercise] = self._current.judged
            if self.cancelled:
                runs.cancel()
        return self._current

    def _runs(self, exercise: Exercise) -> Runs:
        return Runs(self._sessions, exercise, lambda: self._submission.source(exercise))

    def _leave(self) -> None:
        if self._current is None:
            return
        current = self._current
        self._tell_all(current, current.runs)
        self._current = None
        if not self.cancelled:
            self._name(current)
            self._look_elsewhere(current)
        current.entry.settle()
        current.entry.seconds = time.perf_counter() - current.started
        if self._on_result is not None and not self.cancelled:
            self._on_result(current.entry)

    def _name(self, current: _Current) -> None:
        """Name the misconception behind the checks that failed, if one explains them all and contradicts none that passed.

        Where there is none, say what relates the data to the reference's, if that is certain. Where a check failed by something
        else than a difference, nothing is said: what explains the differences need not explain that check.
        """
        failed = {check.name for check in current.entry.checks if check.verdict not in _UNEXPLAINED}
        others = failed - current.differing - current.hidden
        if others or all(each.passed for each in current.judged):
            return
        try:
            name = explanation(current.judged, self._references.names(current.exercise))
        except InfrastructureError:  # the verdicts stand; misconceptions that cannot be run have no name to give
            return
        sentence = self._unnamed(current) if name is None else self._references.sentence(current.exercise, name)
        for check in current.entry.checks:
            if check.name in current.differing:
                check.misconception, check.sentence = name, sentence

    def _look_elsewhere(self, current: _Current) -> None:
        """Say what would fail on a GPU, of a program that passes here. It is run once more, and what it gives then counts for nothing."""
        if not self._sessions.options.portable:
            return
        found: set[Stranded] = set()
        known = True
        calls = {call.key: call for call in current.calls if current.entry.verdict == "passed"}
        runs = Runs(self._sessions, current.exercise, lambda: self._source(current.exercise), portable=True)
        try:
            for call in calls.values():
                outcome = runs.surely(call)
                found.update(outcome.stranded)
                known &= outcome.kind == "returned"
                if outcome.kind == "timed_out":  # what was found by then is true
                    break
        except (InfrastructureError, GraderError):  # the grade stands, and nothing is said of other devices
            return
        finally:
            runs.renew()
        if found or known:
            current.entry.elsewhere = sentences(found)

    def _unnamed(self, current: _Current) -> str:
        """What can be said of a mistake that has no name: what relates the data, and what the text shows."""
        exercise = current.exercise
        stub = self._sessions.stub(exercise)
        try:
            source = self._submission.source(exercise)
            related = relation(current.judged, self._grader(exercise), stub, source)
            return " ".join(filter(None, [related, *seen(source, stub)[:1]]))
        except (
            Exception
        ):  # data and text may have any form, and nobody must have this sentence: it never stops a grading
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
