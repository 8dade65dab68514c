"""Facts with a number: a bound that is kept or not, and what was measured.

``facts=`` of a check's ``compare`` makes facts of a scenario's data. A fact that is only true or false tells a learner too little::

    return {"explains": more_than(share, 0.7, "the share of the variance that your model explains")}

Compared and recorded is whether it holds; a report says "the share of the variance that your model explains is 0.43; more than 0.7 is asked".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mechgrade.protocol.wire import Tree


@dataclass(frozen=True)
class Measured:
    """A fact, and what to say where it does not hold."""

    holds: bool
    says: str


def more_than(value: float, bound: float, what: str) -> Measured:
    """The fact that a number lies above a bound. NaN does not."""
    return Measured(bool(value > bound), f"{what} is {value:.3g}; more than {bound:.3g} is asked")


def less_than(value: float, bound: float, what: str) -> Measured:
    """The fact that a number lies below a bound. NaN does not."""
    return Measured(bool(value < bound), f"{what} is {value:.3g}; less than {bound:.3g} is asked")


class Measuring:
    """What makes facts of data, for a call: gives whether each holds, and keeps what to say of those that do not.

    Args:
        make: the grader's function.
    """

    def __init__(self, make: Any) -> None:
        self._make = make
        self.__name__ = str(make.__name__)
        #: the path of a fact that does not hold to what is said of it
        self.says: dict[str, str] = {}

    def __call__(self, data: Any) -> Tree:
        """The facts about data, as they are compared."""
        plain: Tree = self._plain(self._make(data), "")
        return plain

    def _plain(self, value: Any, path: str) -> Any:
        if isinstance(value, Measured):
            if not value.holds:
                # The reference's facts hold, so the first that does not is the learner's.
                self.says.setdefault(path, value.says)
            return value.holds
        if isinstance(value, dict):
            return {key: self._plain(item, f"{path}[{key!r}]") for key, item in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self._plain(item, f"{path}[{place}]") for place, item in enumerate(value))
        return value
