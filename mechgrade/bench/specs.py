"""What course.yaml and a user's wishes come to: the spec of a bench."""

from __future__ import annotations

from mechgrade.bench.providers import provider_for
from mechgrade.course import Course, CourseError, Lab, devices
from mechgrade.protocol.job import BenchSpec


def bench_spec(
    course: Course,
    model: str | None = None,
    backend: str | None = None,
    device: str = "cpu",
    lab: Lab | None = None,
) -> BenchSpec:
    """The bench for one of the course's models.

    Args:
        course: the course.
        model: a profile of course.yaml; None for the default.
        backend: one of the provider's ways to compute; None, or one that only another lab's provider has, for its usual one.
        device: see :func:`mechgrade.course.devices.resolve`.
        lab: whose bench, with the parts of the model that the lab uses; None for the course's, with all parts.

    Raises:
        CourseError: an unknown profile, back end, device or provider; a model that the provider refuses.
    """
    profile = course.model(model)
    provider = provider_for(course, lab)
    known = [name for each in (None, *course.labs.values()) for name in provider_for(course, each).backends]
    if backend and backend not in known:
        there = (
            f"there are {' and '.join(dict.fromkeys(known))}" if known else "this course's bench has one way to compute"
        )
        raise CourseError(f"there is no back end {backend!r}; {there}")
    usual = provider.backends[0] if provider.backends else ""
    resolved = devices.resolve(device)
    wanted = profile.parts if lab is None else [part for part in profile.parts if part in lab.uses]
    spec = BenchSpec(
        provider=lab.bench if lab is not None and lab.bench else course.bench,
        model=course.place_of(profile.source),
        parts=tuple((part, course.place_of(profile.parts[part])) for part in wanted),
        backend=backend if backend and backend in provider.backends else usual,
        device=resolved if provider.devices else "cpu",
        modules=tuple(map(str, course.module_paths())),
        preload=tuple(course.preload),
    )
    refuses = getattr(provider, "refuses", None)  # an instructor's provider need not have it
    why = refuses(spec) if refuses is not None else ""
    if why:
        raise CourseError(why)
    return spec
