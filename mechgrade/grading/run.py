"""Grade a submission: pytest over the graders' files, in this process, with the plugin."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from mechgrade.course import Course, CourseError, Exercise
from mechgrade.grading import plugin
from mechgrade.grading.grader import Grader
from mechgrade.grading.verdicts import Check, ExerciseResult, Result


class Bring:
    """Hands a grader to the plugin, and keeps what pytest says about files that it could not collect, and whether it was stopped."""

    def __init__(self, grader: Grader) -> None:
        self.grader = grader
        self.broken: dict[Path, str] = {}
        self.stopped = False

    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[plugin.GRADER] = self.grader

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.broken[Path(report.fspath or report.nodeid)] = str(report.longrepr).strip().splitlines()[-1]

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        # Ctrl-C, or the debugger was left; pytest makes an exit code of either. It calls this too where it stops by itself,
        # because a file could not be collected: that is in `broken`.
        if not isinstance(excinfo.value, pytest.Session.Interrupted):
            self.stopped = True
            self.grader.abandon()


def grade(
    grader: Grader,
    exercises: Sequence[Exercise],
    *,
    pdb: bool = False,
) -> Result:
    """Grade some exercises of a submission.

    Args:
        grader: the course, what to grade and how. It is finished afterwards.
        exercises: which.
        pdb: drop into the debugger where a check fails (with isolation ``inline``).

    Returns:
        a result with every exercise, also those whose grader could not run.

    Raises:
        CourseError: an exercise has no grader's file.
        KeyboardInterrupt: Ctrl-C, or the debugger was left. Exercises that were done have been told to the grader's ``on_result``.
    """
    command = arguments(grader.course, exercises, pdb=pdb)
    grader.expect(exercises)
    bring = Bring(grader)
    with without_autoload():
        pytest.main(command, plugins=[bring])
    if bring.stopped:
        raise KeyboardInterrupt
    result = grader.finish()
    complete(result, exercises, bring.broken, grader.course)
    return result


def arguments(course: Course, exercises: Sequence[Exercise], *, pdb: bool = False) -> list[str]:
    """What pytest is called with.

    Raises:
        CourseError: an exercise has no grader's file.
    """
    paths = [course.grader_path(exercise) for exercise in exercises]
    missing = [path for path in paths if not path.is_file()]
    if missing:
        raise CourseError(*(f"{path} is missing: course.yaml lists its exercise" for path in missing))
    command = ["--rootdir", str(course.root), "--override-ini=addopts=", "--import-mode=importlib"]
    # Nothing but the checks themselves: no cache folder, no plugins of the learner's machine, no output of pytest's own.
    command += ["-p", "no:cacheprovider", "-p", "mechgrade.grading.plugin"]
    command += ["--pdb", "-s"] if pdb else ["-s", "-p", "no:terminal", "-p", "no:faulthandler"]
    # These two collect garbage at the end of a run, to warn of what a test left behind: a tenth of a second for nothing.
    command += ["-p", "no:unraisableexception", "-p", "no:threadexception"]
    # And what checks log nobody would see.
    command += ["-p", "no:logging"]
    return command + [str(path) for path in paths]


@contextlib.contextmanager
def without_autoload() -> Iterator[None]:
    """Pytest without the plugins that happen to be installed, and without what it imported once it is done."""
    before = os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    modules = set(sys.modules)
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"]
        else:
            os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = before
        # A second grading in this process reads the graders' files afresh.
        for name in set(sys.modules) - modules:
            if "graders." in name or name.startswith("test_"):
                del sys.modules[name]


def complete(result: Result, exercises: Sequence[Exercise], broken: dict[Path, str], course: Course) -> None:
    """Give an entry to each exercise that no check reported on, and put all into the course's order."""
    found = {(entry.lab, entry.exercise): entry for entry in result.exercises}
    complete = []
    for exercise in exercises:
        entry = found.get((exercise.lab, exercise.name))
        if entry is None:
            path = course.grader_path(exercise)
            why = next((text for where, text in broken.items() if where.name == path.name), "it holds no check")
            entry = ExerciseResult(exercise.lab, exercise.name, exercise.points)
            entry.checks.append(Check("collection", "grader_error", 0, exercise.points, message=f"{path.name}: {why}"))
        total = sum(check.max_points for check in entry.checks)
        if total != exercise.points and not any(check.verdict == "grader_error" for check in entry.checks):
            text = f"its checks add up to {total:g} points, course.yaml says {exercise.points}"
            entry.checks.append(Check("points", "grader_error", 0, 0, message=text))
        complete.append(entry)
    result.exercises[:] = complete
