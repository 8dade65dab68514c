"""A call of a scenario: what a check asks for, and the key by which its results are kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mechgrade.protocol.wire import Tree

#: Turns a scenario's data (as NumPy values) into plain facts about it, on the grader's side.
Facts = Callable[[Any], Tree]


@dataclass(frozen=True)
class Call:
    """A scenario with its inputs.

    Attributes:
        scenario: the scenario's name in the grader's file.
        inputs: its keyword arguments, plain values.
        facts: what is compared in the data's place: for results of chance, which no two right programs share.
    """

    scenario: str
    inputs: Mapping[str, Any]
    facts: Facts | None = None

    @property
    def key(self) -> str:
        """The call as text: ``on_random_patterns(batch=2, half=5, seed=0)``."""
        inputs = ", ".join(f"{name}={json.dumps(value)}" for name, value in sorted(self.inputs.items()))
        call = f"{self.scenario}({inputs})"
        return call if self.facts is None else f"{self.facts.__name__}({call})"
