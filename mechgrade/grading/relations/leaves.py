"""What relations are sought in: two arrays of numbers that lie at the same place, the reference's and the learner's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mechgrade.grading.compare import at_most, scale_of, tolerance
from mechgrade.grading.relations.axes import Names
from mechgrade.grading.relations.origins import Place
from mechgrade.protocol.wire import Array, Tree

#: Larger arrays take too long.
MOST_VALUES = 100_000
#: Whole numbers beyond this are not exact as floats.
_EXACT = 2**53

#: An axis by its name, or by its place and the number of axes where it has none.
Axis = str | tuple[int, int]


@dataclass(frozen=True, eq=False)
class Leaf:
    """Two arrays of numbers.

    Attributes:
        want: the reference's, as float64.
        got: the learner's.
        noise: the noise floor; 0 for whole numbers, which must be equal.
        whole: whether they are whole numbers.
        call: the number of the call that gave it.
        scenario: the call's scenario, and its inputs.
        place: where it lies in what a function returned, else in the data; ``*`` for any index of a list.
        function: the function that returned it; None where it was computed from that.
        names: of the axes of ``want``.
    """

    want: NDArray[np.float64]
    got: NDArray[np.float64]
    noise: float = 0.0
    whole: bool = False
    call: int = 0
    scenario: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    place: Place = ()
    function: str | None = None
    names: Names | None = None

    def equals(self, expected: NDArray[np.float64], actual: NDArray[np.float64]) -> bool:
        """Whether two arrays count as equal; the first is the measure."""
        if expected.shape != actual.shape:
            return False
        if expected.size and not self.whole:
            # Nearly all that is tried is far off: further than any of its values may be, which is found sooner than how far each may.
            with np.errstate(all="ignore"):
                largest, gap = np.abs(expected).max(), np.abs(expected - actual).max()
                if gap > at_most(largest, self._noise_at(largest)):
                    return False
        return bool(self.agree(expected, actual).all())

    def agree(self, expected: NDArray[np.float64], actual: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Where two arrays of one shape count as equal. NaN equals nothing."""
        with np.errstate(all="ignore"):
            gap = np.abs(expected - actual)
        return np.asarray((expected == actual) | (gap <= self.allowed(expected)))

    def allowed(self, expected: NDArray[np.float64]) -> NDArray[np.float64]:
        """How far values may be from what is expected, as :func:`compare` has it."""
        if self.whole:
            return np.zeros(expected.shape)
        return tolerance(expected, self._noise_at(scale_of(expected)))

    def _noise_at(self, scale: float) -> float:
        """The noise floor of numbers that a relation gives: the reference's rounding goes through it with its numbers."""
        return self.noise * max(1.0, scale / self._scale) if self._scale > 0 else self.noise

    @cached_property
    def _scale(self) -> float:
        return scale_of(self.want)

    @cached_property
    def same(self) -> bool:
        """Whether the learner's numbers are the reference's."""
        return self.equals(self.want, self.got)

    @cached_property
    def wrong(self) -> NDArray[np.bool_]:
        """Where the learner's numbers differ; everywhere where the shape does."""
        if self.want.shape != self.got.shape:
            return np.ones(self.got.shape, bool)
        return ~self.agree(self.want, self.got)

    @property
    def site(self) -> tuple[str, Place]:
        """The same for leaves that are the same thing of different calls."""
        return self.function or f"({self.scenario})", self.place

    # --- axes --------------------------------------------------------------------------------------------------------

    def axis(self, number: int) -> Axis:
        """An axis of the reference's array, as it can be found again in other leaves."""
        name = self.names[number] if self.names else None
        return name or (number, self.want.ndim)

    def find(self, axis: Axis) -> int | None:
        """The number of an axis here; None where there is none like it."""
        if isinstance(axis, str):
            return self.names.index(axis) if self.names and axis in self.names else None
        return axis[0] if axis[1] == self.want.ndim and self.axis(axis[0]) == axis else None

    def sizes(self) -> dict[str, int | float]:
        """The numbers that have a name: the sizes of axes, numbers among the inputs, and the lengths of lists there."""
        found = {name: len(value) if isinstance(value, list) else value for name, value in self.inputs.items()}
        found |= {name: size for name, size in zip(self.names or (), self.want.shape, strict=False) if name}
        return {
            name: size
            for name, size in found.items()
            if (type(size) is int and size >= 2 and name != "seed") or (type(size) is float and size not in (-1, 0, 1))
        }


def distinct(values: NDArray[np.float64], allowed: float) -> int:
    """How many of some numbers are different from each other and from 0 by more than rounding."""
    numbers = np.sort(values[np.isfinite(values) & (np.abs(values) > 4 * allowed)])
    return int(1 + (np.diff(numbers) > 4 * allowed).sum()) if numbers.size else 0


# --- from trees ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Node:
    """Two trees at one place: ``pattern`` is the place with a ``*`` for any index of a list."""

    place: Place
    pattern: Place
    path: str
    want: Any
    got: Any


def children(node: Node) -> list[Node] | None:
    """What two containers of one form hold, side by side; None for anything else."""
    want, got = node.want, node.got
    if isinstance(want, dict) and isinstance(got, dict) and want.keys() == got.keys():
        keys: Sequence[str | int] = list(want)
    elif isinstance(want, list | tuple) and isinstance(got, list | tuple) and len(want) == len(got):
        keys = range(len(want))
    else:
        return None
    any_index = isinstance(want, list)
    return [
        Node(
            (*node.place, key), (*node.pattern, "*" if any_index else key), f"{node.path}[{key!r}]", want[key], got[key]
        )
        for key in keys
    ]


def numbers_of(tree: Tree) -> tuple[NDArray[np.float64], bool] | None:
    """The numbers of an array, a number, or a list of numbers, and whether they are whole; None for anything else.

    A tuple is a record and no list: its numbers mean different things.
    """
    if isinstance(tree, Array):
        values, kind = tree.values, tree.values.dtype.kind
    elif isinstance(tree, float) or type(tree) is int:
        values, kind = np.asarray(tree, object), "f" if isinstance(tree, float) else "i"
    elif isinstance(tree, list) and len(tree) > 1 and all(type(each) in (int, float) for each in tree):
        values, kind = np.asarray(tree, object), "f" if float in map(type, tree) else "i"
    else:
        return None
    if kind not in "fiu" or values.size > MOST_VALUES:
        return None
    numbers = values.astype(np.float64)
    if kind != "f" and (np.abs(numbers) >= _EXACT).any():
        return None
    return numbers, kind != "f"


def noise_at(node: Node, noise: Mapping[str, float]) -> float:
    """The noise floor of the numbers at a node."""
    if isinstance(node.want, list):
        return max((noise.get(f"{node.path}[{number}]", 0.0) for number in range(len(node.want))), default=0.0)
    return noise.get(node.path, 0.0)


def numeric(node: Node) -> Iterator[Node | None]:
    """The nodes that hold numbers on both sides; None for a difference of another kind."""
    inner = children(node)
    if _comparable(node.want, node.got):
        yield node
    elif inner is not None:
        for each in inner:
            yield from numeric(each)
    elif not _equal(node.want, node.got):
        yield None


def _comparable(want: Tree, got: Tree) -> bool:
    """Whether both hold numbers in the same form."""
    left, right = numbers_of(want), numbers_of(got)
    if left is None or right is None:
        return False
    if isinstance(want, Array) and isinstance(got, Array):
        return want.values.dtype.kind == got.values.dtype.kind
    both_lists = isinstance(want, list) and isinstance(got, list)
    both_numbers = isinstance(want, float | int) and isinstance(got, float | int)
    # A whole number will do for a float, and not the other way round.
    return (both_lists or both_numbers) and (right[1] or not left[1])


def _equal(want: Tree, got: Tree) -> bool:
    if isinstance(want, Array) and isinstance(got, Array):
        same_form = want.dtype == got.dtype and want.shape == got.shape
        return same_form and bool((want.values == got.values).all())
    return type(want) is type(got) and want == got
