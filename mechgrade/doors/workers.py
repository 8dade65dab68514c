"""Which opener of learners' processes a door uses: a worker of its own, a warm one, or this process itself for a debugger."""

from __future__ import annotations

from mechgrade.course import Course
from mechgrade.grading.options import Options
from mechgrade.grading.sessions import Opener
from mechgrade.grading.worker import Worker


def open_worker(course: Course, options: Options, *, warm: bool = False) -> Opener:
    """What opens the learners' processes; the caller closes it.

    Args:
        course: the course.
        options: the level of isolation decides, and the model how long loading may take.
        warm: let the worker outlive the command, for the next one.
    """
    seconds = course.limits_of(options.model).start_seconds
    if options.isolation == "inline":
        from mechgrade.worker.inline import Inline  # torch comes with it; only debugging pays for that

        return Inline()
    if warm:
        from mechgrade import sandbox
        from mechgrade.grading.warm.worker import WarmWorker

        return WarmWorker(course, seconds, sandbox.probe().level)
    return Worker(seconds)
