"""Which level is graded at, and when that is refused: a score must not be taken for safer than it is."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from mechgrade import sandbox
from mechgrade.course import Course
from mechgrade.errors import CourseError
from mechgrade.grading.options import resolve
from mechgrade.grading.verdicts import Result
from mechgrade.reports.terminal import TerminalReport

LACKS = "Landlock is missing: it needs a kernel that has it."


def level(
    course: Course, wanted: str | None = None, required: str | None = None, **more: bool
) -> tuple[str, list[str]]:
    """The level of the options that are settled, and what is missing."""
    options = resolve(course, isolation=wanted, require=required, **more)
    return options.isolation, list(options.missing)


@pytest.fixture(params=["full", "process"])
def machine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A machine that offers all, and one without Landlock."""
    whole = request.param == "full"
    everything = frozenset({"user", "mount", "pid", "net", "ipc", "uts"})
    offered = sandbox.Capabilities(
        everything, True, True, 6 if whole else 0, True, True, True, [] if whole else [LACKS]
    )
    assert offered.level == request.param
    monkeypatch.setattr(sandbox, "probe", lambda: offered)
    monkeypatch.setattr(sandbox, "cannot_leave_root", lambda readable: "")
    return str(request.param)


def test_the_best_there_is_by_default_and_what_it_lacks_is_said(machine: str, course: Course) -> None:
    assert level(course) == (machine, [] if machine == "full" else [LACKS])


def test_that_learner_code_runs_as_root_is_said_where_the_score_counts(
    machine: str, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = "Learner code would run as root: /root is closed to other users."
    monkeypatch.setattr(sandbox, "cannot_leave_root", lambda readable: told)
    assert level(course, "process", counts=True) == ("process", [told])
    assert level(course, "process") == ("process", [])
    assert level(course) == (machine, [] if machine == "full" else [LACKS, told])


@pytest.mark.parametrize("wanted", ["process", "inline"])
def test_who_names_a_level_gets_it_without_a_sermon(machine: str, wanted: str, course: Course) -> None:
    assert level(course, wanted) == (wanted, [])


def test_full_is_refused_where_it_is_not_to_be_had(machine: str, course: Course) -> None:
    if machine == "full":
        assert level(course, "full", "full") == ("full", [])
        return
    for wanted, required in (("full", None), (None, "full"), ("process", "full")):
        with pytest.raises(CourseError, match="Landlock is missing"):
            level(course, wanted, required)


@pytest.mark.parametrize(("wanted", "required"), [("process", "full"), ("inline", "full"), ("inline", "process")])
def test_a_required_level_holds_against_a_weaker_one_that_was_named(
    machine: str, wanted: str, required: str, course: Course
) -> None:
    with pytest.raises(CourseError, match=f"--require-isolation asks for isolation {required}.* at {wanted}"):
        level(course, wanted, required)


def test_the_course_may_ask_for_full(machine: str, course: Course) -> None:
    strict = course.model_copy(update={"isolation": "full"})
    if machine == "full":
        assert level(strict)[0] == "full"
    else:
        with pytest.raises(CourseError, match=r"course\.yaml asks for isolation full.*Landlock"):
            level(strict)
    assert level(strict, "inline")[0] == "inline"


def test_where_the_score_counts_nobody_goes_below_the_course(machine: str, course: Course) -> None:
    for asks, wanted in (("full", "process"), ("full", "inline"), ("process", "inline")):
        strict = course.model_copy(update={"isolation": asks})
        with pytest.raises(CourseError, match=f"course.yaml asks for isolation {asks}.* at {wanted}"):
            level(strict, wanted, counts=True)


def test_other_machines_find_out_for_themselves(machine: str, course: Course) -> None:
    assert level(course, elsewhere=True) == ("full", [])


@pytest.mark.parametrize(
    ("wanted", "required", "part"),
    [("total", None, "there are full, process, inline"), (None, "inline", "takes full or process, not 'inline'")],
)
def test_an_unknown_level_is_told(wanted: str | None, required: str | None, part: str, course: Course) -> None:
    with pytest.raises(CourseError, match=part):
        level(course, wanted, required)


def test_what_is_missing_is_in_the_report_and_in_the_json(course: Course) -> None:
    lacking = Result("embedded", "bridge", "cpu", "process", isolation_missing=[LACKS])
    output = io.StringIO()
    TerminalReport(course, Console(file=output, width=200)).total(lacking)
    assert f"No isolation full: {LACKS}" in output.getvalue()
    assert lacking.as_tree()["isolation_missing"] == [LACKS]
    assert "isolation_missing" not in replace(lacking, isolation_missing=[]).as_tree()
