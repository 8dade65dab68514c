"""Which known misconception gives exactly what the learner's code gave?"""

from __future__ import annotations

from collections.abc import Mapping

from mechgrade.grading.compare import compare
from mechgrade.grading.outcomes import Outcome
from mechgrade.grading.recorded import Run
from mechgrade.wire import Tree


def matches(outcome: Outcome, run: Run) -> list[str]:
    """The misconceptions whose recorded data this outcome equals, nearest first.

    Data is held to the reference's own tolerance. A failure matches a failure of the same kind and exception class.
    """
    near = []
    for place, (name, recorded) in enumerate(run.misconceptions.items()):
        distance = _distance(outcome, recorded, run.noise)
        if distance is not None:
            near.append((distance, place, name))
    return [name for _, _, name in sorted(near)]


def _distance(outcome: Outcome, recorded: Tree, noise: Mapping[str, float]) -> float | None:
    assert isinstance(recorded, dict)
    if recorded["kind"] != outcome.kind:
        return None
    if outcome.kind != "returned":
        return 0.0 if recorded["error"] == outcome.error and recorded["message"] == outcome.message else None
    comparison = compare(recorded["data"], outcome.data, noise, nan_equal=True)
    return comparison.distance if comparison.same else None


def common(per_run: list[list[str]]) -> str | None:
    """The misconception that explains every run, or else the one that explains the first failing run.

    Args:
        per_run: for each run, in order, what :func:`matches` gave; a run that no misconception was recorded for is left
            out by the caller.
    """
    if not per_run:
        return None
    for name in per_run[0]:
        if all(name in names for names in per_run):
            return name
    return None
