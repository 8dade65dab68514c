"""What the reference and the misconceptions give on any inputs: recorded, or run live where the solutions are at hand.

Nothing here comes from a learner. One object serves all submissions that are graded together, so each live run happens once.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from functools import cached_property
from pathlib import Path

import numpy as np

from mechgrade.bench.providers import provider_of
from mechgrade.course import Course, Exercise
from mechgrade.course.source import BuildError
from mechgrade.course.variants import Program, programs
from mechgrade.grading import recordings
from mechgrade.grading.calls import Call
from mechgrade.grading.compare import noise_between
from mechgrade.grading.diagnose import Found
from mechgrade.grading.errors import GraderError, InfrastructureError, WorkerGone
from mechgrade.grading.recordings import Recording, Run
from mechgrade.grading.sessions import Runs, Sessions
from mechgrade.protocol.job import BenchSpec
from mechgrade.protocol.outcome import Outcome
from mechgrade.protocol.wire import Array, Tree

#: What stands in for the spread of rounding, as a share of a leaf's magnitude, where it cannot be measured.
SPREAD = 1e-5

REFERENCE = "reference"


class References:
    """The measure for every run of every exercise, on one model.

    Args:
        sessions: runs programs live; they must be at an isolation that suits the course's own code.
    """

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._course = sessions.course
        self._model = sessions.options.model
        self._recordings: dict[Exercise, Recording] = {}
        self._programs: dict[Exercise, dict[str, Program]] = {}
        #: (lab, exercise) → (program, key of the call) → what it gave
        self._live: dict[tuple[str, str], dict[tuple[str, str], Run]] = {}

    # --- the reference -----------------------------------------------------------------------------------------------

    def run(self, exercise: Exercise, call: Call) -> Run:
        """What the reference gives.

        Raises:
            GraderError: nothing was recorded for this call and nothing may be run live; or the reference fails.
        """
        if self._has_recordings:
            recorded = self.recording(exercise).runs.get(call.key)
            if recorded is not None:
                return recorded
        if not self._may_run(exercise):
            name = self._path(exercise).name
            raise GraderError(
                f"nothing is recorded for {call.key} in {name}; run `mechgrade record`, the checks have changed"
            )
        runs = self._runs_of(exercise)
        if (REFERENCE, call.key) not in runs:
            runs[REFERENCE, call.key] = self._reference(exercise, call)
        return runs[REFERENCE, call.key]

    def _reference(self, exercise: Exercise, call: Call) -> Run:
        outcome = self._once(exercise, REFERENCE, call)
        if outcome.kind != "returned":
            raise GraderError(f"the reference fails on {call.key}: {outcome.message}")
        return Run(outcome.data, self._noise(exercise, call, outcome.data))

    def _noise(self, exercise: Exercise, call: Call, data: Tree) -> dict[str, float]:
        """The noise floor by the other back end, or else in float64; where neither can be had, the usual share of the magnitude."""
        spec = self._sessions.spec_for(exercise)
        for way, other in self._other_ways(spec):
            try:
                outcome = self._once(exercise, REFERENCE, call, other)
            except WorkerGone:
                raise
            except InfrastructureError:  # a help, and no condition: it may not know this model
                continue
            if outcome.kind != "returned":
                continue
            try:
                return noise_between(data, outcome.data)
            except ValueError as error:
                raise GraderError(f"the reference gives something else {way} on {call.key}: {error}") from None
        return dict(_share(data, ""))

    @staticmethod
    def _other_ways(spec: BenchSpec) -> Iterator[tuple[str, BenchSpec]]:
        """In which other ways the same can be computed, in words and as a bench."""
        provider = provider_of(spec.provider, map(Path, spec.modules))
        if not spec.model or not spec.local:  # a second copy of a large model is too dear
            return
        others = [name for name in provider.backends if name != spec.backend]
        if others:
            yield f"on the back end {others[0]}", spec.on(backend=others[0])
            if any("dtype" in each for each in provider.noise) and spec.dtype != "float64":
                yield "in float64", spec.on(dtype="float64")

    # --- the misconceptions ------------------------------------------------------------------------------------------

    def names(self, exercise: Exercise) -> list[str]:
        """The exercise's misconceptions, in the order in which they were written; none where nothing is known of them."""
        if self._has_recordings:
            return list(self.recording(exercise).sentences)
        return [name for name, program in self._known_programs(exercise).items() if program.kind == "misconception"]

    def sentence(self, exercise: Exercise, name: str) -> str:
        """What to tell a learner who shows a misconception."""
        if self._has_recordings:
            return self.recording(exercise).sentences.get(name, "")
        return self._known_programs(exercise)[name].sentence

    def misconceptions(self, exercise: Exercise, call: Call, names: Collection[str]) -> Found:
        """What some misconceptions give. On inputs that were not recorded they are run, where the solutions are at hand."""
        run = self.run(exercise, call)
        if run.misconceptions or not self._may_run(exercise):
            return {name: run.misconceptions[name] for name in names if name in run.misconceptions}
        runs = self._runs_of(exercise)
        known = [name for name in names if name in self._known_programs(exercise)]
        for name in known:
            if (name, call.key) not in runs:
                runs[name, call.key] = Run(self._once(exercise, name, call).as_tree(), {})
        return {name: runs[name, call.key].reference for name in known}

    # --- what is known so far ----------------------------------------------------------------------------------------

    def recording(self, exercise: Exercise) -> Recording:
        """The exercise's recording, read when it is first asked for.

        Raises:
            GraderError: it is missing or corrupt.
        """
        if exercise not in self._recordings:
            self._recordings[exercise] = recordings.read(self._path(exercise))
        return self._recordings[exercise]

    def live_runs(self, lab: str, exercise: str) -> dict[tuple[str, str], Run]:
        """What was run live for an exercise: (program, key of the call) → what it gave."""
        return dict(self._live.get((lab, exercise), {}))

    def add(self, lab: str, exercise: str, program: str, key: str, run: Run) -> None:
        """Take what was run elsewhere."""
        self._live.setdefault((lab, exercise), {})[program, key] = run

    # --- how ---------------------------------------------------------------------------------------------------------

    @cached_property
    def _has_recordings(self) -> bool:
        # A model with recordings has one for every exercise: that it is missing is an error, and not a reason to do without.
        return _folder(self._course, self._model).is_dir()

    def _may_run(self, exercise: Exercise) -> bool:
        wanted = self._sessions.options.hidden is not None or not self._has_recordings
        return wanted and self._course.solution_path(exercise).is_file()

    def _path(self, exercise: Exercise) -> Path:
        return recordings.path_of(self._course.root, self._model, exercise.lab, exercise.name)

    def _runs_of(self, exercise: Exercise) -> dict[tuple[str, str], Run]:
        return self._live.setdefault((exercise.lab, exercise.name), {})

    def _known_programs(self, exercise: Exercise) -> dict[str, Program]:
        if exercise not in self._programs:
            try:
                found = programs(self._course, exercise) if self._may_run(exercise) else []
            except BuildError as error:
                raise GraderError(f"the sources of {exercise} cannot be read: {error}") from None
            self._programs[exercise] = {program.name: program for program in found}
        return self._programs[exercise]

    def _once(self, exercise: Exercise, program: str, call: Call, other: BenchSpec | None = None) -> Outcome:
        """One run of a program of the course, in a process of its own. That the worker was killed says nothing of the program."""
        source = self._known_programs(exercise)[program].source
        runs = Runs(self._sessions, exercise, lambda: source, other or self._sessions.spec_for(exercise))
        try:
            return runs.surely(call)
        finally:
            runs.renew()


def without_reference(course: Course, model: str | None) -> str:
    """Why nothing can be graded on a model: there are no recordings and no solutions. Empty where there is one of them."""
    name = course.model(model).name
    folder = _folder(course, name)
    if folder.is_dir() or (course.root / "solutions").is_dir():
        return ""
    return (
        f"nothing to compare with on {name}: it has no recordings here ({folder.relative_to(course.root)}), and there is no solutions/ to "
        f"run live; an instructor makes them with `mechgrade record --model {name}`, and you put them there"
    )


def runs_live(course: Course, model: str, hidden: str | None) -> bool:
    """Whether references are run live on a model: for hidden inputs, or where nothing was recorded."""
    return hidden is not None or not _folder(course, model).is_dir()


def _folder(course: Course, model: str) -> Path:
    return recordings.path_of(course.root, model, "", "").parent


def _share(tree: Tree, path: str) -> Iterator[tuple[str, float]]:
    if isinstance(tree, Array):
        values = tree.values.astype(float) if tree.values.dtype.kind == "f" else np.zeros(0)
        yield path, SPREAD * float(np.abs(values[np.isfinite(values)]).max(initial=0.0))
    elif isinstance(tree, float):
        yield path, SPREAD * abs(tree) if math.isfinite(tree) else 0.0
    elif isinstance(tree, dict):
        for key, value in tree.items():
            yield from _share(value, f"{path}[{key!r}]")
    elif isinstance(tree, list | tuple):
        for place, value in enumerate(tree):
            yield from _share(value, f"{path}[{place}]")
