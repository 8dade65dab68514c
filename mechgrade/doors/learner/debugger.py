"""`mechgrade debug`: stop in the learner's own code, on the inputs of the check that failed.

The checks run first, to find the scenario that fails. Then that scenario runs once more in this process, at isolation
``inline``: where the code raised, pdb opens at the learner's last line; where it returned a wrong value, pdb stops on
entering the learner's function, in the very call that gave the value.
"""

from __future__ import annotations

import bdb
import builtins
import contextlib
import functools
import gc
import io
import json
import linecache
import pdb
import signal
import sys
import types
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from mechgrade.bench import Bench
from mechgrade.course import Course, Exercise
from mechgrade.doors.learner.again import UNFIT, Reached, UpToACall
from mechgrade.doors.learner.in_time import InTime, TooLong, at_most
from mechgrade.grading.errors import InfrastructureError
from mechgrade.grading.grade import Grading
from mechgrade.grading.grader import Failure
from mechgrade.grading.options import Options
from mechgrade.grading.verdicts import FAULTS
from mechgrade.protocol.wire import numbers
from mechgrade.submissions.submission import Submission
from mechgrade.worker.exercise import Exercise as Guarded
from mechgrade.worker.exercise import load
from mechgrade.worker.runner import load_grader


def debug(
    course: Course,
    exercise: Exercise,
    submission: Submission,
    options: Options,
    say: Callable[[str], None],
    stdin: IO[str] | None = None,
    stdout: IO[str] | None = None,
) -> bool:
    """Find the first failing run of an exercise, and stop in it.

    Args:
        course: the course.
        exercise: which.
        submission: the learner's files.
        options: with isolation ``inline``.
        say: takes what the learner should read before pdb speaks.
        stdin: where pdb reads; stdout: where it writes.

    Returns:
        whether there was anything to stop in.

    Raises:
        InfrastructureError: the machine, the model or the grader failed.
    """
    with warnings.catch_warnings():
        # Python would say it of an `async` function at the end, in words about this engine.
        warnings.filterwarnings("ignore", "coroutine .* was never awaited", RuntimeWarning)
        try:
            return _debug(course, exercise, submission, options, say, stdin, stdout)
        finally:
            gc.collect()  # an error keeps what it came from


def _debug(
    course: Course,
    exercise: Exercise,
    submission: Submission,
    options: Options,
    say: Callable[[str], None],
    stdin: IO[str] | None,
    stdout: IO[str] | None,
) -> bool:
    inline = InTime()
    grading = Grading(course, options, inline)
    grader = grading.grader(submission)
    # This run only looks for what fails; the learner's own stops are for the next.
    with _without_breakpoints(), _nobody_types():
        (entry,) = grading.grade(grader, [exercise]).exercises
    failure = grader.failure
    if failure is None:
        passed = entry.verdict == "passed"
        if entry.verdict in FAULTS:
            raise InfrastructureError(f"nothing could be run, and that is not your code's fault: {entry.message}")
        say("every check passes: nothing to debug" if passed else f"no run fails here: {entry.message}")
        return False
    say(failure.judgement.message)
    if failure.judgement.verdict in ("not_started", "missing"):
        return False
    path, source = submission.file(exercise), submission.source(exercise)
    debugger = Debugger(str(path), say, stdin, stdout)
    if stdin is not None:
        debugger.use_rawinput = False
    bench = inline.bench(grading.sessions.spec_for(exercise))
    scenario = getattr(load_grader(course.grader_path(exercise)), failure.call.scenario)
    if failure.number is not None and UNFIT not in failure.judgement.message:
        say(_snippet(course, exercise, failure.number[0], path))
    seconds = course.limits_of(options.model).seconds if failure.judgement.verdict == "timed_out" else None
    with _nobody_types(str(path)), at_most(seconds) if seconds else contextlib.nullcontext():
        return _stop_in(failure, path, source, scenario, bench, debugger, say)


class Debugger(pdb.Pdb):
    """pdb, which says that it stops in the learner's file when it does.

    Args:
        filename: the learner's file.
        say: takes what the learner should read before pdb speaks.
        stdin: where pdb reads; stdout: where it writes.
    """

    def __init__(self, filename: str, say: Callable[[str], None], stdin: IO[str] | None, stdout: IO[str] | None):
        super().__init__(stdin=stdin, stdout=stdout, nosigint=True)
        self._filename = self.canonic(filename)
        self._say = say
        self.stopped = False

    def do_clear(self, arg: str) -> bool | None:
        """See :class:`pdb.Pdb`. It says so of the stop that nobody but this file has set."""
        if self.stopped:
            return super().do_clear(arg)
        self.clear_bpbynumber(int(arg))
        return None

    def user_line(self, frame: types.FrameType) -> None:
        """See :class:`bdb.Bdb`."""
        if not self.stopped and self.canonic(frame.f_code.co_filename) == self._filename:
            self.stopped = True
            self._say(
                "stopping at your function's first line, on the check's own arguments; "
                "`n` steps, `p NAME` prints, `q` ends"
            )
        super().user_line(frame)


def _snippet(course: Course, exercise: Exercise, function: str, path: Path) -> str:
    """How to make the call in Python."""
    own = path.absolute() == course.stub_path(exercise).absolute()
    # Of another file the course is not around.
    file, where = (path.name, "the file's folder") if own else (str(path), "the course's folder")
    return (
        f"the same call, after `python -i {file}` in {where}:\n"
        "    from mechgrade.doors.learner.again import failing_call\n"
        f"    {function}(**failing_call({json.dumps(exercise.name if own else str(path))}))"
    )


@contextlib.contextmanager
def _without_breakpoints() -> Iterator[None]:
    """Have `breakpoint()` and `pdb.set_trace()` do nothing."""
    before = sys.breakpointhook, pdb.set_trace
    sys.breakpointhook = pdb.set_trace = lambda *_, **__: None
    try:
        yield
    finally:
        sys.breakpointhook, pdb.set_trace = before


@contextlib.contextmanager
def _nobody_types(filename: str | None = None) -> Iterator[None]:
    """Have `input()` fail as it does where code is graded.

    Args:
        filename: for this file alone, as pdb itself asks by `input()`; None for everybody, and nothing can be read then.
    """
    ask, stdin = builtins.input, sys.stdin

    def nobody(asked: object = "", /) -> str:
        if filename is None or sys._getframe(1).f_code.co_filename == filename:
            raise EOFError("EOF when reading a line")
        return ask(asked)

    builtins.input = nobody
    if filename is None:
        sys.stdin = io.StringIO()
    try:
        yield
    finally:
        builtins.input, sys.stdin = ask, stdin


def _stop_in(
    failure: Failure,
    path: Path,
    source: str,
    scenario: Callable[..., object],
    bench: Bench,
    debugger: Debugger,
    say: Callable[[str], None],
) -> bool:
    """Make the run again, and stop in it; return whether there was anything to stop in."""
    linecache.checkcache(str(path))
    inputs = {name: numbers(value) for name, value in failure.call.given.items()}
    try:
        # By its real path, so that pdb shows the file that the learner's editor has open.
        module = load(source, str(path), path.stem)
        exercise = Guarded(module)
        if failure.judgement.verdict == "wrong" and failure.number is not None:
            name, before = failure.number

            def step(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
                run = debugger.runcall if _stop_at_entry(module, name, debugger, path) else _plainly
                run(function, *args, **kwargs)

            scenario(UpToACall(module, name, before, step), bench, **inputs)
        elif failure.judgement.verdict == "wrong":
            place = failure.judgement.place
            name = place.function if place and place.function else failure.exercise.name
            run = debugger.runcall if _stop_at_entry(module, name, debugger, path) else _plainly
            run(scenario, exercise, bench, **inputs)
        else:
            scenario(exercise, bench, **inputs)
    except (bdb.BdbQuit, Reached):
        pass
    except BaseException as error:
        signal.setitimer(signal.ITIMER_REAL, 0)  # who looks around has all the time in the world
        trace = _to_the_learner(error, str(path)) if not debugger.stopped else None
        if trace is None:
            return debugger.stopped or _nowhere(say)
        where = "where your code was" if isinstance(error, TooLong) else f"where {type(error).__name__} was raised"
        say(f"stopped {where}; `p NAME` prints, `up` and `down` move, `q` ends")
        debugger.reset()
        debugger.interaction(None, trace)
        return True
    return debugger.stopped or _nowhere(say)


def _plainly(function: Callable[..., object], *args: Any, **kwargs: Any) -> None:
    """Call something without a stop that is not its own."""
    function(*args, **kwargs)


def _nowhere(say: Callable[[str], None]) -> bool:
    say("there is no line of yours to stop at; `breakpoint()` in your code stops there, if that line is reached")
    return False


def _stop_at_entry(module: types.ModuleType, name: str, debugger: pdb.Pdb, path: Path) -> bool:
    """Have the debugger stop in a function of the learner's; False where the name is no function."""
    line = _body_line(module, name)
    if line is None:
        return False
    debugger.set_break(str(path), line, temporary=True)
    # runcall would stop before the function; the learner wants to be in it.
    debugger.rcLines.append("continue")
    return True


def _body_line(module: types.ModuleType, name: str) -> int | None:
    """The first line of the learner's function that can be stopped at."""
    own = [each for each in _around(getattr(module, name, None)) if each.__code__.co_filename == module.__file__]
    # A decorator's function stands around the one that has the name.
    function = next((each for each in own if each.__code__.co_name == name), own[0] if own else None)
    if function is None:
        return None
    first = function.__code__.co_firstlineno
    return next((line for _, _, line in function.__code__.co_lines() if line and line > first), first)


def _around(value: Any) -> Iterator[types.FunctionType]:
    """The functions behind what can be called, the outermost first."""
    seen: set[int] = set()
    while value is not None and id(value) not in seen:
        seen.add(id(value))
        if isinstance(value, functools.partial):
            value = value.func
        if isinstance(value, types.FunctionType):
            yield value
        elif isinstance(called := getattr(type(value), "__call__", None), types.FunctionType):  # noqa: B004  it is needed
            yield called
        value = getattr(value, "__wrapped__", None)


def _to_the_learner(error: BaseException, filename: str) -> types.TracebackType | None:
    """The traceback cut off after the learner's last frame, so that pdb opens there and not inside a library."""
    last = None
    trace = error.__traceback__
    frames = []
    while trace is not None:
        frames.append(trace)
        if trace.tb_frame.f_code.co_filename == filename:
            last = trace
        trace = trace.tb_next
    if last is None:
        return None
    cut = types.TracebackType(None, last.tb_frame, last.tb_lasti, last.tb_lineno)
    for each in reversed(frames[: frames.index(last)]):
        cut = types.TracebackType(cut, each.tb_frame, each.tb_lasti, each.tb_lineno)
    return cut
