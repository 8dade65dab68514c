"""Grade one submission: a learner's process for each exercise, its runs judged, its checks collected."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from _pytest.outcomes import Failed

from mechgrade.course import Course, Exercise
from mechgrade.course.profiles import bench_spec
from mechgrade.grading.judge import Finding, Judge, failed
from mechgrade.grading.live import LiveReference
from mechgrade.grading.recordings import Facts
from mechgrade.grading.shared import Shared
from mechgrade.grading.verdicts import Check, ExerciseResult, Result, gravest
from mechgrade.grading.views import View
from mechgrade.grading.worker import Session, Worker
from mechgrade.protocol.job import BenchSpec, Isolation, Job
from mechgrade.protocol.outcome import Outcome
from mechgrade.protocol.wire import Tree
from mechgrade.submissions.submission import Submission, SubmissionError


@dataclass(frozen=True)
class Settings:
    """What to grade, and how.

    Attributes:
        submission: the learner's files.
        model: a profile of course.yaml; None for its default.
        backend: ``bridge`` or ``hooked``.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        isolation: a level; None for the best that the machine offers.
        threads: torch threads of a learner's process.
        hidden: a secret from which inputs are drawn that no learner has seen; the reference then runs live on them.
        views: whether to keep small data of compared runs, for the pictures of a report.
    """

    submission: Submission
    model: str | None = None
    backend: str = "bridge"
    device: str = "cpu"
    isolation: Isolation | None = None
    threads: int = 1
    hidden: str | None = None
    views: bool = False


class CheckFailed(Failed):
    """A run did not pass. Carries the finding; pytest shows its text without a traceback."""

    def __init__(self, finding: Finding, misconception: str | None, sentence: str) -> None:
        super().__init__(msg=finding.message, pytrace=False)
        self.finding = finding
        self.misconception = misconception
        self.sentence = sentence


class Grader:
    """The state of one grading.

    Args:
        course: the course.
        settings: what to grade, and how.
        worker: a worker to use; by default one is started, and ended by :meth:`finish`.
        on_result: called with each exercise when its last check is in.
        shared: what gradings of other submissions have read and computed already, when there are many.
    """

    def __init__(
        self,
        course: Course,
        settings: Settings,
        worker: Worker | None = None,
        on_result: Callable[[ExerciseResult], None] | None = None,
        shared: Shared | None = None,
    ) -> None:
        self.course = course
        self.settings = settings
        self.spec: BenchSpec = bench_spec(course, settings.model, settings.backend, settings.device)
        self.model = course.model(settings.model).name
        self.isolation: Isolation = settings.isolation or "process"
        self.result = Result(self.model, self.spec.backend, self.spec.device, self.isolation)
        self._owns_worker = worker is None
        self._worker = worker or Worker(course.limits_of(settings.model).start_seconds)
        self._on_result = on_result
        self.shared = shared or Shared()
        self._session: Session | None = None
        self._current: Exercise | None = None
        self._judges: dict[tuple[str, str], Judge] = {}
        self._views: list[View] = []
        self._spent = [0.0, 0.0]  # seconds since the last recorded check: of the scenarios, of the learner's functions
        self._started = time.perf_counter()

    # --- the exercises, in the order in which pytest runs them -------------------------------------------------------

    def expect(self, exercises: Iterable[Exercise]) -> None:
        """Start the worker, if anything is to be graded."""
        if any(True for _ in exercises) and self.isolation != "inline":
            self._worker.start()

    def _enter(self, exercise: Exercise) -> None:
        if self._current != exercise:
            self._leave()
            self._current = exercise
            self._started = time.perf_counter()
            entry = ExerciseResult(exercise.lab, exercise.name, exercise.points)
            entry.file = str(self.settings.submission.file(exercise))
            self.result.exercises.append(entry)

    def _leave(self) -> None:
        self._drop_session()
        if self._current is not None:
            entry = self.result.exercises[-1]
            entry.seconds = time.perf_counter() - self._started
            self._name_one_misconception(entry)
            self._current = None
            if self._on_result is not None:
                self._on_result(entry)

    def finish(self) -> Result:
        """End the last exercise and the worker; the result is complete then."""
        self._leave()
        if self._owns_worker:
            self._worker.close()
        return self.result

    def abandon(self) -> None:
        """End the learner's process and the worker; of the exercise that is being graded nothing is said."""
        self._current = None
        self.finish()

    # --- runs --------------------------------------------------------------------------------------------------------

    def outcome(self, exercise: Exercise, scenario: str, inputs: dict[str, Any]) -> Outcome:
        """Run a scenario on the learner's code, in a fresh process whenever the last one can serve no more."""
        self._enter(exercise)
        if self._session is None:
            self._session = self.open(exercise)
        outcome = self._session.run(scenario, inputs)
        self._spent = [self._spent[0] + outcome.seconds, self._spent[1] + outcome.learner_seconds]
        if outcome.dirty or outcome.kind in ("timed_out", "crashed", "infrastructure", "out_of_memory"):
            self._drop_session()
        return outcome

    def open(self, exercise: Exercise, source: str | None = None, spec: BenchSpec | None = None) -> Session:
        """A process for the learner's file, or for another text in its place."""
        spec = spec or self.spec_for(exercise)
        job = Job(
            source=self.settings.submission.source(exercise) if source is None else source,
            # Not the full path: it would tell learner code where things lie, and learners where an instructor's lie.
            filename=f"{exercise.lab}/{exercise.name}.py",
            grader=str(self.course.grader_path(exercise)),
            isolation=self.isolation,
            limits=self.course.limits_of(self.settings.model),
            readable=tuple(str(self.course.root / "fixtures" / part) for part in ("models", "saes")),
            threads=self.settings.threads,
        )
        if self.isolation == "inline":
            from mechgrade.worker.inline import Inline  # torch comes with it; only debugging pays for that

            return Inline(spec, job)
        return self._worker.open(spec, job)

    def spec_for(self, exercise: Exercise) -> BenchSpec:
        """The bench of an exercise: with the SAE only where its lab needs one, because loading it takes seconds."""
        return self.spec if self.course.lab(exercise.lab).sae else self.spec.on(sae=None)

    def renew(self) -> None:
        """Give the next run a fresh process. What the last one saw ends with it."""
        self._drop_session()

    def _drop_session(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    def run(self, exercise: Exercise, scenario: str, inputs: dict[str, Any]) -> Tree:
        """The learner's data of a scenario that is not compared.

        Raises:
            CheckFailed: it returned none.
        """
        outcome = self._outcome_or_fail(exercise, scenario, inputs)
        if outcome.kind != "returned":
            raise CheckFailed(failed(outcome), None, "")
        return outcome.data

    def compare(
        self,
        exercise: Exercise,
        scenario: str,
        inputs: dict[str, Any],
        *,
        facts: Facts | None = None,
    ) -> Tree:
        """The learner's data of a scenario, or the facts about it, when they equal the reference's.

        Raises:
            CheckFailed: it does not.
        """
        outcome = self._outcome_or_fail(exercise, scenario, inputs).reduced(facts)
        judge = self._judge(exercise)
        finding = judge.judge(scenario, inputs, outcome, facts=facts)
        if self.settings.views and (finding is not None or not self._views):
            # Of a check that passes, its first run; of one that fails, the run that failed.
            self._views = judge.views(scenario, inputs, outcome, facts)
        if finding is None:
            return outcome.data
        name = finding.misconceptions[0] if finding.misconceptions else None
        raise CheckFailed(finding, name, judge.sentence(name) if name else "")

    def _outcome_or_fail(self, exercise: Exercise, scenario: str, inputs: dict[str, Any]) -> Outcome:
        try:
            return self.outcome(exercise, scenario, inputs)
        except SubmissionError as error:
            raise CheckFailed(Finding("missing", str(error), [], None), None, "") from None

    def _judge(self, exercise: Exercise) -> Judge:
        key = (exercise.lab, exercise.name)
        if key not in self._judges:
            self._judges[key] = Judge(self.course, exercise, self.model, LiveReference(self, exercise), self.shared)
        return self._judges[key]

    def distance(self, lab: str, exercise: str) -> float:
        """How far an exercise's data was from the reference's at the worst, in tolerances; 0 where none was compared."""
        judge = self._judges.get((lab, exercise))
        return max(judge.distances, default=0.0) if judge is not None else 0.0

    def take_views(self) -> list[View]:
        """The data kept since the last call."""
        views, self._views = self._views, []
        return views

    # --- checks ------------------------------------------------------------------------------------------------------

    def record(self, exercise: Exercise, check: Check) -> None:
        """Take a check's verdict. Several runs of one check (one for each seed) count as one: the gravest."""
        self._enter(exercise)
        checks = self.result.exercises[-1].checks
        check.seconds, check.learner_seconds = self._spent
        self._spent = [0.0, 0.0]
        for place, known in enumerate(checks):
            if known.name == check.name:
                check.seconds += known.seconds
                check.learner_seconds += known.learner_seconds
                if gravest([known.verdict, check.verdict]) != known.verdict:
                    checks[place] = check
                else:
                    known.seconds, known.learner_seconds = check.seconds, check.learner_seconds
                return
        checks.append(check)

    def _name_one_misconception(self, entry: ExerciseResult) -> None:
        """Where checks could name different mistakes, name the one that explains every run, if there is one.

        Otherwise each check keeps its own: a learner may have made two mistakes, or one that nobody has recorded.
        """
        judge = self._judges.get((entry.lab, entry.exercise))
        overall = judge.misconception() if judge is not None else None
        for check in entry.checks:
            if judge is not None and overall is not None and check.misconception:
                check.misconception, check.sentence = overall, judge.sentence(overall)
