"""Record what the reference and every misconception give, with the reference's noise floor.

The checks run as they do when a learner is graded; a recorder answers them, and keeps each outcome.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mechgrade.authoring.graders import ungradable, wrong_sum
from mechgrade.authoring.keep import keep_equal
from mechgrade.bench.providers import provider_for
from mechgrade.course import Course, Exercise
from mechgrade.course.variants import Program, programs
from mechgrade.grading import recordings as files
from mechgrade.grading.calls import Call
from mechgrade.grading.checks import CheckFailed, Checks, with_checks
from mechgrade.grading.compare import compare, noise_between
from mechgrade.grading.dependencies import Dependencies
from mechgrade.grading.errors import GraderError
from mechgrade.grading.judge import failed
from mechgrade.grading.look import Look
from mechgrade.grading.needs import lacking
from mechgrade.grading.options import Options
from mechgrade.grading.recordings import Recording, Run
from mechgrade.grading.sessions import Runs, Sessions
from mechgrade.grading.verdicts import Check
from mechgrade.grading.worker import Worker
from mechgrade.protocol.outcome import Outcome
from mechgrade.protocol.wire import Tree

#: Told what is being run, how many rounds are done, and how many there are.
Advance = Callable[[str, int, int], None]

#: exercise → key of the call → outcome
Outcomes = dict[Exercise, dict[str, Outcome]]


class RecordError(Exception):
    """The reference cannot be recorded; one line for each reason."""


class Recorder:
    """The handler of the checks that compares nothing and keeps every outcome. See :class:`mechgrade.grading.checks.Handler`."""

    cancelled = False

    def __init__(self, sessions: Sessions, sources: Mapping[Exercise, str]) -> None:
        self.outcomes: Outcomes = {exercise: {} for exercise in sources}
        #: what is wrong with a program that should pass, a line for each check
        self.problems: list[str] = []
        #: what each check is worth, by its name
        self.points: dict[Exercise, dict[str, float]] = {exercise: {} for exercise in sources}
        #: why checks were left out, where some were
        self.left_out: dict[Exercise, str] = {}
        self._sessions = sessions
        self._sources = sources
        self._runs: Runs | None = None

    def compare(self, exercise: Exercise, call: Call) -> Tree:
        """The data, or the facts about it, whatever they are."""
        outcome = self._outcome(exercise, call)
        self.outcomes[exercise][call.key] = outcome
        return self._data(outcome)

    def run(self, exercise: Exercise, call: Call) -> Tree:
        """The data of a call that is not recorded."""
        return self._data(self._outcome(exercise, call))

    def _outcome(self, exercise: Exercise, call: Call) -> Outcome:
        if self._runs is None or self._runs.exercise != exercise:
            self.close()
            self._runs = Runs(self._sessions, exercise, lambda: self._sources[exercise])
        return self._runs.outcome(call)

    @staticmethod
    def _data(outcome: Outcome) -> Tree:
        if outcome.kind != "returned":
            raise CheckFailed(failed(outcome))
        return outcome.data

    def lacking(self, exercise: Exercise, needs: Mapping[str, Any]) -> str:
        """Why the model cannot give what is needed; empty where it can."""
        return lacking(self._sessions, exercise, needs)

    def reference(self, exercise: Exercise, call: Call) -> Tree:
        """Not known yet: a check whose own code fails here has a fault."""
        raise RecordError(f"{exercise}: nothing is recorded for {call.key} yet")

    def done(self, exercise: Exercise, check: Check, *, hidden: bool) -> None:
        """Keep what went wrong, and what the check is worth."""
        self.points[exercise][check.name] = check.max_points
        if check.verdict == "not_applicable":
            self.left_out[exercise] = check.message
        if check.verdict not in ("passed", "not_applicable"):
            self.problems.append(f"{exercise}: the reference fails {check.name}: {check.message}")

    def failed(self, exercise: Exercise) -> bool:
        """Whether a check of an exercise failed."""
        return any(problem.startswith(f"{exercise}: ") for problem in self.problems)

    def close(self) -> None:
        """End the process of the last exercise."""
        if self._runs is not None:
            self._runs.renew()


def record(
    course: Course,
    exercises: Sequence[Exercise],
    model: str,
    advance: Advance = lambda _what, _done, _total: None,
) -> list[Path]:
    """Record exercises on a model and write their files.

    Args:
        advance: told what is being run, how many rounds are done, and how many there are.

    Returns:
        the files written.

    Raises:
        RecordError: a grader cannot be read, or its points do not add up; a reference fails its own checks, or is no steady function
            of its inputs; a misconception takes too long.
        BuildError: a source or a variant is not right.
    """
    if wrong := ungradable(course, exercises):
        raise RecordError("\n".join(wrong))
    with Look(course.root) as look:  # before any of it is read: a change meanwhile makes what is recorded stale
        dependencies = Dependencies(course, model, look)
        made_from = {exercise: dependencies.recording(exercise) for exercise in exercises}
    worker = Worker(course.limits_of(model).start_seconds)
    try:
        recordings = with_checks(
            course, exercises, lambda checks: _record(course, checks, worker, exercises, model, advance)
        )
    finally:
        worker.close()
    written = []
    for exercise, recording in recordings.items():
        recording.provenance = made_from[exercise]
        path = files.path_of(course.root, model, exercise.lab, exercise.name)
        with contextlib.suppress(GraderError):  # nothing was recorded yet, or it is damaged
            recording = keep_equal(files.read(path), recording)
        files.write(path, recording)
        written.append(path)
    return written


def _record(
    course: Course, checks: Checks, worker: Worker, exercises: Sequence[Exercise], model: str, advance: Advance
) -> dict[Exercise, Recording]:
    variants = {exercise: programs(course, exercise) for exercise in exercises}
    wrong = {exercise: [p for p in found if p.kind == "misconception"] for exercise, found in variants.items()}
    references = {exercise: next(p for p in found if p.kind == "reference") for exercise, found in variants.items()}
    noise = _noise(course, exercises)
    rounds = max((len(found) for found in wrong.values()), default=0)
    total = 2 + len(noise) + rounds

    def play(chosen: Mapping[Exercise, Program], options: Options) -> tuple[Outcomes, list[str]]:
        """Run one program an exercise through all its checks; what came out, and which checks failed."""
        recorder = Recorder(
            Sessions(course, options, worker), {exercise: program.source for exercise, program in chosen.items()}
        )
        try:
            checks.run(recorder, list(chosen))
        finally:
            recorder.close()
        problems = recorder.problems
        for exercise, found in recorder.outcomes.items():
            if worth := recorder.points[exercise]:
                problems += wrong_sum(course, exercise, sum(worth.values()))
            if not found and not recorder.failed(exercise):
                why = recorder.left_out.get(exercise) or checks.why_none(course.grader_path(exercise))
                problems.append(f"{exercise}: no check of it could be run: {why}")
        return recorder.outcomes, problems

    advance("reference", 0, total)
    base, problems = play(references, Options(model))
    if problems:
        raise RecordError("\n".join(problems))
    advance("reference again", 1, total)
    again, problems = play(references, Options(model))
    problems += [problem for exercise in exercises for problem in _unsteady(exercise, base[exercise], again[exercise])]
    if problems:
        raise RecordError("\n".join(problems))
    recordings = {
        exercise: Recording(
            sentences={program.name: program.sentence for program in wrong[exercise]},
            runs={key: Run(outcome.data, {}) for key, outcome in base[exercise].items()},
        )
        for exercise in exercises
    }
    for done, (changes, concerned) in enumerate(noise):
        label = f"reference with {', '.join(f'{name} {value}' for name, value in changes.items())}"
        advance(label, 2 + done, total)
        other, problems = play({exercise: references[exercise] for exercise in concerned}, Options(model, **changes))
        problems += _add_noise({exercise: recordings[exercise] for exercise in concerned}, other, label)
        if problems:
            raise RecordError("\n".join(problems))
    for place in range(rounds):
        advance(f"misconceptions, round {place + 1} of {rounds}", 2 + len(noise) + place, total)
        chosen = {exercise: found[place] for exercise, found in wrong.items() if place < len(found)}
        outcomes, _ = play(chosen, Options(model))
        for exercise, program in chosen.items():
            for key, outcome in outcomes[exercise].items():
                if outcome.kind == "timed_out":  # it would be named to whoever's code is slow, for whatever reason
                    raise RecordError(
                        f"{exercise.name}: the misconception {program.name} gives no answer in time to {key}"
                    )
                recordings[exercise].runs[key].misconceptions[program.name] = outcome.as_tree()
    return recordings


def _unsteady(exercise: Exercise, first: Mapping[str, Outcome], second: Mapping[str, Outcome]) -> Iterator[str]:
    """What gave something else in a second process. No learner's code could be held against such data.

    Only the first of an exercise: what is drawn in one call is drawn in all.
    """
    for key, outcome in first.items():
        other = second.get(key)
        found = compare(outcome.data, other.data, {}, nan_equal=True).difference if other is not None else None
        if other is None or found is not None:
            where = f"at {found.path} " if found is not None and found.path else ""
            yield (
                f"{exercise}: the reference does not give the same twice: {key} gave something else {where}when it was run again. Draw "
                "only with a generator that the call's inputs seed; results of chance are compared by facts (docs/authoring.md)"
            )
            return


def _noise(course: Course, exercises: Sequence[Exercise]) -> list[tuple[dict[str, Any], list[Exercise]]]:
    """The other ways to compute the same, whose spread is the noise floor, and whose exercises' bench has each."""
    found: list[tuple[dict[str, Any], list[Exercise]]] = []
    for exercise in exercises:
        for changes in provider_for(course, course.lab(exercise.lab)).noise:
            concerned = next((some for known, some in found if known == changes), None)
            if concerned is None:
                found.append((dict(changes), concerned := []))
            concerned.append(exercise)
    return found


def _add_noise(recordings: Mapping[Exercise, Recording], other: Outcomes, label: str) -> list[str]:
    problems = []
    for exercise, recording in recordings.items():
        for key, run in recording.runs.items():
            outcome = other[exercise].get(key)
            if outcome is None or outcome.kind != "returned":
                problems.append(f"{exercise.name}: {key} gave nothing with {label}")
                continue
            try:
                spread = noise_between(run.reference, outcome.data)
            except ValueError as error:
                problems.append(f"{exercise.name}: {key} differs in more than rounding with {label}: {error}")
                continue
            for path, noise in spread.items():
                run.noise[path] = max(run.noise.get(path, 0.0), noise)
    return problems
