"""The call by which a check failed, made again in this process: for the debugger, and for a learner in Python.

``failing_call("row_means")`` gives the arguments, so ``row_means(**failing_call("row_means"))`` is the call.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mechgrade.course import CourseError, find_course, load_course
from mechgrade.doors.learner.meant import named_file
from mechgrade.grading.grade import Grading
from mechgrade.grading.options import resolve
from mechgrade.protocol.wire import numbers
from mechgrade.submissions.find import find_submission
from mechgrade.worker.exercise import Exercise as Guarded
from mechgrade.worker.exercise import load
from mechgrade.worker.inline import Inline
from mechgrade.worker.runner import load_grader

#: What is said of a call that does not fit the function's arguments: it cannot be made again.
UNFIT = "keep the stub's signature"

#: Takes a guarded function and what it is called with.
Use = Callable[[Callable[..., Any], tuple[Any, ...], dict[str, Any]], Any]


class Reached(BaseException):
    """The call was reached, and nothing after it matters. No ``Exception``: a scenario that catches those must not catch it."""


class UpToACall(Guarded):
    """The learner's functions up to one call, which is handed over.

    Args:
        module: the learner's module.
        function: the function's name.
        before: how many of its calls are made as they are.
        use: takes the call.
    """

    def __init__(self, module: types.ModuleType, function: str, before: int, use: Use) -> None:
        super().__init__(module)
        self._function = function
        self._left = before
        self._use = use

    @property
    def unguarded(self) -> Any:
        """The functions without the guard, up to the call."""
        inner = UpToACall(self._module, self._function, self._left, self._use)
        inner._guard = lambda name, function: inner._counted(name, function)  # type: ignore[method-assign]  # counted, and not guarded
        return inner

    def _guard(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        return self._counted(name, super()._guard(name, function))

    def _counted(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        if name != self._function:
            return function

        def call(*args: Any, **kwargs: Any) -> Any:
            self._left -= 1
            if self._left >= 0:
                return function(*args, **kwargs)
            self._use(function, args, kwargs)
            raise Reached

        return call


def failing_call(exercise: str) -> dict[str, Any]:
    """The arguments of the call by which the first check of an exercise fails.

    Args:
        exercise: its name, in the course around the current directory, or the path of another file of it.

    Raises:
        CourseError: every check passes, or no single call of one of its functions fails.
    """
    course = load_course(find_course())
    submission = named_file(course, exercise)
    found = submission.exercises[0] if submission is not None else course.exercise(exercise)
    if submission is None:
        submission = find_submission(course, course.root / "exercises", found.lab, [found])
    inline = Inline()
    grading = Grading(course, resolve(course, isolation="inline"), inline)
    grader = grading.grader(submission)
    (entry,) = grading.grade(grader, [found]).exercises
    failure = grader.failure
    if failure is None or failure.number is None or UNFIT in failure.judgement.message:
        raise CourseError(
            f"{found}: {'every check passes' if entry.verdict == 'passed' else f'no single call fails; {entry.message}'}"
        )
    function, before = failure.number
    arguments: dict[str, Any] = {}

    def keep(called: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        arguments.update(inspect.signature(getattr(module, function)).bind(*args, **kwargs).arguments)

    module = load(submission.source(found), str(submission.file(found)), Path(submission.file(found)).stem)
    scenario = getattr(load_grader(course.grader_path(found)), failure.call.scenario)
    try:
        scenario(
            UpToACall(module, function, before, keep),
            inline.bench(grading.sessions.spec_for(found)),
            **{name: numbers(value) for name, value in failure.call.given.items()},
        )
    except Reached:
        return arguments
    raise CourseError(f"{found}: the call was not made again")
