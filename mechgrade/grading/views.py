"""What a report may draw of a compared run: a learner's data beside the reference's, leaf by leaf, kept small.

A leaf of more than two axes is cut to the plane through the place where the two differ most, and a plane or row that is
still too large to a window around it. What was cut is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
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
        allowed: how far each value in the window may be from the reference.
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
    allowed: NDArray[Any] | float = 0.0
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


def differs(mine: NDArray[Any], reference: NDArray[Any], allowed: NDArray[Any] | float) -> NDArray[np.bool_]:
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
        found.append(_view(call, inputs, path, want, got, run.noise, texts))
    return sorted(found, key=lambda view: view.same)[:LEAVES]


def _leaves(reference: Tree, mine: Tree, path: str, texts: _Texts) -> Iterator[tuple[str, Tree, Tree, _Texts]]:
    if isinstance(reference, dict) and isinstance(mine, dict) and reference.keys() == mine.keys():
        texts = texts | _texts(reference.items())
        for key in reference:
            yield from _leaves(reference[key], mine[key], f"{path}[{key!r}]", texts)
    elif isinstance(reference, list | tuple) and isinstance(mine, list | tuple) and len(reference) == len(mine):
        if _is_series(reference) and _is_series(mine):
            yield path, reference, mine, texts
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


def _is_series(items: list[Tree] | tuple[Tree, ...]) -> bool:
    """Whether a list holds plain numbers, which are shown as one row."""
    return len(items) > 2 and all(isinstance(item, int | float) and not isinstance(item, bool) for item in items)


def _drawable(mine: Tree, reference: Tree) -> tuple[NDArray[Any], NDArray[Any]] | None:
    """Both sides of a leaf as arrays of one shape; None where they are not alike, or nothing is in them."""
    if isinstance(mine, Array) and isinstance(reference, Array):
        left, right = mine.values, reference.values
    elif (isinstance(mine, float) and isinstance(reference, float)) or (
        isinstance(mine, list | tuple)
        and isinstance(reference, list | tuple)
        and _is_series(mine)
        and _is_series(reference)
    ):
        left, right = np.asarray(mine, np.float64), np.asarray(reference, np.float64)
    else:
        return None
    return (left, right) if left.shape == right.shape and left.size else None


def _allowed(path: str, reference: Tree, noise: Mapping[str, float]) -> NDArray[Any]:
    """How far each value may be off, as the comparison has it: of a row of plain numbers, each is a leaf of its own."""
    if isinstance(reference, list | tuple):
        return np.asarray([_allowed(f"{path}[{place}]", item, noise) for place, item in enumerate(reference)])
    values = reference.values if isinstance(reference, Array) else np.asarray(reference)
    return tolerance(values, noise.get(path, 0.0)) if values.dtype.kind == "f" else np.zeros(values.shape)


def _view(
    call: str, inputs: dict[str, Any], path: str, want: Tree, got: Tree, noise: Mapping[str, float], texts: _Texts
) -> View:
    pair = _drawable(got, want)
    if pair is None:
        return View(call, path, _words(got), _words(want), inputs=inputs)
    left, right = pair
    allowed = _allowed(path, want, noise)
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
    return View(call, path, *cells, left.shape, tuple(start), axes, allowed[window], labels, inputs)


def _labels(texts: _Texts, size: int, place: int, axes: int) -> tuple[str, ...]:
    """The labels of one axis: those that a figure has there, or else the one list of text that is as long."""
    side = "x" if place == axes - 1 else "y"
    drawn = [value for key, value in texts.items() if key in (f"{side}ticks", f"{side}_tokens") and len(value) == size]
    fitting = drawn or [value for key, value in texts.items() if len(value) == size and str(key)[:1] not in "xy"]
    return fitting[0] if len(fitting) == 1 else ()


def _worst(left: NDArray[Any], right: NDArray[Any], allowed: NDArray[Any]) -> tuple[int, ...]:
    wrong = differs(left, right, allowed)
    if left.dtype.kind in "fiu" and right.dtype.kind in "fiu":
        with np.errstate(invalid="ignore"):
            gap = np.abs(left.astype(np.float64) - right.astype(np.float64))
        distance = gap / np.where(allowed > 0, allowed, 1)
        distance = np.where(wrong, np.where(np.isfinite(distance), distance, np.inf), -1.0)
        place = int(np.argmax(distance))
    else:
        place = int(np.argmax(wrong))
    return tuple(int(part) for part in np.unravel_index(place, left.shape))


def _words(value: Tree) -> str:
    if isinstance(value, bool | int | str) or value is None:
        return repr(value)[:200]
    if isinstance(value, float):
        return f"{value + 0.0:.6g}"
    return describe(value)
