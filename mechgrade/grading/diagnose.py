"""Which known misconception explains what a learner's code gave? A name is a claim: it must hold for every run.

And what was wrong must be so much that another mistake would not give the same: equal booleans are no evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from mechgrade.grading.calls import Call
from mechgrade.grading.compare import compare
from mechgrade.grading.evidence import tells
from mechgrade.grading.recordings import Run
from mechgrade.protocol.outcome import Outcome
from mechgrade.protocol.wire import Tree

#: What each of some misconceptions gives on one call, as :meth:`Outcome.as_tree` has it. One that was not run there is absent.
Found = Mapping[str, Tree]


@dataclass(frozen=True)
class Judged:
    """A run of a learner's code, held against the reference.

    Attributes:
        outcome: what the code gave.
        run: what the reference gives.
        passed: whether they agree.
        misconceptions: what those of some names give on the same call. Asked only where something failed.
        call: what was run.
        check: the name of the check that asked for it; empty until that is known.
    """

    outcome: Outcome
    run: Run
    passed: bool
    misconceptions: Callable[[Collection[str]], Found]
    call: Call
    check: str = ""


def explanation(judged: Sequence[Judged], names: Collection[str]) -> str | None:
    """The misconception that explains every run that failed and contradicts none that passed.

    Args:
        judged: the runs of one exercise, in order.
        names: the exercise's misconceptions, in the order in which they were written.

    Returns:
        of several that do, the one nearest to the first run that failed; None where there is none, where nothing failed, or where
        what is wrong could be so by another mistake as well.
    """
    # Runs that failed come first: they leave few names, and the others are held against those alone.
    ordered = sorted(judged, key=lambda each: each.passed)
    if not tells((each.run, each.outcome) for each in ordered if not each.passed):
        return None
    first, *others = ordered
    left = matches(first.outcome, first.run.noise, first.misconceptions(names))
    for each in others:
        if not left:
            return None
        near = matches(each.outcome, each.run.noise, each.misconceptions(left))
        left = [name for name in left if name in near]
    return left[0] if left else None


def matches(outcome: Outcome, noise: Mapping[str, float], misconceptions: Found) -> list[str]:
    """The misconceptions that give what a learner's code gave, the nearest first.

    Data is held to the reference's own tolerance. A failure matches a failure of the same kind, exception class and message.
    """
    distances = {name: _distance(outcome, tree, noise) for name, tree in misconceptions.items()}
    near = {name: distance for name, distance in distances.items() if distance is not None}
    return sorted(near, key=near.__getitem__)


def _distance(outcome: Outcome, tree: Tree, noise: Mapping[str, float]) -> float | None:
    assert isinstance(tree, dict)
    if tree["kind"] != outcome.kind:
        return None
    if outcome.kind != "returned":
        return 0.0 if (tree["error"], tree["message"]) == (outcome.error, outcome.message) else None
    comparison = compare(tree["data"], outcome.data, noise, nan_equal=True)
    return comparison.distance if comparison.same else None
