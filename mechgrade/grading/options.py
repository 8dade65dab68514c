"""How to grade: asked for by a user and a course, settled once, and the same for every door.

Here, and nowhere else, the isolation that course.yaml asks for is enforced.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from mechgrade import sandbox
from mechgrade.bench.specs import bench_spec
from mechgrade.course import Course, CourseError, Lab, devices
from mechgrade.protocol.job import BenchSpec, Isolation

#: The levels, the weakest first.
LEVELS: tuple[Isolation, ...] = ("inline", "process", "full")


@dataclass(frozen=True)
class Options:
    """How to grade. :func:`resolve` makes one from what a user asks for.

    Attributes:
        model: the name of a profile of course.yaml.
        backend: one of the bench's ways to compute; empty for its usual one, and where it has one.
        device: a torch device.
        isolation: the level at which learners' code runs.
        threads: torch threads of a learner's process.
        dtype: of the model and of all real inputs; float64 only to measure noise.
        hidden: a secret from which inputs are drawn that no learner has seen; the reference then runs live on them.
        views: whether to keep small data of compared runs, for the pictures of a report.
        missing: what the machine lacks for ``full``, a sentence each, where that is why ``isolation`` is less.
        portable: whether to look, after a program has passed, for what would fail on another device.
    """

    model: str
    backend: str = ""
    device: str = "cpu"
    isolation: Isolation = "process"
    threads: int = 1
    dtype: Literal["float32", "float64"] = "float32"
    hidden: str | None = None
    views: bool = False
    missing: tuple[str, ...] = ()
    portable: bool = False

    def spec(self, course: Course, lab: Lab | None = None) -> BenchSpec:
        """The bench that the options ask for, of a lab or of the course."""
        return bench_spec(course, self.model, self.backend, self.device, lab).on(dtype=self.dtype)

    def as_tree(self) -> dict[str, Any]:
        """The options as plain data."""
        return asdict(self) | {"missing": list(self.missing)}


def options_of(tree: dict[str, Any]) -> Options:
    """The options that :meth:`Options.as_tree` wrote."""
    return Options(**{**tree, "missing": tuple(tree["missing"])})


def resolve(
    course: Course,
    *,
    model: str | None = None,
    backend: str | None = None,
    device: str = "cpu",
    isolation: str | None = None,
    require: str | None = None,
    hidden: str | None = None,
    threads: int = 1,
    views: bool = False,
    counts: bool = False,
    elsewhere: bool = False,
    portable: bool = False,
) -> Options:
    """Settle how to grade.

    Args:
        course: its ``isolation`` is the weakest level that is taken without being named.
        model: a profile of course.yaml; None for the course's default.
        backend: one of the bench's ways to compute; None for its usual one.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        isolation: the level to grade at; None for the best that the machine offers.
        require: a level below which nothing is to be graded, whatever was named.
        hidden: a secret for hidden inputs. Empty counts as None.
        threads: torch threads of a learner's process.
        views: whether to keep data for pictures.
        counts: whether the score is to count: then a user who names a level cannot go below the course's.
        elsewhere: whether other machines grade: they find out for themselves what they offer, and refuse.
        portable: whether to look for what would fail on another device.

    Raises:
        CourseError: no such model, back end, device or level; a level that this machine does not offer, with what is
            missing; hidden inputs without solutions; a look at other devices where it cannot be had.
    """
    spec = bench_spec(course, model, backend, device)
    if hidden and not (course.root / "solutions").is_dir():
        raise CourseError("hidden inputs need the references, and there is no solutions/ here")
    level, missing = _level(course, isolation, require, counts, elsewhere)
    if portable and level == "inline":
        raise CourseError("--portable runs your code in a process of its own: leave --isolation inline and --pdb out")
    if portable and not devices.is_cpu(spec.device):
        raise CourseError(f"--portable says what would fail on a GPU without one: leave --device {spec.device} out")
    return Options(
        course.model(model).name,
        spec.backend,
        spec.device,
        level,
        threads=threads,
        hidden=hidden or None,
        views=views,
        missing=missing,
        portable=portable,
    )


def _level(
    course: Course, wanted: str | None, required: str | None, counts: bool, elsewhere: bool
) -> tuple[Isolation, tuple[str, ...]]:
    if wanted is not None and wanted not in LEVELS:
        raise CourseError(f"there is no isolation {wanted!r}; there are {', '.join(reversed(LEVELS))}")
    if required is not None and required not in ("process", "full"):
        raise CourseError(f"--require-isolation takes full or process, not {required!r}")
    offered = sandbox.probe()
    best: Isolation = "full" if elsewhere else offered.level
    lacking = " ".join(offered.missing)
    level = best if wanted is None else LEVELS[LEVELS.index(wanted)]
    if level == "full" and best != "full":
        raise CourseError(f"isolation full is not to be had on this machine: {lacking}")
    # For a look at their own work, learners may name a level: a debugger needs inline.
    least: Isolation = "inline" if wanted is not None and not counts else course.isolation
    least = LEVELS[LEVELS.index(required)] if required else least
    if LEVELS.index(level) < LEVELS.index(least):
        whose = "--require-isolation" if required else "course.yaml"
        why = f": {lacking}" if best != "full" else ""
        raise CourseError(f"{whose} asks for isolation {least}, and this would be graded at {level}{why}")
    missing = tuple(offered.missing) if level == "process" and wanted is None else ()
    if level == "process" and (wanted is None or counts):
        as_root = sandbox.cannot_leave_root((*sandbox.interpreter_paths(), Path(__file__).parents[1]))
        missing += (as_root,) if as_root else ()
    return level, missing
