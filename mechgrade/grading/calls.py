"""A call of a scenario: what a check asks for, and the key by which its results are kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mechgrade.protocol.wire import Array, Tree

#: Draws what a scenario is given, from the inputs that name it, on the grader's side.
World = Callable[..., Mapping[str, Any]]

#: Turns a scenario's data (as NumPy values) into plain facts about it, on the grader's side.
Facts = Callable[[Any], Tree]


@dataclass(frozen=True)
class Call:
    """A scenario with its inputs.

    Attributes:
        scenario: the scenario's name in the grader's file.
        inputs: its keyword arguments, plain values.
        world: draws the arguments from the inputs. The learner's process is given what it draws, and never what it draws from.
        facts: what is compared in the data's place: for results of chance, which no two right programs share.
    """

    scenario: str
    inputs: Mapping[str, Any]
    facts: Facts | None = None
    world: World | None = None

    @property
    def is_kept(self) -> bool:
        """Whether what the world draws is worth keeping: one that a check makes for itself is another at the next learner."""
        return self.world is not None and "<locals>" not in getattr(self.world, "__qualname__", "<locals>")

    @property
    def given(self) -> dict[str, Any]:
        """The keyword arguments that reach the scenario, with NumPy arrays as they cross."""
        drawn = self.inputs if self.world is None else self.world(**self.inputs)
        return {name: _crossing(value) for name, value in drawn.items()}

    @property
    def key(self) -> str:
        """The call as text: ``on_random_patterns(batch=2, half=5, seed=0)``."""
        inputs = ", ".join(f"{name}={json.dumps(value)}" for name, value in sorted(self.inputs.items()))
        call = f"{self.scenario}({inputs})"
        return call if self.facts is None else f"{self.facts.__name__}({call})"


class Worlds:
    """What worlds drew, kept for the next learner of a class, who is given the same: to draw it takes longer than to send it.

    Nothing is let go to make room. Learners are given the same calls in the same order, so what would go is what is asked for next.

    Args:
        most: how many bytes of numbers to keep.
    """

    def __init__(self, most: int = 96 * 2**20) -> None:
        self._left = most
        self._kept: dict[tuple[World | None, str], dict[str, Any]] = {}

    def given(self, call: Call) -> dict[str, Any]:
        """The keyword arguments that reach a call's scenario; whoever takes them may write to them."""
        if not call.is_kept:
            return call.given
        key = (call.world, call.key)
        if key not in self._kept:
            given = call.given
            size = sum(value.values.nbytes for value in given.values() if isinstance(value, Array))
            if size > self._left:
                return given
            self._left -= size
            self._kept[key] = given
        return {
            name: replace(value, values=value.values.copy()) if isinstance(value, Array) else deepcopy(value)
            for name, value in self._kept[key].items()
        }


def _crossing(value: Any) -> Any:
    return (
        Array(np.ascontiguousarray(value), value.dtype.name, "cpu", "array") if isinstance(value, np.ndarray) else value
    )
