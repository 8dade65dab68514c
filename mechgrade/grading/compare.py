"""Hold a learner's data against the reference: type, shape, finite, value, in that order, the first difference.

Works on trees with NumPy alone. Distances are in units of the tolerance, which comes from the noise floor of the recording.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mechgrade.protocol.wire import Array, Tree

Aspect = Literal["type", "shape", "finite", "value"]

#: A value may be this many noise floors away: another order of summation is noise too, but not the same noise.
NOISE_FACTOR = 10.0
#: And at least this far, as a share of the largest magnitude in the leaf. Recordings are from one machine, and kernels for another
#: processor add up in another order: 6e-6 was found in a residual stream, where large terms cancel, and right programs
#: must stay below half of this. Misconceptions are hundreds of times farther away.
RELATIVE = 3e-5
#: And at least this far in absolute terms, where the reference is zero throughout.
ABSOLUTE = 1e-7


@dataclass(frozen=True)
class Difference:
    """The first difference between two trees.

    Attributes:
        aspect: what differs.
        path: where in the result, ``""`` for the result itself.
        sentence: what was expected and what came, for the learner.
        distance: how far in tolerances; infinite for anything but a value.
    """

    aspect: Aspect
    path: str
    sentence: str
    distance: float = math.inf


@dataclass(frozen=True)
class Comparison:
    """The outcome of a comparison: the first difference if any, and the largest distance among the values."""

    difference: Difference | None
    distance: float

    @property
    def same(self) -> bool:
        """Whether the data count as equal."""
        return self.difference is None


def compare(expected: Tree, actual: Tree, noise: Mapping[str, float], *, nan_equal: bool = False) -> Comparison:
    """Compare a learner's data with the reference's.

    Args:
        expected: the reference's tree.
        actual: the learner's tree.
        noise: the noise floor of each numeric leaf by its path.
        nan_equal: whether NaN equals NaN: never for a grade, but a known mistake may give NaN too.
    """
    worst = 0.0
    for path, want, got in _pairs(expected, actual, ""):
        if isinstance(want, Difference):
            return Comparison(want, math.inf)
        difference, distance = _leaf(path, want, got, noise.get(path, 0.0), nan_equal)
        worst = max(worst, distance)
        if difference is not None:
            return Comparison(difference, worst)
    return Comparison(None, worst)


def _pairs(expected: Tree, actual: Tree, path: str) -> Iterator[tuple[str, Any, Any]]:
    """The leaves of both trees side by side; a :class:`Difference` where their structure differs."""
    if isinstance(expected, dict | list | tuple):
        if type(actual) is not type(expected):
            # A list for a tuple and the other way round says nothing about understanding.
            both_sequences = isinstance(expected, list | tuple) and isinstance(actual, list | tuple)
            if not both_sequences:
                yield path, _wrong_type(path, expected, actual), None
                return
        if isinstance(expected, dict):
            assert isinstance(actual, dict)
            if expected.keys() != actual.keys():
                yield path, _wrong_keys(path, expected, actual), None
                return
            for key in expected:
                yield from _pairs(expected[key], actual[key], f"{path}[{key!r}]")
        else:
            assert isinstance(actual, list | tuple)
            if len(expected) != len(actual):
                sentence = f"{_where(path)} has {len(actual)} entries, expected {len(expected)}"
                yield path, Difference("shape", path, sentence), None
                return
            for place, item in enumerate(expected):
                yield from _pairs(item, actual[place], f"{path}[{place}]")
    else:
        yield path, expected, actual


def _leaf(path: str, want: Tree, got: Tree, noise: float, nan_equal: bool = False) -> tuple[Difference | None, float]:
    if isinstance(want, Array):
        if not isinstance(got, Array) or (want.kind == "tensor" and got.kind == "array"):
            return _wrong_type(path, want, got), math.inf
        return _arrays(path, want, got, noise, nan_equal)
    if isinstance(want, float) and isinstance(got, float | int) and not isinstance(got, bool):
        return _floats(path, want, float(got), noise, nan_equal)
    if type(want) is not type(got):
        return _wrong_type(path, want, got), math.inf
    if want != got:
        sentence = f"{_where(path)} is {_show(got)}, expected {_show(want)}"
        return Difference("value", path, sentence), math.inf
    return None, 0.0


def _arrays(path: str, want: Array, got: Array, noise: float, nan_equal: bool) -> tuple[Difference | None, float]:
    if want.values.dtype.kind != got.values.dtype.kind:
        sentence = f"{_where(path)} is a tensor of {got.dtype}, expected {want.dtype}"
        return Difference("type", path, sentence), math.inf
    if want.shape != got.shape:
        sentence = f"{_where(path)} has shape {_shape(got.shape)}, expected {_shape(want.shape)}"
        return Difference("shape", path, sentence), math.inf
    if want.values.dtype.kind != "f":
        unequal = want.values != got.values
        if unequal.any():
            return Difference("value", path, _worst(path, want.values, got.values, unequal)), math.inf
        return None, 0.0
    left, right = want.values.astype(np.float64), got.values.astype(np.float64)
    agree = (right == left) | (nan_equal & np.isnan(left) & np.isnan(right))
    odd = ~np.isfinite(right) & ~agree
    if odd.any():
        place = _index(odd)
        sentence = f"{_where(path)} holds {right[place]} at {_place(place)}" + _share(odd)
        return Difference("finite", path, sentence), math.inf
    lost = ~np.isfinite(left) & np.isfinite(right)
    if lost.any():
        return Difference("value", path, _worst(path, left, right, lost)), math.inf
    finite = np.isfinite(left)
    gap = np.abs(np.where(finite, left, 0) - np.where(finite, right, 0))
    allowed = tolerance(np.where(finite, left, 0), noise)
    distance = float(gap.max() / allowed) if gap.size else 0.0
    if distance > 1:
        return Difference("value", path, _worst(path, left, right, gap > allowed, gap), distance), distance
    return None, distance


def _floats(path: str, want: float, got: float, noise: float, nan_equal: bool) -> tuple[Difference | None, float]:
    if nan_equal and math.isnan(want) and math.isnan(got):
        return None, 0.0
    if math.isnan(got) or (math.isinf(got) and got != want):
        return Difference("finite", path, f"{_where(path)} is {got}, expected {_show(want)}"), math.inf
    if math.isinf(want):
        return (None, 0.0) if got == want else (_value(path, want, got, math.inf), math.inf)
    distance = abs(want - got) / tolerance(np.asarray(want), noise)
    return (_value(path, want, got, distance), distance) if distance > 1 else (None, distance)


def _value(path: str, want: float, got: float, distance: float) -> Difference:
    return Difference("value", path, f"{_where(path)} is {_show(got)}, expected {_show(want)}", distance)


def tolerance(reference: NDArray[Any], noise: float) -> float:
    """How far a leaf's values may be from the reference, in the leaf's own units."""
    scale = float(np.abs(reference).max()) if reference.size else 0.0
    return max(NOISE_FACTOR * noise, RELATIVE * scale, ABSOLUTE)


def unusable(reference: Tree, path: str = "") -> str | None:
    """The first leaf of a reference that holds NaN, in words: nothing can be compared with that. None where all is well."""
    if isinstance(reference, Array):
        bad = reference.values.dtype.kind == "f" and bool(np.isnan(reference.values).any())
        return _where(path) if bad else None
    if isinstance(reference, float):
        return _where(path) if math.isnan(reference) else None
    items: list[tuple[Any, Any]] = []
    if isinstance(reference, dict):
        items = [(repr(key), value) for key, value in reference.items()]
    elif isinstance(reference, list | tuple):
        items = list(enumerate(reference))
    return next((leaf for key, value in items if (leaf := unusable(value, f"{path}[{key}]")) is not None), None)


def noise_between(reference: Tree, other: Tree) -> dict[str, float]:
    """The largest deviation in each floating leaf between two runs of the same program.

    Raises:
        ValueError: the runs differ in more than rounding: another type, shape, integer or string.
    """
    noise: dict[str, float] = {}
    for path, want, got in _pairs(reference, other, ""):
        if isinstance(want, Difference):
            raise ValueError(want.sentence)
        if isinstance(want, Array) and isinstance(got, Array) and want.values.dtype.kind == "f":
            if want.shape != got.shape:
                raise ValueError(f"{_where(path)} has shapes {want.shape} and {got.shape}")
            left, right = want.values.astype(np.float64), got.values.astype(np.float64)
            finite = np.isfinite(left)
            if np.isnan(left).any() or (finite != np.isfinite(right)).any():
                raise ValueError(f"{_where(path)} is not finite")
            noise[path] = (
                float(np.abs(np.where(finite, left - np.where(finite, right, 0), 0)).max()) if left.size else 0.0
            )
        elif isinstance(want, float) and isinstance(got, float):
            if math.isnan(want) or math.isnan(got):
                raise ValueError(f"{_where(path)} is not a number")
            noise[path] = 0.0 if want == got else abs(want - got)
        else:
            difference, _ = _leaf(path, want, got, 0.0)
            if difference is not None:
                raise ValueError(difference.sentence)
    return noise


# --- words ---------------------------------------------------------------------------------------------------------------


def _where(path: str) -> str:
    return f"result{path}" if path else "the result"


def _shape(shape: tuple[int, ...]) -> str:
    return "[" + ", ".join(map(str, shape)) + "]"


def _place(index: tuple[int, ...]) -> str:
    return "[" + ", ".join(map(str, index)) + "]"


def _index(where: NDArray[Any]) -> tuple[int, ...]:
    return tuple(int(part) for part in np.unravel_index(int(np.argmax(where)), where.shape))


def _share(where: NDArray[Any]) -> str:
    return f" ({int(where.sum()):,} of {where.size:,} values)" if where.size > 1 else ""


def _worst(
    path: str, want: NDArray[Any], got: NDArray[Any], wrong: NDArray[Any], gap: NDArray[Any] | None = None
) -> str:
    place = _index(wrong if gap is None else gap)
    at = f" at {_place(place)}" if place else ""
    return f"{_where(path)}{at} is {_show(got[place])}, expected {_show(want[place])}" + (
        f"; {int(wrong.sum()):,} of {wrong.size:,} values differ" if wrong.size > 1 else ""
    )


def _wrong_type(path: str, want: Tree, got: Tree) -> Difference:
    advice = ""
    if isinstance(want, float) and isinstance(got, Array) and got.values.size == 1:
        advice = "; finish with `.item()`"
    elif isinstance(want, Array) and got is None:
        advice = "; does your function end without a `return`?"
    return Difference("type", path, f"{_where(path)} is {describe(got)}, expected {describe(want)}{advice}")


def _wrong_keys(path: str, want: dict[Any, Any], got: dict[Any, Any]) -> Difference:
    lacking = [_show(key) for key in want if key not in got]
    extra = [_show(key) for key in got if key not in want]
    parts = ([f"lacks {', '.join(lacking[:5])}"] if lacking else []) + (
        [f"has {', '.join(extra[:5])} besides"] if extra else []
    )
    return Difference("shape", path, f"{_where(path)} {' and '.join(parts)}")


def describe(value: Tree) -> str:
    """What a value is, in words: ``a float32 tensor of shape [2, 3]``, ``None``, ``a list of 3``."""
    if value is None:
        return "None"
    if isinstance(value, Array):
        kind = "tensor" if value.kind == "tensor" else "NumPy array"
        return f"a {value.dtype} {kind} of shape {_shape(value.shape)}"
    if isinstance(value, dict | list | tuple):
        return f"a {type(value).__name__} of {len(value)}"
    return f"the {type(value).__name__} {_show(value)}"


def _show(value: Any) -> str:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return f"{value + 0.0:.6g}"  # adding zero makes -0 a plain 0, which would be read as a sign that matters
    if isinstance(value, str):
        return repr(value if len(value) <= 60 else value[:57] + "…")
    return str(value)
