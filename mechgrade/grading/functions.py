"""The checks of a plain function, arguments in and value out, from what its arguments may be.

A whole grader, ``graders/week1/test_row_means.py``::

    from mechgrade.grading.functions import checks_of_function, reals

    checks_of_function(__name__, 5, x=reals("row", "column"))

It makes two checks: one on random inputs in several shapes (with hidden inputs in final grading), one on the extremes of what the arguments
may be: zeros, ties, an axis of one entry, the ends of a range. Arrays come from the course's bench, so they are tensors where that is a bench of tensors.
Checks for more, such as a known answer, may stand below as in any grader.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import pytest

#: The lengths of axes in the random inputs, a row for each round: all different, so that no two axes can be taken for one another.
_LENGTHS = ((3, 7, 2, 5, 4, 6), (5, 2, 7, 3, 6, 4), (2, 11, 3, 8, 5, 7))

#: An array whose entries are drawn from no range has these extremes.
PRECISION = "other precision"
SPECIAL = ("zeros", "ties", "strided", PRECISION)

#: In the place of an argument's name: all that have the extreme. No argument can have this name.
_ALL = "all arguments"


@dataclass(frozen=True)
class Axis:
    """An axis with limits to its length. A name alone is an axis of at least one entry.

    Attributes:
        name: the axes of this name have one length in all arguments of a call.
        least: the shortest that the text allows, 0 for an empty axis. It is one of the extremes.
        most: the longest that is tried.
    """

    name: str
    least: int = 1
    most: int = 12


class Input(Protocol):
    """What an argument may be. A course may write its own; it is made again from the same numbers wherever the function runs."""

    @property
    def axes(self) -> Sequence[Axis]:
        """The axes that its values have, or whose lengths it needs."""

    @property
    def extremes(self) -> Sequence[str]:
        """The names of its extremes."""

    def make(self, bench: Any, extreme: str, lengths: Mapping[str, int], seed: int) -> Any:
        """A value.

        Args:
            bench: the course's.
            extreme: one of ``extremes``, or empty for an ordinary value.
            lengths: of the axes, by their names.
            seed: what a random value is drawn from.
        """


def _axes(names: Sequence[str | Axis]) -> tuple[Axis, ...]:
    return tuple(each if isinstance(each, Axis) else Axis(each) for each in names)


def _shape(axes: Sequence[Axis], lengths: Mapping[str, int]) -> list[int]:
    return [lengths[each.name] for each in axes]


@dataclass(frozen=True)
class _Reals:
    axes: Sequence[Axis]
    low: float | None
    high: float | None
    extremes: Sequence[str]

    def make(self, bench: Any, extreme: str, lengths: Mapping[str, int], seed: int) -> Any:
        shape = _shape(self.axes, lengths)
        if extreme == "strided":
            shape[-1] *= 2
        x = bench.normal(*shape, seed=seed) if self.low is None else self._in_range(bench, shape, seed)
        if extreme == "strided":  # every second entry of a larger array, as slices are
            return x[..., ::2]
        if extreme == "zeros":
            return x * 0
        if extreme == "ties":
            return (x * 2).round() / 2
        if extreme == "large":
            return x * 1e3
        if extreme == PRECISION:
            return _other_precision(x)
        return x * 0 + getattr(self, extreme) if extreme else x

    def _in_range(self, bench: Any, shape: list[int], seed: int) -> Any:
        assert self.low is not None and self.high is not None
        return self.low + (self.high - self.low) * bench.uniform(*shape, seed=seed)


def _other_precision(x: Any) -> Any:
    """float64 for float32 and the other way round, of an array or a tensor."""
    narrow = "float32" in str(x.dtype)
    if isinstance(x, np.ndarray):
        return x.astype(np.float64 if narrow else np.float32)
    return x.double() if narrow else x.float()


def reals(
    *axes: str | Axis,
    low: float | None = None,
    high: float | None = None,
    also: Sequence[str] = (),
    without: Sequence[str] = (),
) -> Input:
    """An array of real numbers with named axes.

    Args:
        axes: their names; axes of one name are of one length in all arguments.
        low: with ``high`` the range that the text allows, ends included. Without a range the numbers are standard normal.
        also: ``large`` for numbers in the thousands.
        without: extremes that the text rules out, of ``zeros``, ``ties``, ``strided`` (a slice that is not contiguous), ``other precision``;
            with a range ``low``, ``high`` in place of the first two.
    """
    if (low is None) != (high is None):
        raise ValueError("reals: found one end of a range; give low and high, or neither")
    extremes = (*SPECIAL, *also) if low is None else ("low", "high", *SPECIAL[2:], *also)
    if unknown := {*also, *without} - {*SPECIAL, "low", "high", "large"}:
        raise ValueError(
            f"reals: there is no extreme {', '.join(sorted(unknown))}; there are {', '.join(SPECIAL)}, large"
        )
    kept = [each for each in extremes if each not in without and (axes or each != "strided")]
    return _Reals(_axes(axes), low, high, kept)


@dataclass(frozen=True)
class _Integers:
    axes: Sequence[Axis]
    low: int
    #: the largest; or an axis, in which the integers are places
    high: int | str
    extremes: Sequence[str] = ("low", "high")

    def make(self, bench: Any, extreme: str, lengths: Mapping[str, int], seed: int) -> Any:
        high = lengths[self.high] - 1 if isinstance(self.high, str) else self.high
        ends = {"low": (self.low, self.low), "high": (high, high)}
        least, most = ends.get(extreme, (self.low, high))
        found = bench.integers(least, most + 1, _shape(self.axes, lengths), seed=seed)
        return found if self.axes else int(found)


def integers(low: int, high: int, *axes: str | Axis) -> Input:
    """Integers from ``low`` to ``high``, both included: an array with named axes, or one ``int`` where no axis is named."""
    return _Integers(_axes(axes), low, high)


def places(along: str, *axes: str | Axis) -> Input:
    """Places along an axis that another argument has, from 0 to its length less one: an array, or one ``int`` where no axis is named."""
    return _Integers(_axes(axes), 0, along)


@dataclass(frozen=True)
class _Number:
    low: float
    high: float
    axes: Sequence[Axis] = ()
    extremes: Sequence[str] = ("low", "high")

    def make(self, bench: Any, extreme: str, lengths: Mapping[str, int], seed: int) -> float:
        if extreme:
            return float(getattr(self, extreme))
        # Not the bench's: its precision would be in the number.
        return self.low + (self.high - self.low) * float(np.random.default_rng(seed).random())


def number(low: float, high: float) -> Input:
    """A ``float`` from ``low`` to ``high``, both included."""
    return _Number(low, high)


@dataclass(frozen=True)
class _OneOf:
    values: Sequence[Any]
    extremes: Sequence[str]
    axes: Sequence[Axis] = ()

    def make(self, bench: Any, extreme: str, lengths: Mapping[str, int], seed: int) -> Any:
        return self.values[int(extreme) if extreme else seed % len(self.values)]


def one_of(*values: Any) -> Input:
    """One of a few values: texts, numbers, lists, None. Each is tried."""
    return _OneOf(values, [str(place) for place in range(len(values))])


@dataclass(frozen=True)
class _Text:
    letters: str
    length: Axis
    axes: Sequence[Axis] = field(init=False)
    extremes: Sequence[str] = ("all the same",)

    def __post_init__(self) -> None:
        object.__setattr__(self, "axes", (self.length,))

    def make(self, bench: Any, extreme: str, lengths: Mapping[str, int], seed: int) -> str:
        letters = self.letters[:1] if extreme else self.letters
        drawn = bench.integers(0, len(letters), [lengths[self.length.name]], seed=seed)
        return "".join(letters[int(each)] for each in drawn)


def text(letters: str, length: str | Axis) -> Input:
    """A ``str`` of some letters, as long as an axis. ``text("ab ", Axis("letter", least=0))`` may be empty."""
    return _Text(letters, _axes([length])[0])


# --- the checks ----------------------------------------------------------------------------------------------------------


def checks_of_function(module: str, points: int, /, **inputs: Input) -> None:
    """Make the checks of the function that an exercise is named after, in the grader that calls this.

    Args:
        module: the grader's ``__name__``. Its file is called ``test_`` and the function's name.
        points: what both checks are worth together, as course.yaml says: one for the extremes, the rest for random inputs.
        inputs: what each argument may be, by its name in the function's signature. An argument with a default may be left out.
    """
    grader = sys.modules[module]
    name = module.rpartition(".")[2].removeprefix("test_")
    axes = {each.name: each for value in inputs.values() for each in value.axes}
    if taken := axes.keys() & {"seed", "extreme"}:
        raise ValueError(f"{name}: an axis cannot be called {' or '.join(sorted(taken))}; choose another name")
    extremes = list(_extremes(inputs, axes))
    for_extremes = 0 if not extremes else 1 if points > 1 else points / 2

    def on_inputs(exercise: Any, bench: Any, *, seed: int, extreme: str = "", **lengths: int) -> Any:
        which, _, what = extreme.partition(": ")
        given = {
            each: value.make(
                bench,
                what if each == which or (which == _ALL and what in value.extremes) else "",
                lengths,
                _seed(each, lengths, seed),
            )
            for each, value in inputs.items()
        }
        return getattr(exercise, name)(**given)

    @pytest.mark.points(points - for_extremes)
    def test_random_inputs(compare: Callable[..., Any], seed: int) -> None:
        """Random inputs, in several shapes."""
        for lengths in _lengths(axes):
            compare(on_inputs, seed=seed, **lengths)

    @pytest.mark.points(for_extremes)
    def test_extremes(compare: Callable[..., Any]) -> None:
        for lengths, extreme in extremes:
            compare(on_inputs, seed=0, **({"extreme": extreme} if extreme else {}), **lengths)

    test_extremes.__doc__ = f"The extremes of what may be given: {_named(inputs, axes)}."
    for function in [on_inputs, test_random_inputs, *([test_extremes] if extremes else [])]:
        # Collected, called and shown as if it stood in the grader's file.
        function.__module__, function.__qualname__ = module, function.__name__
        setattr(grader, function.__name__, function)


def with_scenario(grader: str, name: str) -> str:
    """A grader's text, and what its made checks run as if it stood there: for who reads in the text what a scenario returns."""
    if "checks_of_function(" not in grader:
        return grader
    return f"{grader}\n\ndef on_inputs(exercise, bench, **inputs):\n    return exercise.{name}(**inputs)\n"


def _seed(name: str, lengths: Mapping[str, int], seed: int) -> int:
    """A seed of its own for each argument in each shape."""
    return zlib.crc32(f"{name} {sorted(lengths.items())} {seed}".encode()) & 0x7FFFFFFF


def _lengths(axes: Mapping[str, Axis]) -> Iterator[dict[str, int]]:
    for row in _LENGTHS:
        wanted = (row[place % len(row)] for place in range(len(axes)))
        yield {
            name: min(max(length, each.least), each.most)
            for (name, each), length in zip(axes.items(), wanted, strict=True)
        }


def _extremes(inputs: Mapping[str, Input], axes: Mapping[str, Axis]) -> Iterator[tuple[dict[str, int], str]]:
    """The lengths and the extreme of each call: one thing extreme at a time, the rest as usual."""
    usual = next(_lengths(axes))
    for name, axis in axes.items():
        if usual[name] != axis.least:
            yield {**usual, name: axis.least}, ""
    for name, value in inputs.items():
        for extreme in value.extremes:
            if extreme != PRECISION:
                yield usual, f"{name}: {extreme}"
    if any(PRECISION in value.extremes for value in inputs.values()):
        yield usual, f"{_ALL}: {PRECISION}"  # in one call, as no two of them can be mixed everywhere


def _named(inputs: Mapping[str, Input], axes: Mapping[str, Axis]) -> str:
    """The extremes in words."""
    words = [f"{axis.least or 'no'} {name.replace('_', ' ')}" for name, axis in axes.items()]
    for name, value in inputs.items():
        if isinstance(value, _OneOf):
            words.append(f"each value of `{name}`")
        elif value.extremes:
            words.append(f"`{name}` {', '.join(_WORDS.get(each, each) for each in value.extremes)}")
    return "; ".join(words)


_WORDS = {"low": "at its least", "high": "at its most", "strided": "a slice", "ties": "with ties", "zeros": "all zeros"}
