"""``pytest graders/LAB``: checks by plain pytest, for authors of graders. ``graders/conftest.py`` loads this plugin.

Nothing of it reaches the pytest of other projects: options have a prefix, and no entry point loads it. Where ``mechgrade``
itself runs pytest, a handler is there already, and this plugin does nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mechgrade.course import CourseError, find_course, load_course
from mechgrade.course.devices import see_here
from mechgrade.course.modules import share_around
from mechgrade.doors.workers import open_worker
from mechgrade.grading.checks import EXERCISE, HANDLER, HIDDEN
from mechgrade.grading.grade import Grading
from mechgrade.grading.grader import Grader
from mechgrade.grading.options import resolve
from mechgrade.submissions.find import find_submission

pytest_plugins = ["mechgrade.grading.plugin"]

GRADER = pytest.StashKey[Grader]()


def pytest_configure(config: pytest.Config) -> None:
    """Let graders import the course's modules."""
    if HIDDEN in config.stash:  # it has shared them already, and knows which course it is
        return
    share_around(*(argument.partition("::")[0] for argument in config.args))


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of ``mechgrade grade``, with a prefix."""
    group = parser.getgroup("mechgrade", "grading exercises with mechgrade")
    add = group.addoption
    add(
        "--mechgrade-submission", metavar="PATH", help="what to grade: a directory like exercises/ (default), or a file"
    )
    add("--mechgrade-model", metavar="NAME", help="a model of course.yaml")
    add("--mechgrade-backend", metavar="NAME", help="one of the bench's ways to compute")
    add("--mechgrade-device", metavar="NAME", default="cpu", help="auto, cpu, cuda, cuda:N or mps")
    add("--mechgrade-isolation", metavar="LEVEL", help="full, process or inline; the best that there is by default")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Make a grader for the checks, unless somebody brought one."""
    checks = [item for item in items if EXERCISE in item.stash]
    if HIDDEN in config.stash or not checks or config.option.collectonly:
        return
    option = config.getoption
    try:
        course = load_course(find_course(checks[0].path.parent))
        path = Path(option("--mechgrade-submission") or course.root / "exercises")
        see_here(option("--mechgrade-device"))
        options = resolve(
            course,
            model=option("--mechgrade-model"),
            backend=option("--mechgrade-backend"),
            device=option("--mechgrade-device"),
            isolation=option("--mechgrade-isolation"),
        )
        opener = open_worker(course, options)
        config.add_cleanup(opener.close)
        grading = Grading(course, options, opener)
        submission = find_submission(course, config.invocation_params.dir / path)
        config.stash[HANDLER] = config.stash[GRADER] = grading.grader(submission, at_once=True)
        opener.start()
    except CourseError as error:
        raise pytest.UsageError(str(error)) from None


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Iterator[None]:
    """End the last exercise when the checks are done: mistakes are named only then."""
    try:
        return (yield)
    finally:
        if GRADER in session.config.stash:
            session.config.stash[GRADER].finish()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what each exercise got, and which mistake explains its failures."""
    if GRADER not in config.stash:
        return
    terminalreporter.section("mechgrade")
    for entry in config.stash[GRADER].result.exercises:
        points = f"{entry.points:g} / {entry.max_points:g}"
        terminalreporter.write_line(f"{entry.lab}/{entry.exercise}: {entry.verdict}, {points}")
        if entry.first_failure is not None and entry.first_failure.sentence:
            terminalreporter.write_line(f"  {entry.first_failure.sentence}")
