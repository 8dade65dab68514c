"""Which known misconception gives exactly what the learner's code gave?"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from mechgrade.grading.compare import compare
from mechgrade.grading.recordings import Run
from mechgrade.protocol.outcome import Outcome
from mechgrade.protocol.wire import Tree


def matches(outcome: Outcome, run: Run, among: Collection[str] | None = None) -> list[str]:
    """The misconceptions whose recorded data this outcome equals, nearest first.

    Args:
        outcome: what a learner's code gave.
        run: what the reference and each misconception give.
        among: the misconceptions in question; None for all.

    Data is held to the reference's own tolerance. A failure matches a failure of the same kind and exception class.
    """
    near = []
    for place, (name, recorded) in enumerate(run.misconceptions.items()):
        if among is not None and name not in among:
            continue
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


def common(runs: Sequence[tuple[Outcome, Run]], among: Collection[str]) -> str | None:
    """The misconception that explains every run, nearest to the first one.

    Args:
        runs: what a learner's code gave, failed or not, in order, beside runs that misconceptions were recorded for.
        among: those that explain the runs that failed.
    """
    names = [*among]
    for place, (outcome, run) in enumerate(runs):
        found = matches(outcome, run, names)
        names = found if place == 0 else [name for name in names if name in found]
    return names[0] if names else None
