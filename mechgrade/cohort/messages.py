"""What goes between the coordinator and a process that grades, as objects and as trees of ``mechgrade.protocol.wire``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from mechgrade.cohort import entry
from mechgrade.grading.recordings import Run
from mechgrade.grading.verdicts import ExerciseResult
from mechgrade.protocol.wire import Array


@dataclass(frozen=True)
class ReferenceRun:
    """What an exercise's reference, or one of its misconceptions, gave on inputs that were not recorded."""

    lab: str
    name: str
    program: str
    call: str
    run: Run

    def message(self) -> dict[str, Any]:
        """For a member."""
        return {"live": [self.lab, self.name, self.program, self.call, self.run.reference, dict(self.run.noise)]}


@dataclass(frozen=True)
class GradedExercise:
    """An exercise that was graded.

    Attributes:
        body: the result as the store keeps it. Whoever grades makes it, so that the coordinator passes it on as it is.
        verdicts: those of its checks.
        seconds: that grading took; learner_seconds: those of them in the learner's functions.
    """

    lab: str
    name: str
    body: str
    verdicts: frozenset[str]
    seconds: float
    learner_seconds: float

    @classmethod
    def of(cls, found: ExerciseResult) -> GradedExercise:
        """From a result."""
        learner = sum(check.learner_seconds for check in found.checks)
        verdicts = frozenset(check.verdict for check in found.checks)
        return cls(found.lab, found.exercise, entry.dump(entry.as_tree(found)), verdicts, found.seconds, learner)

    def message(self) -> dict[str, Any]:
        """For the coordinator."""
        times = [self.seconds, self.learner_seconds]
        return {"entry": self.body, "of": [self.lab, self.name], "verdicts": sorted(self.verdicts), "times": times}


def part_of(message: dict[str, Any]) -> GradedExercise | ReferenceRun | None:
    """What a member's message holds; None for the end of a task."""
    if "entry" in message:
        (lab, name), (seconds, learner_seconds) = message["of"], message["times"]
        return GradedExercise(lab, name, message["entry"], frozenset(message["verdicts"]), seconds, learner_seconds)
    if "live" in message:
        lab, name, program, call, reference, noise = message["live"]
        return ReferenceRun(lab, name, program, call, Run(reference, noise))
    return None


def text_message(lab: str, name: str, text: str | None, problem: str) -> dict[str, Any]:
    """The message with a learner's file. As bytes: the wire bounds what is sent as text more tightly."""
    body = None if text is None else Array(np.frombuffer(text.encode(), np.uint8), "uint8")
    return {"text": [lab, name, body, problem]}
