"""How much the wrong values of a run tell: a mistake that gives the same is its cause only if they could not be the same by chance.

Counted in bits, roughly. A wrong boolean is one bit, for there is but one way to be wrong; so is an exception's class or a word out of few.
Two numbers that agree to six digits, where others were expected, are worth more than all of these.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from mechgrade.grading.compare import compare, tolerance
from mechgrade.grading.recordings import Run
from mechgrade.protocol.outcome import Outcome
from mechgrade.protocol.wire import Array, Tree

#: So many bits tell one mistake from others.
ENOUGH = 6.0
#: A real number, and what a whole number or a text may count at most.
REAL, MOST = 10.0, 10.0
#: Arrays with more different values than this are certain.
_COUNTED = 64

#: What was found at a place: the same thing found twice counts once.
Clue = tuple[Any, ...]


def tells(runs: Iterable[tuple[Run, Outcome]]) -> bool:
    """Whether the wrong values of some runs tell one mistake from others.

    Args:
        runs: what the reference gives, and what came, of the runs that failed.
    """
    clues: dict[Clue, float] = {}
    for run, outcome in runs:
        if outcome.kind == "returned":
            clues.update(_wrong(run.reference, outcome.data, (), run.noise))
        else:
            clues[outcome.kind, outcome.error] = 1.0
            clues["message", outcome.message] = _of_message(outcome.message)
        if sum(clues.values()) >= ENOUGH:
            return True
    return False


def _of_message(message: str) -> float:
    """A library's message says with which sizes it failed."""
    return 2.0 * len({part for part in message.split() if any(each.isdigit() for each in part)})


def _wrong(want: Tree, got: Tree, place: tuple[Any, ...], noise: Mapping[str, float]) -> Iterator[tuple[Clue, float]]:
    """What is wrong in a tree, and what it is worth."""
    if isinstance(want, dict) and isinstance(got, dict):
        for key in got:
            if key in want:
                yield from _wrong(want[key], got[key], (*place, key), noise)
            else:
                yield (*place, key), 2.0
        for key in want.keys() - got.keys():
            yield (*place, key, None), 1.0
    elif isinstance(want, list | tuple) and isinstance(got, list | tuple):
        # An entry too many or too few shifts the rest, so entries are told by what they are, not by where.
        for number, item in enumerate(got):
            if number < len(want):
                yield from _wrong(want[number], item, (*place, number), noise)
            else:
                yield from _value(item, (*place, number))
        if len(got) < len(want):
            yield (*place, len(got)), 1.0
    else:
        floor = noise.get("".join(f"[{key!r}]" for key in place), 0.0)
        if not compare(want, got, {"": floor}).same:
            yield from _value(got, place, want, floor)


def _value(got: Tree, place: tuple[Any, ...], want: Tree = None, noise: float = 0.0) -> Iterator[tuple[Clue, float]]:
    if isinstance(got, Array):
        yield from _array(got, place, want, noise)
    elif isinstance(got, dict | list | tuple):
        for number, item in enumerate(got.values() if isinstance(got, dict) else got):
            yield from _value(item, (*place, number))
    else:
        yield (*place, repr(want), repr(got)), _bits(got, want)


def _array(got: Array, place: tuple[Any, ...], want: Tree, noise: float) -> Iterator[tuple[Clue, float]]:
    wrong = np.ones(got.shape, bool)
    if isinstance(want, Array) and want.shape == got.shape:
        wrong = want.values != got.values
        if want.values.dtype.kind == "f":  # what is right but for rounding tells nothing
            with np.errstate(invalid="ignore"):
                wrong &= ~(np.abs(want.values - got.values) <= tolerance(want.values, noise))
        # Which of the values are wrong tells something too.
        count = min(int(wrong.sum()), _COUNTED)
        yield (*place, wrong.tobytes()), min(MOST, math.log2(math.comb(wrong.size, count)))
    for each in np.unique(got.values[wrong][:100_000])[:_COUNTED].tolist():
        yield (*place, each), _bits(each)


def _bits(value: Any, want: Any = None) -> float:
    if value is None or isinstance(value, bool):
        return 1.0
    if isinstance(value, float):
        return REAL if math.isfinite(value) and value not in (-1.0, 0.0, 1.0) else 1.0
    if isinstance(value, int):
        # A count could be any up to the larger of the two.
        largest = max(abs(value), abs(want) if isinstance(want, int) else 0)
        return min(MOST, math.log2(1 + largest)) if largest else 1.0
    # A word is one of few, a sentence one of many.
    return 1.0 if str(value).isidentifier() else min(MOST, 1.0 + len(str(value)) / 2)
