"""The checks of some exercises: collected by pytest once, and run for one submission or for many.

pytest's own loop is replaced by ours (``pytest_runtestloop``), which lets a caller run the collected items again for every
submission. Only public hooks are used. Nothing outside the course's ``graders/`` decides what happens: no environment
variable, ini file, ``conftest.py`` or plugin of the machine.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import pytest

from mechgrade.course import Course, CourseError, Exercise
from mechgrade.course.modules import share
from mechgrade.course.syntax import parsing_alone
from mechgrade.grading.calls import Call
from mechgrade.grading.judge import Judgement
from mechgrade.grading.verdicts import Check, ExerciseResult, Result
from mechgrade.protocol.wire import Tree

#: An empty ini file: without one pytest looks for its own in the folders above.
INI = Path(__file__).with_name("pytest.ini")

T = TypeVar("T")


class CheckFailed(BaseException):
    """A run did not pass. No ``Exception``: a check that catches those must not catch this."""

    def __init__(self, judgement: Judgement) -> None:
        super().__init__(judgement.message)
        self.judgement = judgement


class Handler(Protocol):
    """Answers what checks ask for. Grading is one handler, recording another."""

    #: whether to leave off
    cancelled: bool

    def compare(self, exercise: Exercise, call: Call) -> Tree:
        """The data of a call, if it is as it should be.

        Raises:
            CheckFailed: it is not.
        """

    def run(self, exercise: Exercise, call: Call) -> Tree:
        """The data of a call.

        Raises:
            CheckFailed: there is none.
        """

    def lacking(self, exercise: Exercise, needs: Mapping[str, Any]) -> str:
        """Why the model cannot give what a check needs, in words; empty where it can.

        Raises:
            GraderError: nobody knows of such a need.
        """

    def reference(self, exercise: Exercise, call: Call) -> Tree:
        """What the reference gives, to tell whose fault it is that a check's own code failed.

        Raises:
            GraderError: it is not known.
        """

    def done(self, exercise: Exercise, check: Check, *, hidden: bool) -> None:
        """Take a check's verdict."""


HANDLER = pytest.StashKey[Handler]()
#: the secret that hidden seeds are drawn from, None where there are none; it is there where mechgrade itself runs pytest
HIDDEN = pytest.StashKey[str | None]()
EXERCISE = pytest.StashKey[Exercise]()


class Checks:
    """Collected checks, to be run for any number of submissions."""

    def __init__(self, config: pytest.Config, items: Sequence[pytest.Item], broken: dict[Path, str]) -> None:
        self._config = config
        self._broken = broken
        self._items: dict[Exercise, list[pytest.Item]] = {}
        for item in items:
            self._items.setdefault(item.stash[EXERCISE], []).append(item)

    def run(self, handler: Handler, exercises: Sequence[Exercise]) -> None:
        """Run the checks of some exercises, until the handler is cancelled."""
        self._config.stash[HANDLER] = handler
        items = [item for exercise in exercises for item in self._items.get(exercise, [])]
        for item, following in zip(items, [*items[1:], None], strict=False):
            if handler.cancelled:
                return
            self._config.hook.pytest_runtest_protocol(item=item, nextitem=following)

    def why_none(self, grader: Path) -> str:
        """Why no check was found in a grader's file."""
        broken = (text for where, text in self._broken.items() if grader.parts[-len(where.parts) :] == where.parts)
        return next(broken, "it holds no check")

    def complete(self, result: Result, exercises: Sequence[Exercise], course: Course) -> None:
        """Give an entry to each exercise that no check reported on, and put all into the course's order."""
        found = {(entry.lab, entry.exercise): entry for entry in result.exercises}
        result.exercises[:] = [
            self._checked(found.get((each.lab, each.name)), each, course.grader_path(each)) for each in exercises
        ]

    def _checked(self, entry: ExerciseResult | None, exercise: Exercise, path: Path) -> ExerciseResult:
        if entry is None:
            why = self.why_none(path)
            entry = ExerciseResult(exercise.lab, exercise.name, exercise.points)
            entry.checks.append(Check("collection", "grader_error", 0, exercise.points, message=f"{path.name}: {why}"))
        see_points(entry, exercise)
        return entry


def see_points(entry: ExerciseResult, exercise: Exercise) -> None:
    """Where the checks of an exercise are not worth what course.yaml says, its result is no verdict but the grader's error."""
    total = sum(check.max_points for check in entry.checks)
    if total != entry.max_points and not any(check.verdict == "grader_error" for check in entry.checks):
        total += exercise.points - entry.max_points  # what was left out is missing on both sides
        text = f"its checks add up to {total:g} points, course.yaml says {exercise.points}"
        entry.checks.append(Check("points", "grader_error", 0, 0, message=text))


def _last_line(report: str) -> str:
    """What went wrong, without the sign that pytest puts before it."""
    return report.strip().splitlines()[-1].removeprefix("E ").strip()


class _Session(Generic[T]):
    """A pytest plugin that hands the collected checks to a function, in the place of pytest's own loop."""

    def __init__(self, use: Callable[[Checks], T], hidden: str | None, collected: Callable[[], None]) -> None:
        self._use = use
        self._hidden = hidden
        self._collected = collected
        self._broken: dict[Path, str] = {}
        self.value: list[T] = []
        self.error: BaseException | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[HIDDEN] = self._hidden

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._broken[Path(report.fspath or report.nodeid)] = _last_line(str(report.longrepr))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self._collected()
        try:
            self.value.append(self._use(Checks(session.config, session.items, self._broken)))
        except pytest.exit.Exception:  # the debugger was left
            self.error = KeyboardInterrupt()
        except BaseException as error:  # raised again outside pytest, which would make an exit code of it
            self.error = error
        return True


def with_checks(
    course: Course,
    exercises: Sequence[Exercise],
    use: Callable[[Checks], T],
    *,
    hidden: str | None = None,
    pdb: bool = False,
) -> T:
    """Collect the checks of some exercises and hand them to a function.

    Args:
        course: the course.
        exercises: whose checks.
        use: what to do with them; the checks are of no use after it has returned.
        hidden: the secret of the hidden inputs.
        pdb: drop into the debugger where a check fails.

    Returns:
        what the function returned.

    Raises:
        CourseError: an exercise has no grader's file, or pytest cannot collect any.
        BaseException: whatever the function raises.
    """
    share(course.module_paths())
    with _alone({path.stem for path in course.module_paths()}), contextlib.ExitStack() as parsing:
        parsing.enter_context(parsing_alone())  # pytest parses what it imports, until its loop begins
        session = _Session(use, hidden, parsing.close)
        code = pytest.main(_arguments(course, exercises, pdb), plugins=[session])
    if session.error is not None:
        raise session.error
    if not session.value:
        raise CourseError(f"pytest ended with {code!s} before it ran a check; does graders/conftest.py fail?")
    return session.value[0]


def _arguments(course: Course, exercises: Sequence[Exercise], pdb: bool) -> list[str]:
    paths = [course.grader_path(exercise) for exercise in exercises]
    missing = [path for path in paths if not path.is_file()]
    if missing:
        raise CourseError(*(f"{path} is missing: course.yaml lists its exercise" for path in missing))
    command = ["-c", str(INI), "--rootdir", str(course.root), "--confcutdir", str(course.root / "graders")]
    command += ["--import-mode=importlib", "-p", "mechgrade.grading.plugin"]
    # Without a terminal pytest's own `breakpoint()` fails; Python's works where learner code runs in this process.
    command += ["--pdb", "-s"] if pdb else ["-s", "-p", "no:terminal", "-p", "no:faulthandler", "-p", "no:debugging"]
    # No cache folder. The next two collect garbage at the end of a run, to warn of what a test left behind: a tenth of a second
    # for nothing. And what checks log nobody would see.
    command += [
        "-p",
        "no:cacheprovider",
        "-p",
        "no:unraisableexception",
        "-p",
        "no:threadexception",
        "-p",
        "no:logging",
    ]
    return command + [str(path) for path in paths]


@contextlib.contextmanager
def _alone(shared: set[str]) -> Iterator[None]:
    """Run pytest without the environment's options and plugins, and without what it imported of a course once it is done.

    Args:
        shared: the names of the course's modules.
    """
    before = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith(("PYTEST_", "PY_COLORS"))}
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    modules = set(sys.modules)
    try:
        yield
    finally:
        for name in list(os.environ):
            if name.startswith("PYTEST_"):
                del os.environ[name]
        os.environ.update(before)
        # A second grading in this process reads the graders' files afresh.
        for name in set(sys.modules) - modules:
            ours = "graders." in name or name.startswith("test_") or name == "conftest"
            if ours or name.partition(".")[0] in shared:
                del sys.modules[name]
