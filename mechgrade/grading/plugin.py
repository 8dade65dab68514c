"""The pytest plugin: fixtures ``compare``, ``run`` and ``seed``, and the verdict of every check.

It acts on the checks of a course alone, and only where a handler answers them. ``mechgrade grade`` brings one; for
``pytest graders/LAB`` there is ``mechgrade.doors.plain_pytest``.
"""

from __future__ import annotations

import hmac
import inspect
from collections.abc import Callable
from typing import Any

import pytest

from mechgrade.course import COURSE_FILE, Course, CourseError, Exercise, load_course
from mechgrade.grading.calls import Call, Facts, World
from mechgrade.grading.checks import EXERCISE, HANDLER, HIDDEN, CheckFailed, Handler
from mechgrade.grading.errors import GraderError, InfrastructureError
from mechgrade.grading.facts import Measuring
from mechgrade.grading.sessions import Cancelled
from mechgrade.grading.verdicts import FAULTS, Check, Verdict
from mechgrade.protocol.outcome import not_as_promised, plain
from mechgrade.protocol.wire import numbers

#: How many hidden seeds a check gets in final grading, besides the public one.
HIDDEN_SEEDS = 2


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", "points(n): what a check of an exercise is worth (default 1)")
    text = (
        "needs(*names, **names): what a check needs of the model; on a model without it the check is left out, by name"
    )
    config.addinivalue_line("markers", text)
    text = "supporting: a check that counts only beside one that is not, as those without `seed` do"
    config.addinivalue_line("markers", text)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tell which items are checks, and of which exercise."""
    courses: dict[str, Course] = {}
    try:
        for item in items:
            folder = item.path.parent.parent
            if folder.name != "graders" or not (folder.parent / COURSE_FILE).is_file():
                continue
            root = str(folder.parent)
            if root not in courses:
                courses[root] = load_course(folder.parent)
            lab, name = item.path.parent.name, item.path.stem.removeprefix("test_")
            known = courses[root].labs[lab].exercises if lab in courses[root].labs else {}
            if name not in known:
                raise CourseError(f"{item.path} judges no exercise of course.yaml; add it there, or rename the file")
            item.stash[EXERCISE] = known[name]
    except CourseError as error:
        raise pytest.UsageError(str(error)) from None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give ``seed`` its values: the public one, and in final grading the hidden ones."""
    path = metafunc.definition.path
    if "seed" not in metafunc.fixturenames or path.parent.parent.name != "graders":
        return
    secret = metafunc.config.stash.get(HIDDEN, None)
    name = f"{path.parent.name}/{path.stem}"
    hidden = [hidden_seed(secret, name, place) for place in range(HIDDEN_SEEDS)] if secret else []
    metafunc.parametrize("seed", [0, *hidden], ids=["public", *(f"hidden{place}" for place in range(len(hidden)))])


def hidden_seed(secret: str, name: str, place: int) -> int:
    """A seed that only who knows the secret can know: HMAC-SHA256 of a grader's name and a count, as 31 bits."""
    digest = hmac.digest(secret.encode(), f"{name}/{place}".encode(), "sha256")
    return int.from_bytes(digest[:4], "big") >> 1


@pytest.fixture
def compare(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """``compare(scenario, **inputs)``: run it on the learner's code, hold it against the reference, return the data.

    ``facts=function`` compares ``function(data)`` in the data's place, and returns it: for results of chance, such as trained
    weights, which no two right programs share, though they share what can be measured on them. It runs on the grader's side,
    so a learner's process cannot make up what it finds. A fact of :mod:`mechgrade.grading.facts` tells the number that was measured.

    ``world=function`` draws what the scenario is given: ``function(**inputs)`` runs on the grader's side, and the learner's process
    gets the numbers and NumPy arrays that it returns, but neither the inputs nor the way they were drawn. A training that should find
    something is given data in this way: with the seed of a made-up world, what is to be found could be computed.
    """
    handler, exercise = _of(request)

    def call(
        scenario: Callable[..., Any], *, facts: Facts | None = None, world: World | None = None, **inputs: Any
    ) -> Any:
        __tracebackhide__ = True
        return numbers(handler.compare(exercise, Call(scenario.__name__, inputs, facts and Measuring(facts), world)))

    return call


@pytest.fixture
def run(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """``run(scenario, **inputs)``: run it on the learner's code and return the data, for checks of invariants alone.

    Everything in that data is the learner's word, inputs that a scenario returns beside a result included: a check that
    holds one part of it against another can be satisfied by making up both. Where the reference gives one answer, ``compare``.
    """
    handler, exercise = _of(request)

    def call(scenario: Callable[..., Any], **inputs: Any) -> Any:
        __tracebackhide__ = True
        return numbers(handler.run(exercise, Call(scenario.__name__, inputs)))

    return call


def _of(request: pytest.FixtureRequest) -> tuple[Handler, Exercise]:
    exercise = request.node.stash.get(EXERCISE, None)
    if exercise is None:
        pytest.fail("`compare` and `run` work in graders/<lab>/test_<exercise>.py alone", pytrace=False)
    return request.config.stash[HANDLER], exercise


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave a check out where the model lacks what the check, or its exercise, needs: nothing of it is run then."""
    exercise = item.stash.get(EXERCISE, None)
    if exercise is None or HANDLER not in item.config.stash:
        return
    needs: dict[str, Any] = dict.fromkeys(exercise.needs)
    for marker in item.iter_markers("needs"):
        needs.update(dict.fromkeys(marker.args), **marker.kwargs)
    why = item.config.stash[HANDLER].lacking(exercise, needs) if needs else ""
    if why:
        pytest.skip(why)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> pytest.TestReport | None:
    """Turn what happened to a check into a verdict; None where pytest's own report says enough."""
    exercise = item.stash.get(EXERCISE, None)
    if exercise is None or (call.when != "call" and call.excinfo is None):
        return None
    if call.excinfo is not None and isinstance(call.excinfo.value, Cancelled):
        return _failed(item, call, "cancelled")
    check = _check(item, call)
    item.config.stash[HANDLER].done(exercise, check, hidden=_is_hidden(item))
    if check.verdict in ("passed", "not_applicable"):
        return None
    # What a learner sees under plain pytest: the sentence, not the grader's source.
    return _failed(item, call, "\n".join(filter(None, [f"{check.verdict}: {check.asks}", check.message])))


def _failed(item: pytest.Item, call: pytest.CallInfo[None], text: str) -> pytest.TestReport:
    assert call.when != "collect"
    return pytest.TestReport(
        item.nodeid,
        item.location,
        dict.fromkeys(item.keywords, 1),
        "failed",
        text,
        call.when,
        [(f"Captured {what} {when}", text) for when, what, text in item._report_sections],
        call.duration,
        call.start,
        call.stop,
        item.user_properties,
    )


def _is_hidden(item: pytest.Item) -> bool:
    return "hidden" in item.name.partition("[")[2]


def _check(item: pytest.Item, call: pytest.CallInfo[None]) -> Check:
    assert isinstance(item, pytest.Function)
    marker = item.get_closest_marker("points")
    points = float(marker.args[0]) if marker else 1.0
    check = Check(
        name=item.originalname.removeprefix("test_"),
        verdict="passed",
        points=points,
        max_points=points,
        asks=(item.function.__doc__ or "").strip().split("\n")[0],
        supporting="seed" not in item.fixturenames or item.get_closest_marker("supporting") is not None,
    )
    if call.excinfo is None:
        return check
    check.points = 0.0
    error = call.excinfo.value
    if call.when == "setup" and isinstance(error, pytest.skip.Exception):
        check.verdict, check.message = "not_applicable", str(error)
        return check
    found = _verdict(error)
    if found is None and call.when == "call" and _works_on_the_reference(item):
        found = _not_as_promised(error)
    fault: tuple[Verdict, str] = ("grader_error", f"the check itself failed: {type(error).__name__}: {error}")
    check.verdict, check.message = found or fault
    if _is_hidden(item) and check.verdict not in FAULTS:
        # The inputs are secret. The values would tell them, and so would the way in which the code failed: it may choose that.
        check.verdict, check.message = "wrong", "on hidden inputs the result is not the reference's"
    elif isinstance(error, CheckFailed):
        judgement = error.judgement
        check.place, check.output, check.gave = judgement.place, judgement.output, judgement.gave
    return check


def _verdict(error: BaseException) -> tuple[Verdict, str] | None:
    """The verdict of what a check raised; None where it raised nothing that it should."""
    if isinstance(error, CheckFailed):
        return error.judgement.verdict, error.judgement.message
    if isinstance(error, InfrastructureError):
        return "infrastructure_error", str(error)
    if isinstance(error, GraderError):
        return "grader_error", str(error)
    if isinstance(error, AssertionError) and error.args:
        # The rewritten assertion adds its own lines below the grader's sentence.
        return "wrong", plain(str(error.args[0]).split("\nassert ")[0])
    return None


def _not_as_promised(error: BaseException) -> tuple[Verdict, str]:
    own = isinstance(error, pytest.fail.Exception)  # the grader's own sentence
    return "wrong", plain(str(error)) if own else not_as_promised(error)


def _works_on_the_reference(item: pytest.Function) -> bool:
    """Whether a check that failed by an error of its own runs to its end on the reference's data: then the learner's data broke it.

    What only recording ran counts as working: a recording is not written unless the reference passes every check.
    """
    exercise, handler = item.stash[EXERCISE], item.config.stash[HANDLER]

    def answer(
        scenario: Callable[..., Any], *, facts: Facts | None = None, world: World | None = None, **inputs: Any
    ) -> Any:
        return numbers(handler.reference(exercise, Call(scenario.__name__, inputs, facts and Measuring(facts), world)))

    arguments = {name: item.funcargs[name] for name in inspect.signature(item.function).parameters}
    try:
        item.function(**{name: answer if name in ("compare", "run") else value for name, value in arguments.items()})
    except GraderError:
        return True
    except (Exception, pytest.fail.Exception):
        return False
    return True
