"""What the texts say of the shipped models, each statement with a function that measures it again.

A number or a statement in a text is followed by a remark with the claim's id:

    Without L0H0 the probability of " Paris" falls from 0.993 to 0.087. <!-- claim: france.without-L0H0 -->

`mechgrade build` leaves remarks out of what learners get, and Markdown shows none. `mechgrade claims` measures every
claim, and fails where a text says something else. A claim's function stands in a file of this package, and returns
what the text before the remark says last:

- a number, which the text gives to as many places as it likes, or as a percentage;
- a text, such as the name of a head, which the text has to hold;
- True or False: whether the statement holds, where the text gives no number;
- or several of these.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass

Value = int | float | str | bool

#: The files of this package that hold claims.
FILES = (
    *("lab1", "lab2", "lab3", "lab4", "lab5"),
    *("absorption", "diffing", "explanations", "graphs", "lenses"),
    "models",
)


@dataclass(frozen=True)
class Claim:
    """A statement about the shipped models, by its id, and how it is measured."""

    name: str
    says: str
    measure: Callable[[], Value | tuple[Value, ...]]

    def values(self) -> tuple[Value, ...]:
        """What is measured, as a tuple."""
        value = self.measure()
        return value if isinstance(value, tuple) else (value,)


_CLAIMS: dict[str, Claim] = {}


def claim(name: str) -> Callable[[Callable[[], Value | tuple[Value, ...]]], Callable[[], Value | tuple[Value, ...]]]:
    """Register the function that measures a claim. Its docstring says what is stated.

    Raises:
        ValueError: the id is taken, or the function does not say what it measures.
    """

    def register(measure: Callable[[], Value | tuple[Value, ...]]) -> Callable[[], Value | tuple[Value, ...]]:
        if name in _CLAIMS:
            raise ValueError(f"two claims are named {name!r}")
        if not measure.__doc__:
            raise ValueError(f"the claim {name!r} has no docstring")
        _CLAIMS[name] = Claim(name, measure.__doc__.strip(), measure)
        return measure

    return register


def all_claims() -> dict[str, Claim]:
    """Every claim of this package, by its id."""
    for file in FILES:
        importlib.import_module(f"{__name__}.{file}")
    return dict(_CLAIMS)
