"""Recording again what is recorded already: equal data stays as it is, so that another processor's rounding changes no file."""

from __future__ import annotations

from mechgrade.grading.compare import compare
from mechgrade.grading.diagnose import matches
from mechgrade.grading.recordings import Recording, Run
from mechgrade.protocol.outcome import Outcome


def keep_equal(before: Recording, now: Recording) -> Recording:
    """What to write: all that was recorded before with the provenance of now, where both hold the same; else what is recorded now."""
    if before.sentences != now.sentences or before.runs.keys() != now.runs.keys():
        return now
    if not all(_same(run, now.runs[key]) for key, run in before.runs.items()):
        return now
    return Recording(now.provenance, before.sentences, before.runs)


def _same(before: Run, now: Run) -> bool:
    if before.misconceptions.keys() != now.misconceptions.keys() or before.noise.keys() != now.noise.keys():
        return False
    if not compare(before.reference, now.reference, before.noise).same:
        return False
    return all(
        matches(_outcome(tree), before.noise, {name: before.misconceptions[name]})
        for name, tree in now.misconceptions.items()
    )


def _outcome(tree: object) -> Outcome:
    assert isinstance(tree, dict)
    return Outcome(**tree)
