"""The bench for a learner's own experiments."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from mechgrade.bench import files
from mechgrade.bench.provider import BenchError
from mechgrade.bench.providers import provider_of
from mechgrade.bench.specs import bench_spec
from mechgrade.course import Course, CourseError, Lab, find_course, load_course
from mechgrade.course.devices import see_here
from mechgrade.course.modules import course_around


def open_bench(
    model: str | None = None, backend: str | None = None, device: str | None = None, lab: str | None = None
) -> Any:
    """The bench of the course around the current directory or the running file, for a learner's own experiments.

    Args:
        model: a profile of course.yaml; by default the environment's ``MODEL``, or else the course's default.
        backend: one of the bench's ways to compute; by default the environment's ``BACKEND``, or else the usual one.
        device: a torch device; by default the environment's ``DEVICE``, or else the CPU.
        lab: whose bench; by default that of the lab whose file is running, or else the course's.

    Raises:
        BenchError: this is a learner's code while it is graded; or the model cannot be had.
        CourseError: there is no course here, or no such device; the model can be used for nothing.
    """
    environment = os.environ.get
    course = _course()
    wanted = device or environment("DEVICE") or "cpu"
    see_here(wanted)
    spec = bench_spec(
        course,
        model or environment("MODEL"),
        backend or environment("BACKEND"),
        wanted,
        course.lab(lab) if lab else _running(course),
    )
    return provider_of(spec.provider, map(Path, spec.modules)).make(spec)


def _course() -> Course:
    if not files.is_graded():
        return course_around() or load_course(find_course())  # the latter says why there is none
    try:
        return load_course(find_course())  # at isolation inline the course is in sight
    except CourseError:
        raise BenchError(
            "`open_bench()` opens a model for your own experiments, and cannot do so while your code is graded. There the grader "
            'hands your function what it needs, as arguments. Put `open_bench()` below `if __name__ == "__main__":`, where it '
            "runs only for you"
        ) from None


def _running(course: Course) -> Lab | None:
    """The lab of the file that Python was started with."""
    path = Path(getattr(sys.modules.get("__main__"), "__file__", None) or "/")
    return course.labs.get(path.parent.name)
