"""The bench for a learner's own experiments."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from mechgrade.bench.providers import provider_of
from mechgrade.bench.specs import bench_spec
from mechgrade.course import Course, Lab, find_course, load_course


def open_bench(
    model: str | None = None, backend: str | None = None, device: str | None = None, lab: str | None = None
) -> Any:
    """The bench of the course around the current directory, for a learner's own experiments.

    Args:
        model: a profile of course.yaml; by default the environment's ``MODEL``, or else the course's default.
        backend: one of the bench's ways to compute; by default the environment's ``BACKEND``, or else the usual one.
        device: a torch device; by default the environment's ``DEVICE``, or else the CPU.
        lab: whose bench; by default that of the lab whose file is running, or else the course's.
    """
    environment = os.environ.get
    course = load_course(find_course(Path.cwd()))
    spec = bench_spec(
        course,
        model or environment("MODEL"),
        backend or environment("BACKEND"),
        device or environment("DEVICE") or "cpu",
        course.lab(lab) if lab else _running(course),
    )
    return provider_of(spec.provider, map(Path, spec.modules)).make(spec)


def _running(course: Course) -> Lab | None:
    """The lab of the file that Python was started with."""
    path = Path(getattr(sys.modules.get("__main__"), "__file__", None) or "/")
    return course.labs.get(path.parent.name)
