"""What a result depends on, as hashes: equal keys mean that grading again would give the same.

A key has two parts. The *base* is the exercise's: its grader, recording, points and limits, the engine, the model, the libraries, the
settings, the hidden secret. The learner's text makes a key of it. So a changed grader changes the keys of its own exercise alone.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from mechgrade.course import Course, CourseError, Exercise
from mechgrade.grading import recordings
from mechgrade.protocol.job import HUB, Isolation

#: The part of the engine that decides a verdict.
ENGINE = ("bench", "course", "grading", "protocol", "sandbox", "submissions", "worker")
PACKAGES = ("torch", "transformer-lens", "sae-lens", "numpy", "safetensors", "pytest")

#: Raised when the form of stored results changes.
SCHEMA = 1


@dataclass(frozen=True)
class Order:
    """How a cohort is graded: what every process that grades a part of it is told.

    Attributes:
        hidden: the secret of the hidden inputs.
        See ``mechgrade.grading.grader.Settings`` for the others.
    """

    model: str
    backend: str
    device: str
    isolation: Isolation
    threads: int = 1
    hidden: str | None = None

    def as_tree(self) -> dict[str, Any]:
        """The order as plain data."""
        return asdict(self)


def bases(course: Course, exercises: Sequence[Exercise], order: Order) -> dict[Exercise, str]:
    """The base of each exercise's keys.

    Raises:
        CourseError: a file that they depend on cannot be read.
    """
    try:
        common = {
            "schema": SCHEMA,
            # The digest alone is hashed on, so that nothing kept tells whether a guess of the secret is right without all the rest.
            "order": order.as_tree(),
            "limits": course.limits.model_dump(),
            "engine": _files(_engine()),
            "model": _model(course, order.model),
            "packages": {name: version(name) for name in PACKAGES},
            "python": sys.version,
        }
        shared = _digest(common)
        return {exercise: _base(course, exercise, order, shared) for exercise in exercises}
    except OSError as error:
        raise CourseError(f"{error.filename} cannot be read: {error.strerror}; grading depends on it") from None


def _base(course: Course, exercise: Exercise, order: Order, shared: str) -> str:
    return _digest(
        {
            "shared": shared,
            "exercise": [exercise.lab, exercise.name, exercise.points],
            "uses": course.lab(exercise.lab).uses,
            "files": _files(depends_on(course, exercise, order)),
        }
    )


def depends_on(course: Course, exercise: Exercise, order: Order) -> Iterator[Path]:
    """The files of an exercise on which its results depend, those that exist."""
    folder = course.grader_path(exercise).parent
    recording = recordings.path_of(course.root, order.model, exercise.lab, exercise.name)
    paths = [course.grader_path(exercise), recording, recording.with_suffix(".safetensors")]
    # What graders of a lab may share: helpers beside them, and pytest's own.
    paths += [path for path in sorted(folder.glob("*.py")) if not path.name.startswith("test_")]
    paths.append(folder.parent / "conftest.py")
    if order.hidden is not None or not recording.parents[1].is_dir():
        paths.append(course.solution_path(exercise))
    return (path for path in paths if path.is_file())


def _engine() -> Iterator[Path]:
    package = Path(__file__).parents[1]
    for part in ENGINE:
        path = package / part
        yield from sorted(path.rglob("*.py")) if path.is_dir() else [path]


def _model(course: Course, name: str) -> Any:
    profile = course.model(name)
    found: dict[str, Any] = profile.model_dump(mode="json")
    for part in [each for each in (profile.source, *profile.parts.values()) if each and not each.startswith(HUB)]:
        found[f"{part}: files"] = _files(path for path in sorted((course.root / part).rglob("*")) if path.is_file())
    return found


def key_of(base: str, text: str | None, problem: str = "") -> str:
    """The key of a result: of an exercise's base and the learner's text, or the reason why there is none."""
    return _digest({"base": base, "text": text, "problem": problem if text is None else ""})


def _files(paths: Iterable[Path]) -> list[tuple[str, str]]:
    # The name is enough: where the course lies changes nothing.
    return [(path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in paths]


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
