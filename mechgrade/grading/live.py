"""The reference, run live: for hidden inputs and for models that nothing was recorded on.

It runs in a process of its own, like a learner's file, and only where the solutions are: on an instructor's machine.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from mechgrade.course import Course, Exercise
from mechgrade.grading import recordings
from mechgrade.grading.compare import noise_between
from mechgrade.grading.errors import GraderError
from mechgrade.grading.recordings import Facts, Run, key_of
from mechgrade.protocol.outcome import Outcome
from mechgrade.protocol.wire import Array, Tree

if TYPE_CHECKING:
    from mechgrade.grading.grader import Grader
    from mechgrade.protocol.job import BenchSpec


#: What stands in for the spread of rounding, as a share of a leaf's magnitude, where the reference is not run twice.
SPREAD = 1e-5


class LiveReference:
    """Runs one exercise's reference on the inputs that a learner's code was given."""

    def __init__(self, grader: Grader, exercise: Exercise) -> None:
        self._grader = grader
        self._exercise = exercise
        self._path = grader.course.solution_path(exercise)

    @cached_property
    def wanted(self) -> bool:
        """Whether runs that were not recorded are to be run live: hidden inputs, or a model without recordings."""
        folder = recordings.path_of(self._grader.course.root, self._grader.model, "", "").parent
        return self._path.is_file() and (self._grader.settings.hidden is not None or not folder.is_dir())

    def run(self, scenario: str, inputs: dict[str, Any], facts: Facts | None = None) -> Run:
        """The reference's data, or the facts about it, with a noise floor from the other back end where that costs little.

        Computed once for all submissions that are graded together.

        Raises:
            GraderError: the reference fails.
        """
        known = self._grader.shared.references.setdefault((self._exercise.lab, self._exercise.name), {})
        key = key_of(scenario, inputs, facts)
        if key not in known:
            known[key] = self._compute(scenario, inputs, facts)
        return known[key]

    def _compute(self, scenario: str, inputs: dict[str, Any], facts: Facts | None) -> Run:
        spec = self._grader.spec_for(self._exercise)
        outcome = self._outcome(spec, scenario, inputs).reduced(facts)
        if not spec.local:
            # A second copy of a large model is too dear: the usual share of the magnitude stands in for the spread.
            return Run(outcome.data, dict(_share(outcome.data, "")))
        other = self._outcome(
            spec.on(backend="hooked" if spec.backend == "bridge" else "bridge"), scenario, inputs
        ).reduced(facts)
        try:
            return Run(outcome.data, noise_between(outcome.data, other.data))
        except ValueError as error:
            raise GraderError(f"the back ends disagree on {key_of(scenario, inputs)}: {error}") from None

    def _outcome(self, spec: BenchSpec, scenario: str, inputs: dict[str, Any]) -> Outcome:
        session = self._grader.open(self._exercise, self._path.read_text(encoding="utf-8"), spec)
        try:
            outcome = session.run(scenario, inputs)
        finally:
            session.close()
        if outcome.kind != "returned":
            raise GraderError(f"the reference fails on {key_of(scenario, inputs)}: {outcome.message}")
        return outcome


def without_reference(course: Course, model: str | None) -> str:
    """Why nothing can be graded on a model: neither recordings nor solutions. Empty where there is one of them."""
    name = course.model(model).name
    folder = recordings.path_of(course.root, name, "", "").parent
    if folder.is_dir() or (course.root / "solutions").is_dir():
        return ""
    return (
        f"nothing to compare with on {name}: it has no recordings here ({folder.relative_to(course.root)}), and there is no solutions/ to "
        f"run live; an instructor makes them with `mechgrade record --model {name}`, and you put them there"
    )


def _share(tree: Tree, path: str) -> list[tuple[str, float]]:
    if isinstance(tree, Array):
        if tree.values.dtype.kind != "f" or not tree.values.size:
            return []
        return [(path, SPREAD * float(abs(tree.values.astype(float)).max()))]
    if isinstance(tree, float):
        return [(path, SPREAD * abs(tree))]
    if isinstance(tree, dict):
        return [pair for key, value in tree.items() for pair in _share(value, f"{path}[{key!r}]")]
    if isinstance(tree, list | tuple):
        return [pair for place, value in enumerate(tree) for pair in _share(value, f"{path}[{place}]")]
    return []
