"""`mechgrade debug`: stop in the learner's own code, on the inputs of the check that failed.

The checks run first, to find the scenario that fails. Then that scenario runs once more in this process, at isolation
``inline``: where the code raised, pdb opens at the learner's last line; where it returned a wrong value, pdb stops on
entering the learner's function, in the very call that gave the value.
"""

from __future__ import annotations

import bdb
import contextlib
import linecache
import pdb
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from mechgrade.bench import Bench
from mechgrade.course import Course, Exercise
from mechgrade.doors.learner.again import Reached, UpToACall
from mechgrade.grading.grade import Grading
from mechgrade.grading.grader import Failure
from mechgrade.grading.options import Options
from mechgrade.protocol.wire import numbers
from mechgrade.submissions.submission import Submission
from mechgrade.worker.exercise import Exercise as Guarded
from mechgrade.worker.exercise import load
from mechgrade.worker.inline import Inline
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
    """
    inline = Inline()
    grading = Grading(course, options, inline)
    grader = grading.grader(submission)
    with _without_breakpoints():  # this run only looks for what fails; the learner's own are for the next
        (entry,) = grading.grade(grader, [exercise]).exercises
    failure = grader.failure
    if failure is None:
        passed = entry.verdict == "passed"
        say("every check passes: nothing to debug" if passed else f"no run fails here: {entry.message}")
        return False
    say(failure.judgement.message)
    if failure.judgement.verdict in ("not_started", "missing"):
        return False
    debugger = pdb.Pdb(stdin=stdin, stdout=stdout, nosigint=True)
    if stdin is not None:
        debugger.use_rawinput = False
    bench = inline.bench(grading.sessions.spec_for(exercise))
    scenario = getattr(load_grader(course.grader_path(exercise)), failure.call.scenario)
    path, source = submission.file(exercise), submission.source(exercise)
    if failure.number is not None:
        say(_snippet(exercise, failure.number[0], path))
    _stop_in(failure, path, source, scenario, bench, debugger, say)
    return True


def _snippet(exercise: Exercise, function: str, path: Path) -> str:
    """How to make the call in Python."""
    return (
        f"the same call, after `python -i {path.name}` in the file's folder:\n"
        "    from mechgrade.doors.learner.again import failing_call\n"
        f'    {function}(**failing_call("{exercise.name}"))'
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


def _stop_in(
    failure: Failure,
    path: Path,
    source: str,
    scenario: Callable[..., object],
    bench: Bench,
    debugger: pdb.Pdb,
    say: Callable[[str], None],
) -> None:
    linecache.checkcache(str(path))
    inputs = {name: numbers(value) for name, value in failure.call.given.items()}
    try:
        # By its real path, so that pdb shows the file that the learner's editor has open.
        module = load(source, str(path), path.stem)
        exercise = Guarded(module)
        if failure.judgement.verdict == "wrong" and failure.number is not None:
            name, before = failure.number

            def step(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
                _stop_at_entry(module, name, debugger, say, path)
                debugger.runcall(function, *args, **kwargs)

            scenario(UpToACall(module, name, before, step), bench, **inputs)
        elif failure.judgement.verdict == "wrong":
            place = failure.judgement.place
            _stop_at_entry(module, place.function if place else "", debugger, say, path)
            debugger.runcall(scenario, exercise, bench, **inputs)
        else:
            scenario(exercise, bench, **inputs)
    except (bdb.BdbQuit, Reached):
        return
    except BaseException as error:
        trace = _to_the_learner(error, str(path))
        if trace is None:
            say(f"{type(error).__name__}: {error}")
            return
        say(f"stopped where {type(error).__name__} was raised; `p NAME` prints, `up` and `down` move, `q` ends")
        debugger.reset()
        debugger.interaction(None, trace)


def _stop_at_entry(
    module: types.ModuleType, name: str, debugger: pdb.Pdb, say: Callable[[str], None], path: Path
) -> None:
    line = _body_line(module, name)
    if line is None:
        return
    debugger.set_break(str(path), line, temporary=True)
    # runcall would stop before the function; the learner wants to be in it.
    debugger.rcLines.append("continue")
    say("stopping at your function's first line, on the check's own arguments; `n` steps, `p NAME` prints, `q` ends")


def _body_line(module: types.ModuleType, name: str) -> int | None:
    """The first line of the learner's function that can be stopped at."""
    function = getattr(module, name, None)
    if not isinstance(function, types.FunctionType):
        return None
    first = function.__code__.co_firstlineno
    return next((line for _, _, line in function.__code__.co_lines() if line and line > first), first)


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
