"""Hold a learner's data against the reference's: the first difference, and how far the values are apart.

Leaf by leaf, in the order of the reference; in a leaf by type, shape, finite, value. Works on trees with NumPy alone.
Distances are in units of the tolerance, which comes from the noise floor of the recording.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from os.path import commonprefix
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mechgrade.protocol.wire import Array, Tree

Aspect = Literal["type", "shape", "finite", "value"]

#: A value may be this many noise floors away: another order of summation is noise too, but not the same noise.
NOISE_FACTOR = 10.0
#: And at least this far, as a share of the leaf's scale. Recordings are from one machine, and kernels for another
#: processor add up in another order: 6e-6 was found where large terms cancel, and right programs
#: must stay below half of this. Misconceptions are hundreds of times farther away.
RELATIVE = 3e-5
#: And at least this far in absolute terms, where the reference is zero throughout.
ABSOLUTE = 1e-7

#: A fill value is at least this large, and at least so many times larger than anything beside it.
FILL_LEAST = 1e4
FILL_RATIO = 1e3


@dataclass(frozen=True)
class Difference:
    """The first difference between two trees.

    Attributes:
        aspect: what differs.
        path: where in the result, ``""`` for the result itself.
        sentence: what was expected and what came, for the learner.
    """

    aspect: Aspect
    path: str
    sentence: str


@dataclass(frozen=True)
class Comparison:
    """The outcome of a comparison.

    Attributes:
        difference: the first difference; None where the data count as equal.
        distance: the largest distance of any value up to there, in tolerances; infinite where it is not a matter of values.
    """

    difference: Difference | None
    distance: float

    @property
    def same(self) -> bool:
        """Whether the data count as equal."""
        return self.difference is None


def compare(expected: Tree, actual: Tree, noise: Mapping[str, float], *, nan_equal: bool = False) -> Comparison:
    """Compare a learner's data with the reference's.

    Args:
        expected: the reference's tree. NaN in it equals nothing, so ask :func:`unusable` first.
        actual: the learner's tree.
        noise: the noise floor of each numeric leaf by its path.
        nan_equal: whether NaN equals NaN: never for a grade, but a known mistake may give NaN too.
    """
    worst = 0.0
    for path, want, got in _nodes(expected, actual):
        difference = _form(path, want, got) or _exact(path, want, got)
        if difference is not None:
            return Comparison(difference, math.inf)
        if _is_float(want):
            difference, distance = _near(path, want, got, noise.get(path, 0.0), nan_equal)
            worst = max(worst, distance)
            if difference is not None:
                return Comparison(difference, worst)
    return Comparison(None, worst)


def unusable(reference: Tree) -> str | None:
    """Why nothing can be compared with a reference: the first leaf of it that holds NaN, as a sentence; None if there is none.

    NaN differs from everything, so a learner would be blamed for a mistake of the grader's.
    """
    for path, leaf, _ in _nodes(reference, reference):
        if _is_float(leaf):
            values, _ = _numbers(leaf, leaf)
            if np.isnan(values).any():
                return _odd(path, values, np.isnan(values))
    return None


def noise_between(reference: Tree, other: Tree) -> dict[str, float]:
    """The largest deviation in each floating leaf between two runs of the same program.

    Raises:
        ValueError: the runs differ in more than rounding: another type, shape, integer or string; or one of them holds NaN.
    """
    noise: dict[str, float] = {}
    for path, want, got in _nodes(reference, other):
        difference = _form(path, want, got) or _exact(path, want, got)
        if difference is not None:
            raise ValueError(difference.sentence)
        if _is_float(want):
            gap = _gap(*_numbers(want, got))
            if not np.isfinite(gap).all():
                raise ValueError(f"{_where(path)} is not finite")
            noise[path] = float(gap.max(initial=0.0))
    return noise


def tolerance(reference: NDArray[Any], noise: float) -> NDArray[np.float64]:
    """How far each value of a leaf may be from the reference, in the leaf's own units: an array of the leaf's shape."""
    scale, fill = _scale_and_fill(reference)
    scales = np.where(reference == fill, abs(fill), scale)
    return np.maximum(RELATIVE * scales, max(NOISE_FACTOR * noise, ABSOLUTE))


def at_most(largest: float, noise: float) -> float:
    """The largest tolerance that :func:`tolerance` gives any value of a leaf with this largest magnitude."""
    return max(RELATIVE * largest, NOISE_FACTOR * noise, ABSOLUTE)


def scale_of(reference: NDArray[Any]) -> float:
    """The largest finite magnitude in a leaf, its fill value left out."""
    return _scale_and_fill(reference)[0]


def _scale_and_fill(reference: NDArray[Any]) -> tuple[float, float]:
    """A leaf's scale, and the number that says "nothing here" in it, such as -1e9 in masked scores; NaN if it has none.

    Without this, an error of 1 in a score of 3 beside -1e9 would be a billionth of the leaf's largest value, and pass. A number is
    a fill value where it is far beyond all others and everything so large is this one number, to the last bit and with its sign.
    Results of a computation are seldom like that: two sums round to two numbers. Where the others came from such large terms all
    the same, as small differences of them, their rounding is on the scale of the large terms. Then it is in the noise floor, which
    was measured, and which all values of the leaf are allowed. Where all others are 0, they have no scale of their own.
    """
    values = reference[np.isfinite(reference)].astype(np.float64)
    if not values.size:
        return 0.0, math.nan
    largest = float(values[np.argmax(np.abs(values))])
    others = np.abs(values[values != largest])
    if abs(largest) >= FILL_LEAST and others.any() and abs(largest) / FILL_RATIO >= others.max():
        return float(others.max()), largest
    return abs(largest), math.nan


def _nodes(expected: Tree, actual: Tree, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """What lies at the same place in both trees, a container before its contents: stop where two containers differ in form."""
    yield path, expected, actual
    if isinstance(expected, dict):
        assert isinstance(actual, dict)
        for key in expected:
            yield from _nodes(expected[key], actual[key], f"{path}[{key!r}]")
    elif isinstance(expected, list | tuple):
        assert isinstance(actual, list | tuple)
        for place, item in enumerate(expected):
            yield from _nodes(item, actual[place], f"{path}[{place}]")


def _form(path: str, want: Tree, got: Tree) -> Difference | None:
    """A difference in type or shape."""
    if isinstance(want, dict):
        if not isinstance(got, dict):
            return _wrong_type(path, want, got)
        return _wrong_keys(path, want, got) if want.keys() != got.keys() else None
    if isinstance(want, list | tuple):
        # A list for a tuple and the other way round says nothing about understanding.
        if not isinstance(got, list | tuple):
            return _wrong_type(path, want, got)
        if len(want) != len(got):
            return Difference("shape", path, f"{_where(path)} has {len(got)} entries, expected {len(want)}")
        return None
    if isinstance(want, Array):
        if not isinstance(got, Array) or (want.kind == "tensor" and got.kind == "array"):
            return _wrong_type(path, want, got)
        if want.values.dtype.kind != got.values.dtype.kind:
            return Difference(
                "type", path, f"{_where(path)} is a {_KINDS[got.kind]} of {got.dtype}, expected {want.dtype}"
            )
        if want.shape != got.shape:
            sentence = f"{_where(path)} has shape {_brackets(got.shape)}, expected {_brackets(want.shape)}"
            return Difference("shape", path, sentence)
        return None
    if isinstance(want, float) and isinstance(got, float | int) and not isinstance(got, bool):
        return None
    return _wrong_type(path, want, got) if type(want) is not type(got) else None


def _is_float(leaf: Tree) -> bool:
    return isinstance(leaf, float) or (isinstance(leaf, Array) and leaf.values.dtype.kind == "f")


def _exact(path: str, want: Any, got: Any) -> Difference | None:
    """A difference in the value of what is no floating number."""
    if _is_float(want) or isinstance(want, dict | list | tuple):
        return None
    left, right = _numbers(want, got)
    wrong = np.asarray(left != right)
    return _wrong_value(path, left, right, wrong, wrong) if wrong.any() else None


def _near(path: str, want: Any, got: Any, noise: float, nan_equal: bool) -> tuple[Difference | None, float]:
    """A difference in the values of two floating leaves, and the distance between them."""
    left, right = _numbers(want, got)
    gap = _gap(left, right, nan_equal)
    odd = np.isinf(gap) & ~np.isfinite(right)
    if odd.any():
        expected = "" if right.ndim else f", expected {_show(left[()])}"
        return Difference("finite", path, _odd(path, right, odd) + expected), math.inf
    distances = gap / tolerance(left, noise)
    wrong = ~(distances <= 1)
    return _wrong_value(path, left, right, wrong, distances) if wrong.any() else None, float(distances.max(initial=0.0))


def _numbers(want: Any, got: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """Two leaves of one form as arrays; floating ones in double precision."""
    left, right = (leaf.values if isinstance(leaf, Array) else leaf for leaf in (want, got))
    if _is_float(want):
        return np.asarray(left, np.float64), np.asarray(right, np.float64)
    # NumPy's own text loses zeros at its end, and its integers are of 64 bits, with or without a sign.
    kind = None if isinstance(want, Array) else object
    return np.asarray(left, kind), np.asarray(right, kind)


def _gap(left: NDArray[Any], right: NDArray[Any], nan_equal: bool = False) -> NDArray[np.float64]:
    """How far two arrays are apart: 0 also for the same infinity twice, infinite where only one has a number."""
    with np.errstate(invalid="ignore", over="ignore"):
        gap = np.abs(left - right)
    same = (left == right) | (nan_equal & np.isnan(left) & np.isnan(right))
    return np.where(same, 0.0, np.where(np.isnan(gap), np.inf, gap))


# --- words ---------------------------------------------------------------------------------------------------------------

_KINDS = {"tensor": "tensor", "array": "NumPy array"}


def _where(path: str) -> str:
    return f"result{path}" if path else "the result"


def _brackets(numbers: tuple[int, ...]) -> str:
    return "[" + ", ".join(map(str, numbers)) + "]"


def _largest(values: NDArray[Any]) -> tuple[int, ...]:
    return tuple(int(part) for part in np.unravel_index(int(np.argmax(values)), values.shape))


def _odd(path: str, values: NDArray[Any], odd: NDArray[Any]) -> str:
    place = _largest(odd)
    if not place:
        return f"{_where(path)} is {values}"
    share = f" ({int(odd.sum()):,} of {odd.size:,} values)" if odd.size > 1 else ""
    return f"{_where(path)} holds {values[place]} at {_brackets(place)}{share}"


def _wrong_value(
    path: str, want: NDArray[Any], got: NDArray[Any], wrong: NDArray[Any], distances: NDArray[Any]
) -> Difference:
    place = _largest(distances)
    at = f" at {_brackets(place)}" if place else ""
    share = f"; {int(wrong.sum()):,} of {wrong.size:,} values differ" if wrong.size > 1 else ""
    mine, reference = got[place], want[place]
    if isinstance(mine, str):
        mine, reference = _parted(mine, reference)
    return Difference("value", path, f"{_where(path)}{at} is {_show(mine)}, expected {_show(reference)}{share}")


def _parted(left: str, right: str) -> tuple[str, str]:
    """Two texts; long ones from shortly before the place where they part, as the rest is cut off."""
    shared = len(commonprefix([left, right]))  # noqa: RUF071  # texts, and no paths
    return (f"…{left[shared - 20 :]}", f"…{right[shared - 20 :]}") if shared > 40 else (left, right)


def _wrong_type(path: str, want: Tree, got: Tree) -> Difference:
    advice = ""
    if isinstance(want, float) and isinstance(got, Array) and got.values.size == 1:
        advice = "; finish with `.item()`"
    elif isinstance(want, Array) and got is None:
        advice = "; does your function end without a `return`?"
    return Difference("type", path, f"{_where(path)} is {describe(got)}, expected {describe(want)}{advice}")


def _wrong_keys(path: str, want: dict[Any, Any], got: dict[Any, Any]) -> Difference:
    lacking = [key for key in want if key not in got]
    extra = [key for key in got if key not in want]
    parts = ([f"lacks {_keys(lacking)}"] if lacking else []) + ([f"also has {_keys(extra)}"] if extra else [])
    return Difference("shape", path, f"{_where(path)} {' and '.join(parts)}")


def _keys(keys: list[Any]) -> str:
    """The first of some keys. Of a number nobody would know that it is a key."""
    word = f"the key{'s' * (len(keys) > 1)} " if all(isinstance(key, int) for key in keys) else ""
    return word + ", ".join(map(_show, keys[:5]))


def describe(value: Tree) -> str:
    """What a value is, in words: ``a float32 tensor of shape [2, 3]``, ``None``, ``a list of 3``."""
    if value is None:
        return "None"
    if isinstance(value, Array):
        article = "an" if value.dtype.startswith("int") else "a"
        return f"{article} {value.dtype} {_KINDS[value.kind]} of shape {_brackets(value.shape)}"
    if isinstance(value, dict | list | tuple):
        return f"a {type(value).__name__} of {len(value)}"
    return f"the {type(value).__name__} {_show(value)}"


def _show(value: Any) -> str:
    if isinstance(value, float):
        return f"{value + 0.0:.6g}"  # adding zero makes -0 a plain 0, which would be read as a sign that matters
    if isinstance(value, str):
        return repr(value if len(value) <= 60 else value[:57] + "…")
    return str(value)
