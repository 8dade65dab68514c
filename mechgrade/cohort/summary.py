"""What a class has done, exercise by exercise: what an instructor reads before the next lecture."""

from __future__ import annotations

import math
import statistics
from array import array
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from mechgrade.course import Course, Exercise
from mechgrade.grading.verdicts import FAULTS, ExerciseResult, Verdict

#: Into how many parts the span from no points to all is cut, for the histogram of scores.
BINS = 10


@dataclass
class Mistake:
    """A misconception: its name, what learners are told, and how many have it."""

    name: str
    sentence: str
    learners: int


@dataclass
class CheckSummary:
    """One check over all learners who have begun its exercise.

    Attributes:
        asks: what it asks, in words.
        tried: how many learners.
        passed: how many of them passed. Their part of all is the check's difficulty.
        discrimination: the correlation between passing and the points in all other exercises, from -1 to 1. Near 0, or below, the check
            does not tell those who know from those who do not. None where all have passed or none, or where nobody can be compared.
    """

    name: str
    asks: str
    tried: int = 0
    passed: int = 0
    discrimination: float | None = None


@dataclass
class LearnerRow:
    """A learner in the class's list.

    Attributes:
        score: None where there is none.
        note: of the hand-in.
        page: where the learner's page is; empty where there is none.
    """

    name: str
    score: float | None
    note: str = ""
    page: str = ""


@dataclass
class ExerciseSummary:
    """One exercise over all learners.

    Attributes:
        verdicts: how many learners have each.
        points: all that were given; faults have none.
        misconceptions: the most frequent first.
        unnamed: wrong results that no known misconception explains.
        different: how many different hand-ins there were. Each is graded once, and its result is that of all who handed in the same.
        checks: how hard each is, and how well it tells learners apart.
    """

    lab: str
    exercise: str
    title: str
    max_points: float
    verdicts: dict[Verdict, int] = field(default_factory=dict)
    points: float = 0.0
    misconceptions: list[Mistake] = field(default_factory=list)
    unnamed: int = 0
    different: int = 0
    checks: list[CheckSummary] = field(default_factory=list)

    @property
    def learners(self) -> int:
        """How many were graded."""
        return sum(count for verdict, count in self.verdicts.items() if verdict not in FAULTS)

    def share(self, *verdicts: Verdict) -> float:
        """The part of all learners who have one of some verdicts."""
        return sum(self.verdicts.get(verdict, 0) for verdict in verdicts) / max(1, sum(self.verdicts.values()))


@dataclass
class Times:
    """Medians of an exercise, in seconds: of its grading, and of the learners' functions in it."""

    grading: float
    functions: float


@dataclass
class Summary:
    """A whole cohort.

    Attributes:
        scores: how many learners are in each of ``BINS`` equal parts of the span from 0 to ``max_score``.
        ungraded: learners with a fault, who have no score.
        setting: model, back end, device, isolation, and whether there were hidden inputs.
    """

    title: str
    setting: dict[str, str]
    max_score: float
    learners: int = 0
    ungraded: int = 0
    total: float = 0.0
    scores: list[int] = field(default_factory=lambda: [0] * BINS)
    exercises: list[ExerciseSummary] = field(default_factory=list)

    @property
    def alike(self) -> int:
        """How many of the exercises that were handed in hold what another learner's hold: the same is graded once."""
        missing = sum(each.verdicts.get("missing", 0) for each in self.exercises)
        return self.learners * len(self.exercises) - missing - sum(each.different for each in self.exercises)

    @property
    def mean(self) -> float:
        """The mean score of those who have one."""
        return self.total / max(1, self.learners - self.ungraded)

    def count(self, score: float | None, by: int = 1) -> None:
        """Count a learner's score, or with ``by=-1`` take it out again."""
        if score is None:
            self.ungraded += by
        else:
            self.total += by * score
            self.scores[min(BINS - 1, int(BINS * score / max(1.0, self.max_score)))] += by

    def as_tree(self) -> dict[str, Any]:
        """The form of ``summary.json``."""
        return {"schema": 1, **asdict(self)}


def summary_of(tree: dict[str, Any]) -> Summary:
    """What :meth:`Summary.as_tree` wrote."""
    exercises = [
        ExerciseSummary(
            **{
                **each,
                "misconceptions": [Mistake(**one) for one in each["misconceptions"]],
                "checks": [CheckSummary(**one) for one in each.get("checks", [])],
            }
        )
        for each in tree["exercises"]
    ]
    return Summary(
        **{name: value for name, value in tree.items() if name not in ("schema", "exercises")}, exercises=exercises
    )


class _Item:
    """The sums from which a check's difficulty and discrimination come: over the points in all other exercises."""

    def __init__(self, asks: str) -> None:
        self.asks = asks
        self.tried = self.passed = 0
        self.rest = self.squares = self.rest_of_passed = 0.0

    def add(self, passed: bool, rest: float) -> None:
        self.tried += 1
        self.passed += passed
        self.rest += rest
        self.squares += rest * rest
        self.rest_of_passed += rest * passed

    def summary(self, name: str) -> CheckSummary:
        share, mean = self.passed / self.tried, self.rest / self.tried
        spread = math.sqrt(max(0.0, self.squares / self.tried - mean * mean) * share * (1 - share))
        both = self.rest_of_passed / self.tried - share * mean
        found = round(both / spread, 2) if spread > 1e-9 else None
        return CheckSummary(name, self.asks, self.tried, self.passed, found)


class Counting:
    """Adds learners up, keeping counts and no learners."""

    def __init__(self, course: Course, exercises: list[Exercise], setting: dict[str, str]) -> None:
        self.summary = Summary(course.title, setting, float(sum(exercise.points for exercise in exercises)))
        for each in exercises:
            self.summary.exercises.append(ExerciseSummary(each.lab, each.name, each.title, float(each.points)))
        self._mistakes: list[Counter[tuple[str, str]]] = [Counter() for _ in exercises]
        self._items: list[dict[str, _Item]] = [{} for _ in exercises]
        # Eight bytes a number: this alone grows with the class.
        self._times = [(array("d"), array("d")) for _ in exercises]

    def add(
        self,
        results: list[ExerciseResult],
        times: list[tuple[float, float] | None],
        marked: tuple[float | None] | None = None,
    ) -> None:
        """Add a learner's results, in the order of the exercises; ``marked`` holds the score, where a person has changed points."""
        whole = self.summary
        whole.learners += 1
        verdicts = [result.verdict for result in results]
        for one, result, verdict in zip(whole.exercises, results, verdicts, strict=True):
            if verdict not in FAULTS:  # less than course.yaml says where the model lacks what checks need
                one.max_points = result.max_points
        whole.max_score = sum(one.max_points for one in whole.exercises)
        score = None if not FAULTS.isdisjoint(verdicts) else sum(result.points for result in results)
        whole.count(score if marked is None else marked[0])
        for place, (result, time) in enumerate(zip(results, times, strict=True)):
            one, verdict = whole.exercises[place], verdicts[place]
            one.verdicts[verdict] = one.verdicts.get(verdict, 0) + 1
            if verdict not in FAULTS:
                one.points += result.points
            failure = result.first_failure
            if failure is not None and failure.misconception:
                self._mistakes[place][failure.misconception, failure.sentence] += 1
            elif verdict in ("wrong", "raised"):
                one.unnamed += 1
            if verdict not in FAULTS | {"not_started", "missing", "not_applicable"}:
                rest = sum(other.points for other in results if other is not result)
                for check in result.checks:
                    if check.verdict == "not_applicable":
                        continue
                    item = self._items[place].setdefault(check.name, _Item(check.asks))
                    item.add(check.verdict == "passed", rest)
            if time is not None and verdict not in ("not_started", "missing", "not_applicable"):
                for values, value in zip(self._times[place], time, strict=True):
                    values.append(value)

    def finish(self) -> tuple[Summary, dict[str, Times]]:
        """The summary, and the times by exercise."""
        for one, counted in zip(self.summary.exercises, self._mistakes, strict=True):
            ordered = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
            one.misconceptions = [Mistake(name, sentence, count) for (name, sentence), count in ordered]
            one.verdicts = dict(sorted(one.verdicts.items()))
        for one, items in zip(self.summary.exercises, self._items, strict=True):
            one.checks = [item.summary(name) for name, item in items.items()]
        times = {
            f"{one.lab}/{one.exercise}": Times(*(statistics.median(values) if values else 0.0 for values in pair))
            for one, pair in zip(self.summary.exercises, self._times, strict=True)
        }
        return self.summary, times
