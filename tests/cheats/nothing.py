"""Four programs that do nothing of what an exercise asks, and the points that they gain on hidden inputs: none.

``raises``      every function raises ValueError
``returns``     every function returns a copy of its first argument
``constant``    every function returns zeros of the type and shape that its stub promises
``replays``     every scenario is answered as the reference answers it on public inputs, whatever the inputs are

``python -m cheats.nothing [EXERCISE ...] [--lab LAB]``, in tests/, prints the table. All exercises take a while: ``--json FILE`` keeps what was found by
exercise, a run adding to the last, and ``--write`` puts the sums of a file that has all exercises into docs/threat-model.md.
"""

from __future__ import annotations

import argparse
import ast
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from support import ROOT

from mechgrade.course import Course, Exercise, load_course
from mechgrade.course.source import read_source
from mechgrade.grading.calls import Call
from mechgrade.grading.grade import Grading
from mechgrade.grading.options import resolve
from mechgrade.grading.sessions import Runs
from mechgrade.grading.verdicts import FAULTS, ExerciseResult
from mechgrade.grading.worker import Worker
from mechgrade.protocol.outcome import Outcome
from mechgrade.submissions.submission import Submission

from . import measured

#: How many times as long as the course allows programs may take here.
PATIENCE = 10

SECRET = "the secret of a class that nobody cheats"

_RAISES = """
def {name}(*args, **kwargs):
    raise ValueError("no")
"""

_RETURNS = """
def {name}(*args, **kwargs):
    first = [*args, *kwargs.values()][0]
    return first.clone() if hasattr(first, "clone") else first
"""

_CONSTANT = '''
import inspect as _inspect
import re as _re
import typing as _typing

import torch as _torch

_TYPES = {"Float": _torch.float32, "Int": _torch.int64, "Bool": _torch.bool}


def _sizes(bound, hints):
    """The size of every axis that an argument names, and every argument that is an integer."""
    sizes = {}
    for name, value in bound.arguments.items():
        dims = getattr(hints.get(name), "dim_str", "").split()
        if isinstance(value, _torch.Tensor) and len(dims) == value.ndim:
            sizes.update(zip(dims, value.shape))
        elif type(value) is int:
            sizes[name] = value
    return sizes


def _zero(hint, sizes, first):
    if hasattr(hint, "dim_str"):
        shape = [sizes.get(dim, 1) if not dim.isdigit() else int(dim) for dim in hint.dim_str.split() if dim != "..."]
        kind = next((kind for name, kind in _TYPES.items() if hint.__name__.startswith(name)), _torch.float32)
        like = first if kind.is_floating_point and first is not None else _torch.zeros(0, dtype=kind)
        return like.new_zeros(shape)
    origin, arguments = _typing.get_origin(hint), _typing.get_args(hint)
    if origin is tuple and arguments[-1:] != (...,):
        return tuple(_zero(each, sizes, first) for each in arguments)
    return {list: [], dict: {}, tuple: ()}.get(origin or hint, hint() if hint in (int, float, str, bool) else None)


def _constant(function):
    def call(*args, **kwargs):
        signature = _inspect.signature(function)
        bound = signature.bind(*args, **kwargs)
        hints = {name: each.annotation for name, each in signature.parameters.items()}
        floats = (v for v in bound.arguments.values() if isinstance(v, _torch.Tensor) and v.is_floating_point())
        return _zero(signature.return_annotation, _sizes(bound, hints), next(floats, None))

    call.__signature__ = _inspect.signature(function)
    return call
'''

#: Marks the text that :class:`Replay` answers.
_REPLAYED = "\n# replayed\n"

KINDS = ("raises", "returns", "constant", "replays")


def program(course: Course, exercise: Exercise, kind: str) -> str:
    """The text of a program that does nothing of an exercise."""
    source = read_source(course, exercise)
    if kind == "replays":
        return source.reference + _REPLAYED
    names = [
        node.name
        for node in ast.parse(source.stub).body
        if isinstance(node, ast.FunctionDef) and "NotImplementedError" in ast.unparse(node)
    ]
    if kind == "constant":
        return source.stub + _CONSTANT + "".join(f"{name} = _constant({name})\n" for name in names)
    return "".join((_RAISES if kind == "raises" else _RETURNS).format(name=name) for name in names)


class Replay:
    """While it is entered, a marked program is asked what it was asked on public inputs, whatever is asked.

    The bytes that come back are those that a forger would send, who knows all public answers.
    """

    def __init__(self) -> None:
        #: what was asked on public inputs, and whether that is still being found out
        self.asked: list[Call] = []
        self.public = True

    def __enter__(self) -> Replay:
        self._outcome = Runs.outcome

        def outcome(runs: Runs, call: Call, *, traced: bool = False) -> Outcome:
            marked = runs.source().endswith(_REPLAYED)
            if marked and self.public:
                self.asked.append(call)
            return self._outcome(runs, self._instead(call) if marked and not self.public else call, traced=traced)

        Runs.outcome = outcome  # type: ignore[method-assign]
        return self

    def _instead(self, call: Call) -> Call:
        inputs = {**call.inputs, "seed": 0} if "seed" in call.inputs else call.inputs
        same = [each for each in self.asked if each.scenario == call.scenario]
        # An input that never changes was asked as it is.
        alike = (
            [each for each in same if each.inputs == call.inputs]
            or [each for each in same if each.inputs == inputs]
            or same
        )
        return Call(call.scenario, alike[0].inputs, call.facts, call.world) if alike else call

    def __exit__(self, *_: object) -> None:
        Runs.outcome = self._outcome  # type: ignore[method-assign]


def _patient(course: Course) -> Course:
    """The course with longer limits: on a busy machine, a program that runs out of time would gain nothing for that reason alone."""
    limits = course.limits
    longer = {name: getattr(limits, name) * PATIENCE for name in ("seconds", "cpu_seconds", "start_seconds")}
    return course.model_copy(update={"limits": limits.model_copy(update=longer)})


def results(course: Course, exercises: Sequence[Exercise], worker: Worker) -> dict[str, list[ExerciseResult]]:
    """What each kind gets on hidden inputs."""
    course = _patient(course)
    gradings = {
        hidden: Grading(course, resolve(course, isolation="process", hidden=hidden), worker)
        for hidden in (None, SECRET)
    }
    found: dict[str, list[ExerciseResult]] = {}

    def grade(kind: str, hidden: str | None) -> list[ExerciseResult]:
        texts = {(each.lab, each.name): program(course, each, kind) for each in exercises}
        grading = gradings[hidden]
        grader = grading.grader(Submission.from_texts(texts))
        return grading.grade(grader, exercises).exercises

    for kind in KINDS:
        if kind != "replays":
            found[kind] = grade(kind, SECRET)
            continue
        with Replay() as replay:
            grade(kind, None)
            replay.public = False
            found[kind] = grade(kind, SECRET)
    return found


def gained(result: ExerciseResult) -> list[str]:
    """The checks that gave points."""
    return [f"{check.name} {check.points:g}" for check in result.checks if check.points]


#: What is kept of an exercise: for each kind the points, the verdict, and the checks that gave points.
Found = dict[str, dict[str, object]]


def try_all(course: Course, exercises: Sequence[Exercise], worker: Worker) -> dict[str, Found]:
    """What each kind gains in each exercise, told on the way."""
    found: dict[str, Found] = {}
    for place, exercise in enumerate(exercises, 1):
        started = time.monotonic()
        where = f"{exercise.lab}/{exercise.name}"
        found[where] = {}
        for kind, (result,) in results(course, [exercise], worker).items():
            if result.verdict in FAULTS:
                raise SystemExit(f"{where}, {kind}: {result.verdict}: {result.message}")
            found[where][kind] = {"points": result.points, "verdict": result.verdict, "checks": gained(result)}
            if result.points:
                print(f"{where:32} {kind:9} {result.points:4g}  {', '.join(gained(result))}", flush=True)
        took = time.monotonic() - started
        print(f"{place} of {len(exercises)}: {where}, {took:.0f} s", file=sys.stderr, flush=True)
    return found


def table(course: Course, found: Mapping[str, Found]) -> str:
    """The sums by lab, in Markdown.

    Raises:
        SystemExit: an exercise is missing.
    """
    lines = ["| | exercises | points | " + " | ".join(KINDS) + " |", "|---|" + "---|" * (2 + len(KINDS))]
    labs = {f"Lab {lab.removeprefix('lab')}": course.exercises(lab) for lab in course.labs}
    for name, exercises in [*labs.items(), ("all", course.exercises())]:
        wheres = [f"{each.lab}/{each.name}" for each in exercises]
        if missing := [where for where in wheres if where not in found]:
            raise SystemExit(f"not tried yet: {', '.join(missing)}")
        sums = [sum(float(str(found[where][kind]["points"])) for where in wheres) for kind in KINDS]
        cells = [str(len(exercises)), f"{sum(each.points for each in exercises):g}", *(f"{each:g}" for each in sums)]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Grade, print what gained points, and the sums."""
    parser = argparse.ArgumentParser(prog="python -m cheats.nothing", description="What programs gain that do nothing.")
    parser.add_argument("names", nargs="*", metavar="EXERCISE")
    parser.add_argument("--lab", help="only this lab's exercises")
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="keep what was found here, beside what it has of other exercises"
    )
    parser.add_argument(
        "--write",
        action="store_true",
        help="renew the table in docs/threat-model.md; with --json, of all that FILE has",
    )
    options = parser.parse_args(arguments)
    course = load_course(ROOT)
    exercises = [course.exercise(name, options.lab) for name in options.names] or course.exercises(options.lab)
    worker = Worker(course.limits.start_seconds * PATIENCE)
    try:
        found = try_all(course, exercises, worker)
    finally:
        worker.close()
    if options.json:
        if options.json.is_file():
            found = json.loads(options.json.read_text(encoding="utf-8")) | found
        options.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    sums = {kind: sum(float(str(each[kind]["points"])) for each in found.values()) for kind in KINDS}
    print(", ".join(f"{kind} {points:g}" for kind, points in sums.items()), f"points, in {len(found)} exercises")
    if options.write:
        measured.put("nothing", table(course, found))


if __name__ == "__main__":
    main()
