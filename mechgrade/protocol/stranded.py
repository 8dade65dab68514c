"""What a program does that a CPU allows and another device would not: plain data, from the learner's process to the report."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import Literal, get_args

#: - made: a call makes a tensor on the CPU, and it meets one that would be on the device.
#: - early: the same, in a line that runs while the file is imported, where no input is at hand.
#: - moved: a call brings a tensor to the CPU, and it meets one that would be on the device.
#: - read: NumPy is given a tensor that would be on the device.
#: - generator: a generator of the CPU is to draw numbers for the device.
Kind = Literal["made", "early", "moved", "read", "generator"]

#: Functions of torch that make a tensor on the CPU unless told otherwise. Those ending in `_like` take their input's device.
MAKERS = frozenset(
    {
        *("arange", "empty", "eye", "full", "linspace", "logspace", "ones", "rand", "randint", "randn", "randperm"),
        *("tensor", "tril_indices", "triu_indices", "zeros"),
    }
)

#: What is left of the longest call that is shown.
SHOWN = 60


@dataclass(frozen=True, order=True)
class Stranded:
    """A line of the learner's file whose tensor, or generator, is not where the inputs are on another device.

    Attributes:
        line: the line, from 1.
        kind: what happens there.
        call: the text of the call.
        near: the name of a tensor at hand that is on the device; empty where there is none.
    """

    line: int
    kind: Kind
    call: str
    near: str = ""

    def as_tuple(self) -> tuple[int | str, ...]:
        """The same as plain data."""
        return astuple(self)


def stranded_of(value: object) -> Stranded | None:
    """What :meth:`Stranded.as_tuple` wrote, or None: a learner's process can send anything."""
    if not isinstance(value, tuple) or len(value) != 4:
        return None
    line, kind, call, near = value
    if type(line) is not int or line < 1 or kind not in get_args(Kind) or not isinstance(call, str):
        return None
    if not isinstance(near, str) or not (near == "" or near.isidentifier()):
        return None
    return Stranded(line, kind, shown(call), near[:SHOWN])


def shown(call: str) -> str:
    """A call in one line, cut where it is long."""
    text = " ".join(call[: 10 * SHOWN].split())
    return text if len(text) <= SHOWN else text[:SHOWN].rstrip() + "…"
