"""What a report may draw of a compared run: a learner's data beside the reference's, leaf by leaf, kept small.

A leaf of more than two axes is cut to the plane through the place where the two differ most, and a plane or row that is
still too large to a window around it. What was cut is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mechgrade.grading.compare import describe, tolerance
from mechgrade.protocol.wire import Array, Tree

if TYPE_CHECKING:
    from mechgrade.grading.recordings import Run

#: Cells along each axis of a picture.
SIDE = 48
#: Points of a curve.
LENGTH = 256
#: Leaves of one run.
LEAVES = 8
#: A row of so few values is said and not drawn: a curve through them would be a picture of nothing.
FEW = 4


@dataclass(frozen=True)
class View:
    """One leaf of a run's result.

    Attributes:
        call: the run, readable as a call.
        path: where in the result.
        mine: the learner's: an array of one or two axes, or a description.
        reference: the reference's, of the same form.
        shape: the whole leaf's shape; empty for what is no array.
        start: where the window begins, an index for each axis of ``shape``.
        axes: which axes of ``shape`` the window runs along.
        allowed: how far a value may be from the reference.
        labels: for each axis of the window its ticks' labels, where the result or the inputs have any.
        inputs: what the scenario was given.
        agrees: for a few values in words, whether they are near enough to the reference's.
    """

    call: str
    path: str
    mine: NDArray[Any] | str
    reference: NDArray[Any] | str
    shape: tuple[int, ...] = ()
    start: tuple[int, ...] = ()
    axes: tuple[int, ...] = ()
    allowed: float = 0.0
    labels: tuple[tuple[str, ...], ...] = ()
    inputs: dict[str, Any] = field(default_factory=dict)
    agrees: bool | None = None

    @property
    def same(self) -> bool:
        """Whether what is shown agrees."""
        if self.agrees is not None:
            return self.agrees
        if isinstance(self.mine, str) or isinstance(self.reference, str):
            return bool(isinstance(self.mine, str) and isinstance(self.reference, str) and self.mine == self.reference)
        return not bool(differs(self.mine, self.reference, self.allowed).any())


def differs(mine: NDArray[Any], reference: NDArray[Any], allowed: float) -> NDArray[np.bool_]:
    """Where two arrays of one shape differ by more than is allowed; NaN differs from everything."""
    if mine.dtype.kind not in "fiu" or reference.dtype.kind not in "fiu":
        return np.asarray(mine != reference)
    left, right = mine.astype(np.float64), reference.astype(np.float64)
    with np.errstate(invalid="ignore"):
        return np.asarray(~((np.abs(left - right) <= allowed) | (left == right)))


#: Lists of text beside an array, by the key or place they have: token labels, names of components.
_Texts = dict[str | int, tuple[str, ...]]


def views_of(call: str, inputs: dict[str, Any], run: Run, mine: Tree) -> list[View]:
    """The views of one run: the first :data:`LEAVES` leaves, those that differ first."""
    found = []
    for path, want, got, texts in _leaves(run.reference, mine, "", {}):
        found.append(_view(call, inputs, path, want, got, run.noise.get(path, 0.0), texts))
    return sorted(found, key=lambda view: view.same)[:LEAVES]


def _leaves(reference: Tree, mine: Tree, path: str, texts: _Texts) -> Iterator[tuple[str, Tree, Tree, _Texts]]:
    if isinstance(reference, dict) and isinstance(mine, dict) and reference.keys() == mine.keys():
        texts = texts | _texts(reference.items())
        for key in reference:
            yield from _leaves(reference[key], mine[key], f"{path}[{key!r}]", texts)
    elif isinstance(reference, list | tuple) and isinstance(mine, list | tuple) and len(reference) == len(mine):
        numeric = [_series(reference), _series(mine)]
        if numeric[0] is not None and numeric[1] is not None:
            yield path, numeric[0], numeric[1], texts
            return
        texts = texts | _texts(enumerate(reference))
        for place, item in enumerate(reference):
            yield from _leaves(item, mine[place], f"{path}[{place}]", texts)
    else:
        yield path, reference, mine, texts


def _texts(items: Iterable[tuple[str | int, Tree]]) -> _Texts:
    """Those of some values that are lists of text."""
    return {
        key: tuple(str(item) for item in value)
        for key, value in items
        if isinstance(value, list | tuple) and len(value) > 1 and all(isinstance(item, str) for item in value)
    }


def _series(items: list[Tree] | tuple[Tree, ...]) -> Array | None:
    """A list of plain numbers as one row."""
    if len(items) < 3 or not all(isinstance(item, int | float) and not isinstance(item, bool) for item in items):
        return None
    return Array(np.asarray(items, dtype=np.float64), "float64")


def _view(call: str, inputs: dict[str, Any], path: str, want: Tree, got: Tree, noise: float, texts: _Texts) -> View:
    if isinstance(want, float) and isinstance(got, float):
        want, got = Array(np.asarray(want), "float64"), Array(np.asarray(got), "float64")
    if not isinstance(want, Array) or not isinstance(got, Array) or want.shape != got.shape or not want.values.size:
        return View(call, path, _words(got), _words(want), inputs=inputs)
    left, right = got.values, want.values
    finite = np.where(np.isfinite(right), right, 0) if right.dtype.kind == "f" else right
    allowed = tolerance(finite, noise) if right.dtype.kind == "f" else 0.0
    if left.size == 1 or (left.ndim == 1 and left.size <= FEW):
        mine, reference = (", ".join(map(_words, values.reshape(-1).tolist())) for values in (left, right))
        return View(call, path, mine, reference, inputs=inputs, agrees=not bool(differs(left, right, allowed).any()))
    worst = _worst(left, right, allowed)
    axes = tuple(range(left.ndim))[-2:]
    cut: list[slice | int] = []
    start = []
    for axis, size in enumerate(left.shape):
        if axis not in axes:
            cut.append(worst[axis])
            start.append(worst[axis])
            continue
        most = LENGTH if len(axes) == 1 else SIDE
        begin = 0 if size <= most else min(max(worst[axis] - most // 2, 0), size - most)
        cut.append(slice(begin, begin + most))
        start.append(begin)
    window = tuple(cut)
    labels = tuple(_labels(texts, left.shape[axis], place, len(axes))[start[axis] :] for place, axis in enumerate(axes))
    cells = left[window].copy(), right[window].copy()
    return View(call, path, *cells, left.shape, tuple(start), axes, allowed, labels, inputs)


def _labels(texts: _Texts, size: int, place: int, axes: int) -> tuple[str, ...]:
    """The labels of one axis: those that a figure has there, or else the one list of text that is as long."""
    side = "x" if place == axes - 1 else "y"
    drawn = [value for key, value in texts.items() if key in (f"{side}ticks", f"{side}_tokens") and len(value) == size]
    fitting = drawn or [value for key, value in texts.items() if len(value) == size and str(key)[:1] not in "xy"]
    return fitting[0] if len(fitting) == 1 else ()


def _worst(left: NDArray[Any], right: NDArray[Any], allowed: float) -> tuple[int, ...]:
    wrong = differs(left, right, allowed)
    if left.dtype.kind in "fiu" and right.dtype.kind in "fiu":
        with np.errstate(invalid="ignore"):
            gap = np.abs(left.astype(np.float64) - right.astype(np.float64))
        gap = np.where(wrong, np.where(np.isfinite(gap), gap, np.inf), -1.0)
        place = int(np.argmax(gap))
    else:
        place = int(np.argmax(wrong))
    return tuple(int(part) for part in np.unravel_index(place, left.shape))


def _words(value: Tree) -> str:
    if isinstance(value, bool | int | str) or value is None:
        return repr(value)[:200]
    if isinstance(value, float):
        return f"{value + 0.0:.6g}"
    return describe(value)
