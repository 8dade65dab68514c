"""What the learner's process runs where a failure is to be explained: each scenario as it is, and the calls that it made.

A run that failed is run once more, with these scenarios in the place of the grader's. They return the scenario's data, and of each
call of a learner's function what it got, what it returned and the line that returned it. Like all that comes from the learner's
process this is the learner's word: it makes a message, and no verdict.
"""

from __future__ import annotations

import importlib.util
import inspect
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mechgrade.grading.shown import call_text, shown

#: Of more calls nothing is kept, nor of results that are larger.
MOST_CALLS, MOST_VALUES = 64, 200_000

_PLAIN = (bool, int, float, str, type(None))


def text_of(grader: Path) -> str:
    """The text of a file that stands in for a grader's."""
    return f"from {__name__} import scenarios\n\nglobals().update(scenarios({str(grader)!r}))\n"


def scenarios(path: str) -> dict[str, Callable[..., Any]]:
    """The functions of a grader's file, each of which returns the calls too."""
    name = f"traced.{Path(path).stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return {name: _traced(value) for name, value in vars(module).items() if inspect.isfunction(value)}


def _traced(scenario: Callable[..., Any]) -> Callable[..., Any]:
    def run(exercise: Any, bench: Any, **inputs: Any) -> dict[str, Any]:
        calls: list[dict[str, Any]] = []
        try:
            data = scenario(Watched(exercise, exercise.unguarded, calls), bench, **inputs)
        except BaseException:  # what it was is known from the first run
            data = None
        return {"data": data if _sendable(data) else None, "calls": calls}

    return run


class Watched:
    """The learner's functions, of which each call is written down.

    Args:
        exercise: the functions, as scenarios get them.
        module: the learner's own module.
        calls: takes the calls.
    """

    def __init__(self, exercise: Any, module: types.ModuleType, calls: list[dict[str, Any]]) -> None:
        self._exercise = exercise
        self._module = module
        self._calls = calls

    @property
    def unguarded(self) -> Watched:
        """The functions without the guard."""
        return Watched(self._module, self._module, self._calls)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._exercise, name)
        return self._watch(name, value) if inspect.isfunction(value) else value

    def _watch(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        own = getattr(self._module, name)
        code = getattr(inspect.unwrap(own), "__code__", None)

        def call(*args: Any, **kwargs: Any) -> Any:
            entry: dict[str, Any] = {"function": name, "call": _call(name, own, args, kwargs)}
            if len(self._calls) < MOST_CALLS:
                self._calls.append(entry)
            before = sys.getprofile()

            def note(frame: types.FrameType, event: str, _: object) -> None:
                if event == "return" and frame.f_code is code:
                    entry["line"] = frame.f_lineno

            sys.setprofile(note)
            try:
                result = function(*args, **kwargs)
            except BaseException as error:
                sys.setprofile(before)
                entry["raised"] = type(error).__name__
                raise
            finally:
                sys.setprofile(before)
            entry["returned"] = shown(result)
            if _sendable(result):
                entry["result"] = _frozen(result)
            return result

        return call


def _call(name: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    try:
        bound = inspect.signature(function).bind(*args, **kwargs).arguments.items()
    except (TypeError, ValueError):  # it cannot be called so, as it will say itself
        bound = [*((f"argument {place}", value) for place, value in enumerate(args)), *kwargs.items()]  # type: ignore[assignment]
    return call_text(name, bound)


def _sendable(value: Any) -> bool:
    """Whether the worker can send a value, and it is not too large to be compared with others."""
    left = MOST_VALUES

    def fits(node: Any, depth: int) -> bool:
        nonlocal left
        left -= 1
        if isinstance(node, _PLAIN):
            return left > 0
        if type(node) in (list, tuple):
            return depth < 16 and all(fits(each, depth + 1) for each in node)
        if type(node) is dict:
            return depth < 16 and all(type(key) in (str, int) and fits(each, depth + 1) for key, each in node.items())
        if not hasattr(node, "tolist") or not isinstance(getattr(node, "shape", None), tuple):
            return False
        size = 1
        for each in node.shape:
            size *= each
        left -= size
        return left > 0

    return fits(value, 0)


def _frozen(value: Any) -> Any:
    """A copy, as the scenario may change what it got."""
    if type(value) in (list, tuple):
        return type(value)(_frozen(each) for each in value)
    if type(value) is dict:
        return {key: _frozen(each) for key, each in value.items()}
    if hasattr(value, "detach"):
        return value.detach().clone()
    return value.copy() if hasattr(value, "copy") else value
