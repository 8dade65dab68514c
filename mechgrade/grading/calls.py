"""A call of a scenario: what a check asks for, and the key by which its results are kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
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


def _crossing(value: Any) -> Any:
    return (
        Array(np.ascontiguousarray(value), value.dtype.name, "cpu", "array") if isinstance(value, np.ndarray) else value
    )
