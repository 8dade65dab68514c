"""Audit graders: treat each as a classifier of programs whose right verdict is known, and print where it errs.

The reference and every accepted variant must pass, the stub is not started, every misconception is rejected, and named if what is wrong
tells it apart; without it in the list, none of the others may be named in its place. Every mechanical mutant is noticed. Programs are graded by the very path that grades a learner, several at once on as many processors.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mechgrade.authoring.mutants import Mutant, mutants
from mechgrade.authoring.rules import broken_rules, mutated_lines
from mechgrade.course import Course, Exercise
from mechgrade.course.variants import equivalents, programs
from mechgrade.grading.checks import Checks, with_checks
from mechgrade.grading.diagnose import explanation
from mechgrade.grading.errors import GraderError
from mechgrade.grading.evidence import tells
from mechgrade.grading.grade import Grading, machine_failed
from mechgrade.grading.options import Options
from mechgrade.grading.parallel import in_order
from mechgrade.grading.verdicts import FAULTS, ExerciseResult
from mechgrade.grading.worker import Worker
from mechgrade.submissions.submission import Submission

#: How far a misconception must be from the reference, and how near an accepted variant, in tolerances.
FAR, NEAR = 10.0, 0.5

#: A mutant that loops is stopped after so many seconds.
MUTANT_SECONDS = 5.0

#: Makes every annotated function of a program check its own shapes at run time.
ANNOTATED = """

import jaxtyping as _jaxtyping, beartype as _beartype, types as _types
for _name, _value in list(globals().items()):
    if isinstance(_value, _types.FunctionType) and _value.__module__ == __name__:
        globals()[_name] = _jaxtyping.jaxtyped(typechecker=_beartype.beartype)(_value)
"""


@dataclass(frozen=True)
class GradedProgram:
    """What became of a program.

    Attributes:
        result: its verdict.
        distance: how far its data was from the reference's at the worst, in tolerances.
        tells: whether what is wrong in it tells one mistake from others.
        confused: the misconception that is named if its own is not known: an untrue name, as for a mistake that nobody foresaw.
    """

    result: ExerciseResult
    distance: float
    tells: bool
    confused: str | None


@dataclass
class ExerciseAudit:
    """The audit of one exercise. See :meth:`Audit.as_tree` for the form."""

    exercise: Exercise
    reference: str = "not run"
    stub: str = "not run"
    annotations: str = "not run"
    accepted: list[dict[str, Any]] = field(default_factory=list)
    misconceptions: list[dict[str, Any]] = field(default_factory=list)
    #: whether mutants were graded
    mutated: bool = False
    killed: int = 0
    equivalent: int = 0
    survivors: list[dict[str, Any]] = field(default_factory=list)

    @property
    def unjudged(self) -> bool:
        """Whether the grader can judge nothing: not even the reference."""
        return self.reference in FAULTS


@dataclass
class Audit:
    """All entries, and the problems that make an audit fail."""

    entries: list[ExerciseAudit]
    problems: list[str] = field(default_factory=list)

    def as_tree(self) -> dict[str, Any]:
        """The form that ``mechgrade audit --json`` writes."""
        exercises = [
            {
                "lab": entry.exercise.lab,
                "exercise": entry.exercise.name,
                "reference": entry.reference,
                "stub": entry.stub,
                "annotations": entry.annotations,
                "accepted": entry.accepted,
                "misconceptions": entry.misconceptions,
                "mutants": {
                    "killed": entry.killed,
                    "survived": len(entry.survivors),
                    "equivalent": entry.equivalent,
                    "survivors": entry.survivors,
                }
                if entry.mutated
                else None,
            }
            for entry in self.entries
        ]
        return {"exercises": exercises, "totals": self.totals(), "problems": self.problems}

    def totals(self) -> dict[str, int]:
        """Counts over all exercises."""
        wrong = [each for entry in self.entries for each in entry.misconceptions]
        right = [each for entry in self.entries for each in entry.accepted]
        return {
            "exercises": len(self.entries),
            "references_passed": sum(entry.reference == "passed" for entry in self.entries),
            "stubs_not_started": sum(entry.stub == "not_started" for entry in self.entries),
            "accepted": len(right),
            "accepted_passed": sum(each["verdict"] == "passed" for each in right),
            "misconceptions": len(wrong),
            "misconceptions_rejected": sum(each["rejected"] for each in wrong),
            "misconceptions_named": sum(each["named"] for each in wrong),
            "misconceptions_nameable": sum(each["nameable"] for each in wrong),
            "misconceptions_confused": sum(each["confused"] is not None for each in wrong),
            "mutants_killed": sum(entry.killed for entry in self.entries),
            "mutants_survived": sum(len(entry.survivors) for entry in self.entries),
            "mutants_equivalent": sum(entry.equivalent for entry in self.entries),
        }


class Auditor:
    """Audits exercises on one model, back end and number of threads.

    Args:
        course: the course.
        model: a profile of course.yaml.
        backend: one of the bench's ways to compute; empty for its usual one.
        threads: torch threads of each program.
        device: a torch device.
        advance: told what is graded, how many programs are done, and how many there are.
        worker: a worker to use; by default one is started, and ended with the audit.
        jobs: how many programs are graded at once.
    """

    def __init__(
        self,
        course: Course,
        model: str,
        backend: str = "",
        threads: int = 1,
        device: str = "cpu",
        advance: Callable[[str, int, int], None] = lambda _what, _done, _total: None,
        worker: Worker | None = None,
        jobs: int = 1,
    ) -> None:
        self.course = course
        self.model = model
        self.backend = backend
        self.threads = threads
        self.device = device
        self.jobs = jobs
        self._advance = advance
        self._owns_worker = worker is None
        self._worker = worker or Worker(course.limits_of(model).start_seconds)
        hasty = course.limits.model_copy(update={"seconds": min(MUTANT_SECONDS, course.limits.seconds)})
        self._hasty = course.model_copy(update={"limits": hasty})

    def audit(self, exercises: Sequence[Exercise], *, with_mutants: bool = True) -> Audit:
        """Audit exercises: their programs, and unless told otherwise their mutants.

        Raises:
            BuildError: a source, its variants or a list of equivalent mutants is not right.
        """
        rules = broken_rules(self.course, exercises, self.model)
        audit = Audit([ExerciseAudit(exercise) for exercise in exercises], rules)
        excused = {lab: equivalents(self.course, lab) for lab in {exercise.lab for exercise in exercises}}
        try:
            self._programs(audit)
            if with_mutants:
                self._mutants(audit, excused)
        finally:
            if self._owns_worker:
                self._worker.close()
        return audit

    def portable(self, exercises: Sequence[Exercise]) -> tuple[int, list[str]]:
        """How many right programs there are, references and accepted variants, and what is wrong with them.

        A sentence each: what would fail on a GPU, and what does not pass here, so that nothing can be said of it.
        """
        entries = [ExerciseAudit(exercise) for exercise in exercises]
        queues: dict[str, list[tuple[str, Any]]] = {}
        for entry in entries:
            right = [each for each in programs(self.course, entry.exercise) if each.kind in ("reference", "accepted")]
            queues[entry.exercise.name] = [(program.source, program) for program in right]
        problems = []
        try:
            played = self._play(entries, queues, self.course, "right programs", replace(self._options, portable=True))
        finally:
            if self._owns_worker:
                self._worker.close()
        for entry, program, graded in played:
            where, result = f"{entry.exercise}, {program.name or program.kind}", graded.result
            problems += [f"{where} would fail on a GPU: {sentence}" for sentence in result.elsewhere or ()]
            if result.verdict not in ("passed", "not_applicable") or result.elsewhere is None:
                problems.append(
                    f"{where} is {result.verdict}, so what a GPU would refuse is not known: {result.message}"
                )
        return len(played), problems

    def _programs(self, audit: Audit) -> None:
        queues: dict[str, list[tuple[str, Any]]] = {}
        for entry in audit.entries:
            found = programs(self.course, entry.exercise)
            queues[entry.exercise.name] = [(program.source, program) for program in found]
            queues[entry.exercise.name].append((found[0].source + ANNOTATED, None))
        for entry, program, graded in self._play(audit.entries, queues, self.course, "programs"):
            verdict, distance = graded.result.verdict, graded.distance
            where = str(entry.exercise)
            said = len(audit.problems)
            if program is None:
                # Refusing a bad shape with another error than the docstring's is what checked annotations do.
                untrue = [check.message for check in graded.result.checks if "TypeCheckError:" in check.message]
                entry.annotations = "untrue" if untrue else "true"
                audit.problems += [f"{where}: its annotations are not true: {message}" for message in untrue[:1]]
            elif program.kind == "reference":
                entry.reference = verdict
                if verdict != "passed":
                    audit.problems.append(f"{where}: the reference is {verdict}: {graded.result.message}")
            elif program.kind == "stub":
                entry.stub = verdict
                if verdict != "not_started":
                    audit.problems.append(f"{where}: the stub is {verdict}")
            elif program.kind == "accepted":
                entry.accepted.append({"name": program.name, "verdict": verdict, "margin": _number(distance)})
                if verdict != "passed":
                    audit.problems.append(f"{where}: accepted {program.name} is {verdict}: {graded.result.message}")
                elif distance > NEAR:
                    audit.problems.append(f"{where}: accepted {program.name} is {distance:.2f} tolerances away")
            else:
                rejected = verdict != "passed" and verdict not in FAULTS
                named = graded.result.misconception == program.name
                confused, nameable = graded.confused, graded.tells
                entry.misconceptions.append(
                    {
                        "name": program.name,
                        "rejected": rejected,
                        "named": named,
                        "nameable": nameable,
                        "confused": confused,
                        "distance": _number(distance),
                    }
                )
                if not rejected:
                    audit.problems.append(f"{where}: misconception {program.name} is {verdict}")
                elif confused is not None:
                    audit.problems.append(f"{where}: {program.name} would be told the sentence of {confused}")
                elif not named and (nameable or graded.result.misconception is not None):
                    other = graded.result.misconception or "nothing"
                    audit.problems.append(f"{where}: misconception {program.name} is named {other}")
                elif distance < FAR:
                    audit.problems.append(
                        f"{where}: misconception {program.name} is only {distance:.1f} tolerances away"
                    )
            if entry.unjudged and program is not None and program.kind != "reference":
                del audit.problems[said:]  # of a grader that judges nothing the cause is told once, with the reference

    def _mutants(self, audit: Audit, allowed: Mapping[str, Mapping[str, Mapping[str, str]]]) -> None:
        queues: dict[str, list[tuple[str, Any]]] = {}
        # Of a grader that does not pass the reference no mutant can be said to survive, nor to be noticed.
        judging = [entry for entry in audit.entries if entry.reference == "passed"]
        for entry in judging:
            entry.mutated = True
            queues[entry.exercise.name] = [(mutant.source, mutant) for mutant in self.mutants_of(entry.exercise)]
        for entry, mutant, graded in self._play(judging, queues, self._hasty, "mutants"):
            verdict = graded.result.verdict
            if verdict != "passed" and verdict not in FAULTS:
                entry.killed += 1
            elif mutant.name in allowed[entry.exercise.lab].get(entry.exercise.name, {}):
                entry.equivalent += 1
            else:
                entry.survivors.append({"mutant": mutant.name, "operator": mutant.operator, "verdict": verdict})

    def mutants_of(self, exercise: Exercise) -> list[Mutant]:
        """The mutants of an exercise's solution, between its markers."""
        text = self.course.solution_path(exercise).read_text(encoding="utf-8")
        return mutants(text, mutated_lines(text), confusions=self.course.confusions)

    def _play(
        self,
        entries: list[ExerciseAudit],
        queues: dict[str, list[tuple[str, Any]]],
        course: Course,
        what: str,
        options: Options | None = None,
    ) -> list[tuple[ExerciseAudit, Any, GradedProgram]]:
        """Grade everything in the queues. Checks are collected once for all."""
        order = [(entry, *queued) for entry in entries for queued in queues[entry.exercise.name]]
        if not order:
            return []
        how = options or self._options

        def play(checks: Checks) -> list[GradedProgram]:
            def grades(grading: Grading) -> Callable[[int], GradedProgram]:
                return lambda place: _graded(grading, checks, order[place][0].exercise, *order[place][1:])

            def in_a_fork() -> Callable[[int], GradedProgram]:
                return grades(Grading(course, how, self._worker.lend(), explain=False))

            here = Grading(course, how, self._worker, explain=False)
            places, found = range(len(order)), []
            self._advance(what, 0, len(order))
            if self.jobs > 1 and len(order) > 1 and here.has_worker(order[0][0].exercise):
                graded = in_order(places, self.jobs, in_a_fork, grades(here), _failed)
            else:
                graded = map(grades(here), places)
            for place, one in enumerate(graded, 1):
                found.append(one)
                self._advance(f"{what}: {order[place - 1][0].exercise}", place, len(order))
            return found

        found = with_checks(course, [entry.exercise for entry in entries], play)
        return [(entry, program, graded) for (entry, _, program), graded in zip(order, found, strict=True)]

    @property
    def _options(self) -> Options:
        return Options(self.model, self.backend, self.device, threads=self.threads)


def _graded(grading: Grading, checks: Checks, exercise: Exercise, text: str, program: Any) -> GradedProgram:
    """Grade one program. What is told of its judged runs is told here: the runs themselves are large."""
    grader = grading.grader(Submission.from_texts({(exercise.lab, exercise.name): text}))
    result = grading.run(checks, grader, [exercise]).exercises[0]
    judged = grader.judged.get(exercise, ())
    own = getattr(program, "name", "")
    return GradedProgram(
        result,
        grader.distances.get(exercise, 0.0),
        tells((each.run, each.outcome) for each in judged if not each.passed),
        explanation(judged, [name for name in _known(grading, exercise) if name != own]),
    )


def _failed(graded: GradedProgram) -> bool:
    return machine_failed(graded.result)


def _known(grading: Grading, exercise: Exercise) -> Sequence[str]:
    """The misconceptions that are known of an exercise; none where its recording is missing, as its checks have said then."""
    try:
        return grading.references.names(exercise)
    except GraderError:
        return ()


def _number(distance: float) -> float | None:
    """JSON has no infinity: None says that the difference was none of values."""
    return round(distance, 4) if math.isfinite(distance) else None


def write_json(audit: Audit, path: Path) -> None:
    """Write the audit's tree."""
    path.write_text(json.dumps(audit.as_tree(), indent=1) + "\n", encoding="utf-8")
