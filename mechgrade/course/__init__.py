"""A course as objects: course.yaml, the sources of its exercises, their variants and hints."""

from mechgrade.course.course import (
    COURSE_FILE,
    Course,
    Exercise,
    Lab,
    ModelProfile,
    find_course,
    load_course,
)
from mechgrade.errors import CourseError
from mechgrade.protocol.limits import Limits

__all__ = [
    "COURSE_FILE",
    "Course",
    "CourseError",
    "Exercise",
    "Lab",
    "Limits",
    "ModelProfile",
    "find_course",
    "load_course",
]
