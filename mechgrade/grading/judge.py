"""From what a learner's code gave to a judgement: compared with the reference's data and put into words. Data in, data out."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mechgrade.grading.compare import compare, describe, unusable
from mechgrade.grading.errors import GraderError, InfrastructureError
from mechgrade.grading.recordings import Run
from mechgrade.grading.verdicts import Verdict
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


@dataclass(frozen=True)
class Judgement:
    """What is thought of one run.

    Attributes:
        verdict: ``passed``, or how it failed.
        message: what is wrong, with values; empty when passed.
        distance: from the reference in tolerances; infinite for what is no difference of values.
        place: where in the learner's file to look.
        output: what the code printed, its beginning and its end; see :mod:`mechgrade.protocol.printed`.
        gave: what the code returned, in words.
    """

    verdict: Verdict
    message: str = ""
    distance: float = 0.0
    place: Place | None = None
    output: str = ""
    gave: str = ""


def judge(key: str, run: Run, outcome: Outcome) -> Judgement:
    """Hold a run of a learner's code against the reference's.

    Args:
        key: the call, for messages.
        run: what the reference gives.
        outcome: what the learner's code gave.

    Raises:
        GraderError: the reference's data is no measure: it holds NaN.
        InfrastructureError: the outcome is the machine's failure.
    """
    if outcome.kind != "returned":
        return failed(outcome)
    if (lost := unusable(run.reference)) is not None:
        raise GraderError(f"nothing can be compared with the reference on {key}: {lost}")
    comparison = compare(run.reference, outcome.data, run.noise)
    if comparison.difference is None:
        return Judgement("passed", distance=comparison.distance)
    message = f"{key}: {comparison.difference.sentence}"
    place = outcome.called[-1] if outcome.called else None
    return Judgement("wrong", message, comparison.distance, place, outcome.output, describe(outcome.data))


def failed(outcome: Outcome) -> Judgement:
    """The judgement on a run that returned nothing.

    Raises:
        InfrastructureError: the outcome is the machine's failure.
    """
    if outcome.kind == "infrastructure":
        raise InfrastructureError(outcome.message)
    place = outcome.trace[-1] if outcome.trace else (outcome.called[-1] if outcome.called else None)
    message, verdict = outcome.message, _VERDICT_OF[outcome.kind]
    if outcome.kind == "raised" and not outcome.trace and outcome.called:
        # No line of the learner's raised it: the check could not work with the result, so the result is what is wrong.
        message += f"; this happened after `{outcome.called[-1].function}` returned, with what it returned"
        verdict = "wrong"
    return Judgement(verdict, message, math.inf, place, outcome.output)
