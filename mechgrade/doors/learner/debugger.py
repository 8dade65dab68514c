"""`mechgrade debug`: stop in the learner's own code, on the inputs of the check that failed.

The checks run first, to find the scenario that fails. Then that scenario runs once more in this process, at isolation
``inline``, under pdb: where the code raised, pdb opens at the learner's last line; where it returned a wrong value, pdb
stops on entering the learner's function, with the very arguments that the check gave it.
"""

from __future__ import annotations

import bdb
import linecache
import pdb
import types
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from mechgrade.course import Course, Exercise
from mechgrade.grading.grader import CheckFailed, Grader, Settings
from mechgrade.grading.judge import Finding
from mechgrade.grading.recordings import Facts
from mechgrade.grading.run import grade
from mechgrade.protocol.wire import Tree
from mechgrade.worker.exercise import Exercise as Guarded
from mechgrade.worker.exercise import load
from mechgrade.worker.inline import bench_for
from mechgrade.worker.runner import load_grader


class _Tape(Grader):
    """A grader that keeps the first run that fails: scenario, inputs, finding."""

    failing: tuple[str, dict[str, Any], Finding] | None = None

    def run(self, exercise: Exercise, scenario: str, inputs: dict[str, Any]) -> Tree:
        """As the grader's."""
        return self._kept(scenario, inputs, lambda: super(_Tape, self).run(exercise, scenario, inputs))

    def compare(
        self,
        exercise: Exercise,
        scenario: str,
        inputs: dict[str, Any],
        *,
        facts: Facts | None = None,
    ) -> Tree:
        """As the grader's."""
        call = super().compare
        return self._kept(scenario, inputs, lambda: call(exercise, scenario, inputs, facts=facts))

    def _kept(self, scenario: str, inputs: dict[str, Any], call: Callable[[], Tree]) -> Tree:
        try:
            return call()
        except CheckFailed as error:
            self.failing = self.failing or (scenario, inputs, error.finding)
            raise


def debug(
    course: Course,
    exercise: Exercise,
    settings: Settings,
    say: Callable[[str], None],
    stdin: IO[str] | None = None,
    stdout: IO[str] | None = None,
) -> bool:
    """Find the first failing run of an exercise, and stop in it.

    Args:
        course: the course.
        exercise: which.
        settings: with isolation ``inline``.
        say: takes what the learner should read before pdb speaks.
        stdin: where pdb reads; stdout: where it writes.

    Returns:
        whether there was anything to stop in.
    """
    grader = _Tape(course, settings)
    result = grade(grader, [exercise])
    (entry,) = result.exercises
    if grader.failing is None:
        say(
            "every check passes: nothing to debug"
            if entry.verdict == "passed"
            else f"no run fails here: {entry.message}"
        )
        return False
    scenario, inputs, finding = grader.failing
    if finding.verdict in ("not_started", "missing"):
        say(finding.message)
        return False
    say(finding.message)
    path = settings.submission.file(exercise)
    debugger = pdb.Pdb(stdin=stdin, stdout=stdout, nosigint=True)
    if stdin is not None:
        debugger.use_rawinput = False
    _stop_in(course, exercise, grader, path, scenario, inputs, finding, debugger, say)
    return True


def _stop_in(
    course: Course,
    exercise: Exercise,
    grader: Grader,
    path: Path,
    scenario: str,
    inputs: dict[str, Any],
    finding: Finding,
    debugger: pdb.Pdb,
    say: Callable[[str], None],
) -> None:
    linecache.checkcache(str(path))
    bench = bench_for(grader.spec_for(exercise))
    function = getattr(load_grader(course.grader_path(exercise)), scenario)
    try:
        # By its real path, so that pdb shows the file that the learner's editor has open.
        module = load(grader.settings.submission.source(exercise), str(path), path.stem)
        if finding.verdict == "wrong":
            _stop_at_entry(module, finding, debugger, say, path)
            debugger.runcall(function, Guarded(module), bench, **inputs)
        else:
            function(Guarded(module), bench, **inputs)
    except bdb.BdbQuit:
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
    module: types.ModuleType, finding: Finding, debugger: pdb.Pdb, say: Callable[[str], None], path: Path
) -> None:
    line = _body_line(module, finding)
    if line is None:
        return
    debugger.set_break(str(path), line, temporary=True)
    # runcall would stop in the scenario first; the learner wants the own function.
    debugger.rcLines.append("continue")
    say("stopping at your function's first line, on the check's own arguments; `n` steps, `p NAME` prints, `q` ends")


def _body_line(module: types.ModuleType, finding: Finding) -> int | None:
    """The first line of the learner's function that can be stopped at."""
    name = finding.place.function if finding.place else ""
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
