"""Verdicts, and how those of checks add up to an exercise's and to a result."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:  # NumPy comes with them, and `mechgrade hint`, which reads the progress, does without
    from mechgrade.grading.views import View
    from mechgrade.protocol.outcome import Place

Verdict = Literal[
    "passed",
    "wrong",
    "not_started",
    "missing",
    "raised",
    "timed_out",
    "out_of_memory",
    "crashed",
    "not_applicable",
    "grader_error",
    "infrastructure_error",
]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)

#: Not the learner's fault, so not a score: whoever reads the result must look into it.
FAULTS = frozenset(["grader_error", "infrastructure_error"])

#: An exercise has the first of these that one of its checks has.
_GRAVEST: tuple[Verdict, ...] = (
    "infrastructure_error",
    "grader_error",
    "missing",
    "crashed",
    "out_of_memory",
    "timed_out",
    "raised",
    "wrong",
    "not_started",  # of several functions one may still be a stub: what is said is about those that were written
    "passed",
    "not_applicable",  # an exercise has it where all its checks have it: the others are graded
)
_RANK = {verdict: place for place, verdict in enumerate(_GRAVEST)}

SCHEMA = 1


@dataclass
class Check:
    """One check of an exercise, judged.

    Attributes:
        name: the test function's name without ``test_``.
        asks: the first line of its docstring: what the learner is asked.
        message: what is wrong, with values; empty when passed.
        gave: what the code returned, in words; empty where it returned nothing.
        views: the compared data, small, for pictures; only where :attr:`Settings.views` asks for it.
        misconception: the name of the known mistake that gives exactly this data.
        sentence: what the learner is told about that mistake; without one, what relates the data to the reference's, if
            anything is certain.
        place: where in the learner's file to look.
        output: what the code printed, its beginning and its end; see :mod:`mechgrade.protocol.printed`.
        seconds: of the scenarios; learner_seconds: of the learner's functions in them.
        supporting: whether it asks for what a program can do that solves nothing; see :meth:`ExerciseResult.settle`.
    """

    name: str
    verdict: Verdict
    points: float
    max_points: float
    asks: str = ""
    message: str = ""
    misconception: str | None = None
    sentence: str = ""
    place: Place | None = None
    output: str = ""
    seconds: float = 0.0
    learner_seconds: float = 0.0
    gave: str = ""
    supporting: bool = False
    views: list[View] = field(default_factory=list)


@dataclass
class ExerciseResult:
    """All checks of an exercise."""

    lab: str
    exercise: str
    max_points: float
    checks: list[Check] = field(default_factory=list)
    seconds: float = 0.0
    #: where the learner's file is, for the report
    file: str = ""
    #: the files that its code left in a folder that is deleted
    written: set[str] = field(default_factory=set)
    #: what would fail on a GPU, a sentence each; None where nobody asked, or it could not be found out
    elsewhere: list[str] | None = None

    @property
    def verdict(self) -> Verdict:
        """The gravest verdict of its checks; without checks, the grader is at fault."""
        return gravest(check.verdict for check in self.checks) if self.checks else "grader_error"

    @property
    def points(self) -> float:
        """The points of the checks that passed."""
        return sum(check.points for check in self.checks)

    def leave_out(self, check: Check, why: str) -> None:
        """Take a check out of the score and out of the maximum, because the model lacks what the check needs."""
        self.max_points -= check.max_points
        check.verdict, check.points, check.max_points, check.message = "not_applicable", 0.0, 0.0, why

    @property
    def left_out(self) -> dict[str, list[Check]]:
        """The checks that were left out of an exercise that is graded on the others, by the reason."""
        found: dict[str, list[Check]] = {}
        for check in self.checks if self.verdict != "not_applicable" else []:
            if check.verdict == "not_applicable":
                found.setdefault(check.message, []).append(check)
        return found

    def settle(self) -> None:
        """Count supporting checks only beside another kind of check that passed.

        A clear error, a type, or the answer to an input that never changes can be had without solving anything. So such a check
        gives its points as soon as one check passes that asks for more. Where all checks are supporting, they count.
        """
        others = [check for check in self.checks if not check.supporting]
        if others and all(check.verdict == "not_applicable" for check in others):
            # Nothing is left beside which the supporting checks could count.
            for check in self.checks:
                if check.verdict not in ("not_applicable", *FAULTS):
                    self.leave_out(check, others[0].message)
            return
        if not others or any(check.verdict == "passed" for check in others):
            return
        names = ", ".join(check.name for check in others)
        for check in self.checks:
            if check.supporting and check.verdict == "passed":
                check.points = 0.0
                check.message = f"its points count as soon as one of these checks passes: {names}"

    @property
    def waiting(self) -> list[str]:
        """Which checks passed whose points do not count yet, a sentence each."""
        return [
            f"{check.name}: {check.message}" for check in self.checks if check.verdict == "passed" and check.message
        ]

    @property
    def remarks(self) -> list[str]:
        """What a learner would otherwise wonder about, a sentence each."""
        if not self.written:
            return []
        names = ", ".join(sorted(self.written))
        return [f"your code wrote {names} into a folder that is deleted after the grading: print what you want to see"]

    @property
    def first_failure(self) -> Check | None:
        """The check to read first: the first with the exercise's verdict."""
        verdict = self.verdict
        return (
            None
            if verdict in ("passed", "not_applicable")
            else next((c for c in self.checks if c.verdict == verdict), None)
        )

    @property
    def stubs(self) -> list[str]:
        """Which functions are still stubs, a sentence each, in an exercise that was begun."""
        if all(check.verdict in ("not_started", "not_applicable") for check in self.checks):
            return []
        return list(dict.fromkeys(check.message for check in self.checks if check.verdict == "not_started"))

    @property
    def misconception(self) -> str | None:
        """The known mistake behind the check to read first, if there is one."""
        return self.first_failure.misconception if self.first_failure else None

    @property
    def message(self) -> str:
        """What to tell the learner first."""
        if not self.checks:
            return "no check ran"
        if self.verdict == "not_applicable":
            return self.checks[0].message
        first = self.first_failure
        if first is None:
            return ""
        return f"{first.sentence} ({first.message})" if first.sentence else first.message

    def as_tree(self) -> dict[str, Any]:
        """The form that ``--json`` writes."""
        elsewhere = {} if self.elsewhere is None else {"fails_on_gpu": self.elsewhere}
        return {
            "lab": self.lab,
            "exercise": self.exercise,
            "verdict": self.verdict,
            "points": self.points,
            "max_points": self.max_points,
            "message": self.message,
            "misconception": self.misconception,
            "checks": [{name: getattr(check, name) for name in _CHECK_FIELDS} for check in self.checks],
            **elsewhere,
            "seconds": round(self.seconds, 4),
        }


_CHECK_FIELDS = ("name", "verdict", "points", "max_points", "message")


@dataclass
class Result:
    """A graded submission."""

    model: str
    backend: str
    device: str
    isolation: str
    exercises: list[ExerciseResult] = field(default_factory=list)
    #: what the machine lacks for isolation ``full``, a sentence each, where that is why it was graded at less
    isolation_missing: list[str] = field(default_factory=list)

    @property
    def score(self) -> float:
        """All points."""
        return sum(exercise.points for exercise in self.exercises)

    @property
    def max_score(self) -> float:
        """All points there are."""
        return sum(exercise.max_points for exercise in self.exercises)

    @property
    def applicable(self) -> list[ExerciseResult]:
        """The exercises that were not left out."""
        return [exercise for exercise in self.exercises if exercise.verdict != "not_applicable"]

    @property
    def faults(self) -> list[ExerciseResult]:
        """The exercises that could not be judged, by no fault of the learner's."""
        return [exercise for exercise in self.exercises if exercise.verdict in FAULTS]

    @property
    def how(self) -> str:
        """How it was graded, in words."""
        return how(self.model, self.backend, self.device, self.isolation)

    def as_tree(self) -> dict[str, Any]:
        """The form that ``--json`` writes."""
        missing = {"isolation_missing": self.isolation_missing} if self.isolation_missing else {}
        return {
            "schema": SCHEMA,
            "score": self.score,
            "max_score": self.max_score,
            "model": self.model,
            "backend": self.backend,
            "device": self.device,
            "isolation": self.isolation,
            **missing,
            "exercises": [exercise.as_tree() for exercise in self.exercises],
        }


def how(model: str, backend: str, device: str, isolation: str) -> str:
    """How something was graded: ``Graded on small (cuda), isolation full``; a course without models names none."""
    ways = ", ".join(filter(None, [backend, device]))
    return (
        f"Graded on {model} ({ways}), isolation {isolation}"
        if model != "none"
        else f"Graded with isolation {isolation}"
    )


def gravest(verdicts: Iterable[Verdict]) -> Verdict:
    """The gravest of some verdicts, at least one."""
    return min(verdicts, key=_RANK.__getitem__)
