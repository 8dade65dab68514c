"""From an outcome to a finding: compared with the reference, diagnosed, and put into words for the learner."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from mechgrade.course import Course, Exercise
from mechgrade.grading import recordings
from mechgrade.grading.compare import compare, describe
from mechgrade.grading.diagnose import common, matches
from mechgrade.grading.errors import GraderError, InfrastructureError
from mechgrade.grading.live import LiveReference
from mechgrade.grading.recordings import Facts, Recording, Run, key_of
from mechgrade.grading.shared import Shared
from mechgrade.grading.verdicts import Verdict
from mechgrade.grading.views import View, views_of
from mechgrade.protocol.outcome import Outcome, Place

_VERDICT_OF: dict[str, Verdict] = {
    "not_started": "not_started",
    "missing": "missing",
    "unusable": "wrong",
    "raised": "raised",
    "timed_out": "timed_out",
    "out_of_memory": "out_of_memory",
    "crashed": "crashed",
}


@dataclass
class Finding:
    """Why a run does not pass."""

    verdict: Verdict
    message: str
    misconceptions: list[str]
    place: Place | None
    output: str = ""
    #: what the run returned, in words
    gave: str = ""


class Judge:
    """Judges the runs of one exercise by its recording.

    Args:
        course: the course.
        exercise: whose runs.
        model: the profile's name, by which the recording is found.
        live: the reference, for runs that were not recorded.
        shared: recordings that were read already.
    """

    def __init__(
        self,
        course: Course,
        exercise: Exercise,
        model: str,
        live: LiveReference | None = None,
        shared: Shared | None = None,
    ) -> None:
        self._live = live
        self._shared = shared or Shared()
        self._runs: dict[str, Run] = {}
        self._path = recordings.path_of(course.root, model, exercise.lab, exercise.name)
        self._recording: Recording | None = None
        #: how far each judged run was from the reference, in tolerances; infinite where it was not a matter of values
        self.distances: list[float] = []
        #: the judged runs for which misconceptions were recorded, and which of these explain all that failed: for a diagnosis over all
        self._judged: list[tuple[Outcome, Run]] = []
        self._explaining: list[str] | None = None

    @property
    def recording(self) -> Recording:
        """The exercise's recording, read when first needed."""
        if self._recording is None:
            self._recording = self._shared.recording(self._path)
        return self._recording

    def judge(
        self,
        scenario: str,
        inputs: dict[str, Any],
        outcome: Outcome,
        facts: Facts | None = None,
    ) -> Finding | None:
        """None when the outcome equals the reference's data; with ``facts``, both are facts about what was returned.

        Raises:
            GraderError: nothing was recorded for this run.
            InfrastructureError: the outcome is the machine's failure.
        """
        if outcome.kind == "infrastructure":
            raise InfrastructureError(outcome.message)
        call = key_of(scenario, inputs, facts)
        if outcome.kind in ("not_started", "missing"):
            return failed(outcome)
        run = self._run(call, scenario, inputs, facts)
        if run.misconceptions:
            self._judged.append((outcome, run))
        if outcome.kind != "returned":
            self.distances.append(math.inf)
            finding = failed(outcome)
            finding.misconceptions = self._matches(outcome, run)
            return finding
        comparison = compare(run.reference, outcome.data, run.noise)
        self.distances.append(comparison.distance)
        if comparison.difference is None:
            return None
        message = f"{call}: {comparison.difference.sentence}"
        if comparison.difference.aspect in ("type", "shape"):
            message += f" (the reference returns {describe(run.reference)})" if comparison.difference.path else ""
        place = outcome.called[-1] if outcome.called else None
        return Finding("wrong", message, self._matches(outcome, run), place, outcome.output, describe(outcome.data))

    def _matches(self, outcome: Outcome, run: Run) -> list[str]:
        """The misconceptions that explain a run that failed."""
        found = matches(outcome, run)
        if run.misconceptions:
            known = self._explaining
            self._explaining = found if known is None else [name for name in known if name in found]
        return found

    def _run(self, key: str, scenario: str, inputs: dict[str, Any], facts: Facts | None) -> Run:
        live = self._live if self._live is not None and self._live.wanted else None
        # A model with recordings has one for every exercise: that it is missing is an error, and not a reason to do without.
        if live is None or self._path.parents[1].is_dir():
            recorded_run = self.recording.runs.get(key)
            if recorded_run is not None:
                return recorded_run
        if live is None:
            raise GraderError(
                f"nothing is recorded for {key} in {self._path.name}; run `mechgrade record`, the checks have changed"
            )
        if key not in self._runs:
            self._runs[key] = live.run(scenario, inputs, facts)
        return self._runs[key]

    def views(self, scenario: str, inputs: dict[str, Any], outcome: Outcome, facts: Facts | None = None) -> list[View]:
        """The data of a judged run beside the reference's, small enough to keep."""
        key = key_of(scenario, inputs, facts)
        if outcome.kind != "returned":
            return []
        return views_of(key, inputs, self._run(key, scenario, inputs, facts), outcome.data)

    def misconception(self) -> str | None:
        """The one misconception that explains all runs of the exercise so far, if one of them failed."""
        # Runs that passed are held against the few that explain the others, and against none where all passed.
        return common(self._judged, self._explaining) if self._explaining else None

    def sentence(self, name: str) -> str:
        """What to tell a learner who shows a misconception."""
        return self.recording.sentences.get(name, "")


def failed(outcome: Outcome) -> Finding:
    """The finding for a run that returned nothing."""
    if outcome.kind == "infrastructure":
        raise InfrastructureError(outcome.message)
    place = outcome.trace[-1] if outcome.trace else (outcome.called[-1] if outcome.called else None)
    message = outcome.message
    if outcome.kind == "raised" and not outcome.trace and outcome.called:
        message += f"; this happened after `{outcome.called[-1].function}` returned, with what it returned"
    return Finding(_VERDICT_OF[outcome.kind], message, [], place, outcome.output)
