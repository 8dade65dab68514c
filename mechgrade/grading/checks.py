"""The checks of some exercises, collected by pytest once and run for many submissions.

A pytest session of its own for every submission would import and rewrite the graders' files again each time. Here the session
stays open and its items are run again, which pytest provides for (``runtestprotocol`` renews an item's request). Hooks,
fixtures and verdicts are those of ``mechgrade grade``: the plugin is the same, only its grader is another for each submission.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from types import TracebackType

import pytest
from _pytest.config import Config, _prepareconfig

from mechgrade.course import Course, Exercise
from mechgrade.grading import plugin
from mechgrade.grading.grader import Grader
from mechgrade.grading.run import Bring, arguments, complete, without_autoload
from mechgrade.grading.verdicts import Result


class Checks:
    """Collected checks. A context: its session ends with it.

    Args:
        course: the course.
        exercises: whose checks.
        grader: any grader of the same cohort: whether there are hidden inputs, and which, is settled when checks are collected.

    Raises:
        CourseError: an exercise has no grader's file.
    """

    def __init__(self, course: Course, exercises: Sequence[Exercise], grader: Grader) -> None:
        self.course = course
        self._stack = ExitStack()
        self._stack.enter_context(without_autoload())
        self._bring = Bring(grader)
        self._config: Config = _prepareconfig(arguments(course, exercises), [self._bring])
        self._stack.callback(self._config._ensure_unconfigure)
        self._config._do_configure()
        session = pytest.Session.from_config(self._config)
        self._config.hook.pytest_sessionstart(session=session)
        self._stack.callback(self._config.hook.pytest_sessionfinish, session=session, exitstatus=0)
        self._config.hook.pytest_collection(session=session)
        self._items: dict[Exercise, list[pytest.Item]] = {}
        for item in session.items:
            self._items.setdefault(item.stash[plugin.EXERCISE], []).append(item)

    def __enter__(self) -> Checks:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def run(self, grader: Grader, exercises: Sequence[Exercise]) -> Result:
        """Grade some exercises of a submission, as ``run.grade`` does. The grader is finished afterwards."""
        self._config.stash[plugin.GRADER] = grader
        items = [item for exercise in exercises for item in self._items.get(exercise, [])]
        for item, following in zip(items, [*items[1:], None], strict=True):
            self._config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        result = grader.finish()
        complete(result, exercises, self._bring.broken, self.course)
        return result
