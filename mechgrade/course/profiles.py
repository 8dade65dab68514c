"""A model profile of course.yaml as the bench that a worker opens."""

from __future__ import annotations

from mechgrade.course import devices
from mechgrade.course.course import Course
from mechgrade.errors import CourseError
from mechgrade.protocol.job import BenchSpec


def bench_spec(course: Course, model: str | None = None, backend: str = "bridge", device: str = "cpu") -> BenchSpec:
    """The bench for one of the course's model profiles.

    Raises:
        CourseError: an unknown profile, back end or device.
    """
    profile = course.model(model)
    if backend not in ("bridge", "hooked"):
        raise CourseError(f"there is no back end {backend!r}; there are bridge and hooked")
    name = str(course.root / profile.path) if profile.path else str(profile.hub)
    sae = str(course.root / profile.sae) if profile.sae else profile.hub_sae
    return BenchSpec(
        name, profile.path is not None, "bridge" if backend == "bridge" else "hooked", devices.resolve(device), sae=sae
    )
