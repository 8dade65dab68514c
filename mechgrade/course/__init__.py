"""A course as objects: course.yaml, the sources of its exercises, their variants and hints.

The names below bring in what validates course.yaml when they are asked for. A learner's process needs ``modules`` and ``devices`` alone, and each
process would pay for the rest.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from mechgrade.errors import CourseError

if TYPE_CHECKING:
    from mechgrade.course.course import (
        ANSWERS_FILE,
        COURSE_FILE,
        Course,
        Exercise,
        Lab,
        ModelProfile,
        Question,
        find_course,
        load_course,
    )
    from mechgrade.protocol.limits import Limits

__all__ = [
    "ANSWERS_FILE",
    "COURSE_FILE",
    "Course",
    "CourseError",
    "Exercise",
    "Lab",
    "Limits",
    "ModelProfile",
    "Question",
    "find_course",
    "load_course",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = "mechgrade.protocol.limits" if name == "Limits" else "mechgrade.course.course"
    value = globals()[name] = getattr(importlib.import_module(module), name)
    return value
