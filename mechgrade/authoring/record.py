"""Record what the reference and every misconception give, with the reference's noise floor.

Recording is grading with a tape in place of the comparison: pytest runs the checks, the tape keeps each outcome.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from mechgrade.authoring.keep import keep_equal
from mechgrade.course import Course, Exercise
from mechgrade.course.variants import Program, programs
from mechgrade.grading import recordings as files
from mechgrade.grading.compare import noise_between
from mechgrade.grading.dependencies import Dependencies
from mechgrade.grading.errors import GraderError
from mechgrade.grading.grader import CheckFailed, Grader, Settings
from mechgrade.grading.judge import failed
from mechgrade.grading.look import Look
from mechgrade.grading.recordings import Facts, Recording, Run, key_of
from mechgrade.grading.run import grade
from mechgrade.grading.worker import Worker
from mechgrade.protocol.outcome import Outcome
from mechgrade.protocol.wire import Tree
from mechgrade.submissions.submission import find_submission

#: The other ways to compute the same, whose spread is the noise floor: (back end, type, threads).
NOISE = (("bridge", "float32", 2), ("hooked", "float32", 1), ("bridge", "float64", 1), ("hooked", "float64", 1))

Tapes = dict[str, dict[str, Outcome]]


class RecordError(Exception):
    """The reference cannot be recorded; one line for each reason."""


class Tape(Grader):
    """A grader that compares nothing and keeps every outcome: exercise → key of the run → outcome."""

    def __init__(self, course: Course, settings: Settings, worker: Worker) -> None:
        super().__init__(course, settings, worker)
        self.tapes: Tapes = {}

    def compare(
        self,
        exercise: Exercise,
        scenario: str,
        inputs: dict[str, Any],
        *,
        facts: Facts | None = None,
    ) -> Tree:
        """The data, or the facts about it, whatever they are."""
        outcome = self.outcome(exercise, scenario, inputs).reduced(facts)
        self.tapes.setdefault(exercise.name, {})[key_of(scenario, inputs, facts)] = outcome
        if outcome.kind != "returned":
            raise CheckFailed(failed(outcome), None, "")
        return outcome.data


def record(
    course: Course,
    exercises: Sequence[Exercise],
    model: str,
    advance: Callable[[str, int, int], None] = lambda _what, _done, _total: None,
) -> list[Path]:
    """Record exercises on a model and write their files.

    Args:
        advance: told what is being run, how many rounds are done, and how many there are.

    Returns:
        the files written.

    Raises:
        RecordError: a reference fails its own checks, or is no steady function of its inputs; a misconception takes too long.
    """
    variants = {exercise.name: programs(course, exercise) for exercise in exercises}
    wrong = {name: [p for p in found if p.kind == "misconception"] for name, found in variants.items()}
    references = {name: next(p for p in found if p.kind == "reference") for name, found in variants.items()}
    rounds = max((len(found) for found in wrong.values()), default=0)
    total = 1 + len(NOISE) + rounds
    with Look(course.root) as look:  # before any of it runs: a change meanwhile makes what is recorded stale
        dependencies = Dependencies(course, model, look)
        made_from = {exercise.name: dependencies.recording(exercise) for exercise in exercises}
    worker = Worker(course.limits_of(model).start_seconds)
    try:
        advance("reference", 0, total)
        base, problems = _play(course, worker, exercises, model, references)
        if problems:
            raise RecordError("\n".join(problems))
        recordings = {
            exercise.name: Recording(
                made_from[exercise.name],
                {program.name: program.sentence for program in wrong[exercise.name]},
                {key: Run(outcome.data, {}) for key, outcome in base.get(exercise.name, {}).items()},
            )
            for exercise in exercises
        }
        for done, (backend, dtype, threads) in enumerate(NOISE):
            label = f"reference, {backend}, {dtype}, {threads} thread(s)"
            advance(label, 1 + done, total)
            other, problems = _play(course, worker, exercises, model, references, backend, dtype, threads)
            problems += _add_noise(recordings, other, label)
            if problems:
                raise RecordError("\n".join(problems))
        for place in range(rounds):
            advance(f"misconceptions, round {place + 1} of {rounds}", 1 + len(NOISE) + place, total)
            chosen = {name: found[place] for name, found in wrong.items() if place < len(found)}
            some = [exercise for exercise in exercises if exercise.name in chosen]
            tapes, _ = _play(course, worker, some, model, chosen)
            for name, program in chosen.items():
                for key, outcome in tapes.get(name, {}).items():
                    if outcome.kind == "timed_out":  # it would be named to whoever's code is slow, for whatever reason
                        raise RecordError(f"{name}: the misconception {program.name} gives no answer in time to {key}")
                    recordings[name].runs[key].misconceptions[program.name] = outcome.as_tree()
    finally:
        worker.close()
    written = []
    for exercise in exercises:
        path = files.path_of(course.root, model, exercise.lab, exercise.name)
        recording = recordings[exercise.name]
        with contextlib.suppress(GraderError):  # nothing was recorded yet, or it is damaged
            recording = keep_equal(files.read(path), recording)
        files.write(path, recording)
        written.append(path)
    return written


def _play(
    course: Course,
    worker: Worker,
    exercises: Sequence[Exercise],
    model: str,
    chosen: dict[str, Program],
    backend: str = "bridge",
    dtype: str = "float32",
    threads: int = 1,
) -> tuple[Tapes, list[str]]:
    """Run one program an exercise through all its checks; what the tape kept, and which checks failed."""
    with tempfile.TemporaryDirectory(prefix="mechgrade-record-") as folder:
        for exercise in exercises:
            path = Path(folder, exercise.lab, f"{exercise.name}.py")
            path.parent.mkdir(exist_ok=True)
            path.write_text(chosen[exercise.name].source, encoding="utf-8")
        settings = Settings(find_submission(course, Path(folder)), model, backend, isolation="process", threads=threads)
        tape = Tape(course, settings, worker)
        tape.spec = tape.spec.on(dtype=dtype)
        result = grade(tape, exercises)
    problems = [
        f"{entry.lab}/{entry.exercise}: the reference fails {check.name}: {check.message}"
        for entry in result.exercises
        for check in entry.checks
        if check.verdict != "passed"
    ]
    return tape.tapes, problems


def _add_noise(recordings: dict[str, Recording], other: Tapes, label: str) -> list[str]:
    problems = []
    for name, recording in recordings.items():
        for key, run in recording.runs.items():
            outcome = other.get(name, {}).get(key)
            if outcome is None or outcome.kind != "returned":
                problems.append(f"{name}: {key} gave nothing with {label}")
                continue
            try:
                spread = noise_between(run.reference, outcome.data)
            except ValueError as error:
                problems.append(f"{name}: {key} differs in more than rounding with {label}: {error}")
                continue
            for path, noise in spread.items():
                run.noise[path] = max(run.noise.get(path, 0.0), noise)
    return problems
