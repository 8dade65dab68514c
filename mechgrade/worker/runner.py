"""Run scenarios on a learner's module, and say what happened as a tree.

Everything here runs beside learner code and may be lied to by it: the grader's side believes nothing but the data, and
judges time, memory and death by what it sees itself.
"""

from __future__ import annotations

import contextlib
import faulthandler
import importlib.util
import sys
import time
import traceback
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mechgrade.bench.provider import Bench
from mechgrade.protocol.wire import Tree, numbers
from mechgrade.worker import loaded
from mechgrade.worker.exercise import Exercise, Missing, Misused, load
from mechgrade.worker.guesses import like_it, meant
from mechgrade.worker.intact import Intact
from mechgrade.worker.outgoing import UnsendableError, to_tree
from mechgrade.worker.written import written

Report = dict[str | int, Tree]
Scenario = Callable[..., Any]


class Runner:
    """One learner's module and the scenarios of its grader, in one process.

    Args:
        source: the learner's file, as text.
        filename: its name in tracebacks.
        grader: the grader's module, in which the scenarios are.
        bench: what scenarios work with.
        seconds: after so many, where the learner's code is is printed, for whoever ends it from outside.
        scratch: the process's own folder, which is deleted after it; None where files stay.
        portable: whether to watch for what another device would refuse.
    """

    def __init__(
        self,
        source: str,
        filename: str,
        grader: types.ModuleType,
        bench: Bench,
        seconds: float | None = None,
        scratch: Path | None = None,
        portable: bool = False,
    ) -> None:
        self._source, self._scratch = source, scratch
        self._given = {each.name for each in scratch.iterdir()} if scratch is not None else set[str]()
        self.filename = filename
        self.seconds = seconds
        self.bench = bench
        self.module: types.ModuleType | None = None
        self.grader = grader
        self.failure: Report | None = None
        watch = getattr(bench, "as_if_elsewhere", None) if portable else None
        self._placement = watch(filename, source) if watch else None
        self._intact = Intact(grader, bench)
        self._watch()
        try:
            self.module = load(source, filename, Path(filename).stem)
        except BaseException as error:
            self.failure = self._raised(error, "import")
        faulthandler.cancel_dump_traceback_later()

    def _watch(self) -> None:
        """Have a thread of C print where the code is when its time is nearly over: Python's own may wait for ever."""
        if self.seconds is not None:
            with contextlib.suppress(RuntimeError):  # no thread can be had: then nobody knows where it was
                faulthandler.dump_traceback_later(self.seconds, file=2)

    def run(self, scenario: str, inputs: dict[str, Any]) -> Report:
        """Run one scenario.

        Returns:
            ``kind`` and what belongs to it: returned (data), raised (type, message, trace), not_started, missing (name),
            unusable (message). ``dirty`` says that the model is not as it was, so the process must serve no more.
        """
        if self.module is None:
            assert self.failure is not None
            return self.failure
        exercise = Exercise(self.module, self._intact)
        function: Scenario = getattr(self.grader, scenario)
        given = {name: numbers(value) for name, value in inputs.items()}
        start = time.perf_counter()
        self._watch()
        try:
            found = function(exercise, self.bench, **given)
            exercise.look()
            data = to_tree(found, str(self.bench.device))
            report: Report = {"kind": "returned", "data": data}
        except Missing as error:
            report = {"kind": "missing", "name": str(error), "like": like_it(str(error), vars(self.module))}
        except (Misused, UnsendableError) as error:
            report = {"kind": "unusable", "message": str(error)}
        except BaseException as error:
            report = self._raised(error, "call")
        faulthandler.cancel_dump_traceback_later()
        report["seconds"] = time.perf_counter() - start
        report["learner_seconds"] = exercise._seconds
        report["called"] = [(name, line) for name, line in exercise._called.items()]
        report["dirty"] = self.bench.is_dirty()
        if self._placement is not None:
            report["stranded"] = [each.as_tuple() for each in sorted(self._placement.found)]
        if self._scratch is not None:
            report["written"] = [*written(self._scratch, self._source, self._given)]
        return report

    def _raised(self, error: BaseException, stage: str) -> Report:
        trace: list[Tree] = []
        frames = traceback.extract_tb(error.__traceback__)
        own = [entry for entry in frames if entry.filename == self.filename]
        for entry in own[-6:]:
            trace.append({"line": entry.lineno or 0, "function": entry.name, "text": (entry.line or "")[:200]})
        if isinstance(error, SyntaxError) and error.filename == self.filename:
            trace.append({"line": error.lineno or 0, "function": "", "text": (error.text or "").strip()[:200]})
        if isinstance(error, NotImplementedError) and frames and frames[-1].filename == self.filename:
            return {"kind": "not_started", "trace": trace}
        torch = loaded.torch()
        memory = isinstance(
            error, (MemoryError, *([torch.OutOfMemoryError] if torch else []))
        ) or "can't allocate memory" in _text(error)
        return {
            "kind": "out_of_memory" if memory else "raised",
            "stage": stage,
            "type": type(error).__name__[:100],
            "message": _text(error) + meant(error),
            "trace": trace,
        }


def _text(error: BaseException) -> str:
    try:
        return str(error)[:2000]
    except BaseException:  # a learner's __str__ may raise anything at all
        return "(its message could not be read)"


def load_grader(path: Path) -> types.ModuleType:
    """The grader's file as a module, for its scenarios."""
    name = f"grader.{path.stem}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
