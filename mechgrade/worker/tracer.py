"""What the learner's process runs where a failure is to be explained: each scenario as it is, and the calls that it made.

A run that failed is made once more, in the same process where that still serves, with such a scenario in the place of the grader's. It returns the scenario's data, and of each
call of a learner's function what it got, what it returned and the line that returned it. Like all that comes from the learner's
process this is the learner's word: it makes a message, and no verdict.
"""

from __future__ import annotations

import dis
import functools
import inspect
import sys
import traceback
import types
from collections.abc import Callable, Iterator
from typing import Any

from mechgrade.protocol.shown import MOST_CALLS, call_text, kind_of, shown
from mechgrade.worker.runner import Report, Runner

#: Of results that are larger nothing is kept.
MOST_VALUES = 200_000

#: What such a function returns is made before its first line is run.
_LATER = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR

_PLAIN = (bool, int, float, str, type(None))


def trace(runner: Runner, scenario: str, inputs: dict[str, Any]) -> Report:
    """Run a scenario as :meth:`Runner.run` does; it returns the calls too. The last that a process does for what failed in it."""
    grader = runner.grader
    runner.grader = types.ModuleType(grader.__name__)
    setattr(runner.grader, scenario, _traced(getattr(grader, scenario)))
    try:
        return runner.run(scenario, inputs)
    finally:
        runner.grader = grader


def _traced(scenario: Callable[..., Any]) -> Callable[..., Any]:
    def run(exercise: Any, bench: Any, **inputs: Any) -> dict[str, Any]:
        log = Log()
        data, ended = None, ""
        try:
            data = scenario(Watched(exercise, exercise.unguarded, log), bench, **inputs)
        except BaseException as error:  # what it said is known from the first run
            ended = type(error).__name__
        found = {"places": log.places_in(data), "data": data} if _sendable(data) else {"places": [], "data": None}
        return {**found, "ended": ended, "calls": log.calls}

    return run


class Log:
    """The calls of one run, in order.

    Attributes:
        calls: what is told of each.
        results: what each returned, the very objects.
    """

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []
        self.results: list[Any] = []

    def begin(self, entry: dict[str, Any]) -> int:
        """Write a call down, and return its number; after :data:`MOST_CALLS` they are let go."""
        if len(self.calls) < MOST_CALLS:
            self.calls.append(entry)
            self.results.append(None)
            return len(self.calls) - 1
        return -1

    def end(self, number: int, result: Any) -> None:
        """Keep what a call returned."""
        if number >= 0:
            self.results[number] = result

    def places_in(self, data: Any) -> list[Any]:
        """Where the very objects that calls returned, or parts of these, lie in a scenario's data: (place, call, place in the result)."""
        known: dict[int, tuple[int, list[Any]]] = {}
        for number, result in enumerate(self.results):
            for place, node in _parts(result, []):
                known.setdefault(id(node), (number, place))
        return [(place, *known[id(node)]) for place, node in _parts(data, []) if id(node) in known]


def _parts(node: Any, place: list[Any]) -> Iterator[tuple[list[Any], Any]]:
    """The containers and arrays in a value. Plain values are left out: the same number may come from anywhere."""
    if not isinstance(node, _PLAIN):
        yield place, node
    if type(node) is dict:
        for key, item in node.items():
            yield from _parts(item, [*place, key])
    elif isinstance(node, list | tuple):
        for number, item in enumerate(node):
            yield from _parts(item, [*place, number])


class Watched:
    """The learner's functions, of which each call is written down.

    Args:
        exercise: the functions, as scenarios get them.
        module: the learner's own module.
        log: takes the calls.
    """

    def __init__(self, exercise: Any, module: types.ModuleType, log: Log) -> None:
        self._exercise = exercise
        self._module = module
        self._log = log

    @property
    def unguarded(self) -> Watched:
        """The functions without the guard."""
        return Watched(self._module, self._module, self._log)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._exercise, name)
        return self._watch(name, value) if inspect.isfunction(value) else value

    def _watch(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        own = getattr(self._module, name)
        return watched(function, own, name, lambda args, kwargs: _call(name, own, args, kwargs), self._log)


def watched(
    function: Callable[..., Any],
    own: Callable[..., Any],
    name: str,
    text: Callable[[tuple[Any, ...], dict[str, Any]], str],
    log: Log,
    inner: bool = False,
) -> Callable[..., Any]:
    """A function of which each call is written down, and of the functions that it returns too.

    Args:
        function: what is called.
        own: the learner's function behind it.
        name: the name of the learner's function.
        text: a call in words, of what it got.
        log: takes the calls.
        inner: whether the function is not the learner's own, but what that returned.
    """
    code = getattr(inspect.unwrap(own), "__code__", None)
    line = _only_line(own)

    @functools.wraps(own)
    def call(*args: Any, **kwargs: Any) -> Any:
        entry: dict[str, Any] = {"function": name, "call": text(args, kwargs), "inner": inner}
        number = log.begin(entry)
        before = sys.getprofile()

        def note(frame: types.FrameType, event: str, _: object) -> None:
            if event == "return" and frame.f_code is code:
                entry["line"] = frame.f_lineno

        if line is None:
            sys.setprofile(note)
        try:
            result = function(*args, **kwargs)
        except BaseException as error:
            sys.setprofile(before)
            entry["raised"] = type(error).__name__
            entry["line"] = next(
                (at for frame, at in traceback.walk_tb(error.__traceback__) if frame.f_code is code), 0
            )
            raise
        finally:
            sys.setprofile(before)
        if line is not None:
            entry["line"] = line
        entry["returned"], entry["kind"] = shown(result), kind_of(result)
        if inspect.isfunction(result):  # a hook, say: what it does is told as a call of what was returned

            def again(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
                return _call(entry["call"], result, args, kwargs)

            return watched(result, result, name, again, log, inner=True)
        if _sendable(result):
            entry["result"] = _frozen(result)
            log.end(number, result)
        return result

    return call


def _only_line(own: Callable[..., Any]) -> int | None:
    """The only line at which a function can return; None where there are several, or a decorator or a generator may return in its place.

    Most functions have one. To see which of several it was, all that the function calls has to be watched, which takes twice as long.
    """
    if not inspect.isfunction(own) or inspect.unwrap(own) is not own or own.__code__.co_flags & _LATER:
        return None
    ends = (each for each in dis.get_instructions(own.__code__) if each.opname in ("RETURN_VALUE", "RETURN_CONST"))
    lines = {each.positions.lineno if each.positions else None for each in ends}
    return lines.pop() if len(lines) == 1 else None


def _call(name: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    try:
        bound = inspect.signature(function).bind(*args, **kwargs).arguments.items()
    except (TypeError, ValueError):  # it cannot be called so, as it will say itself
        bound = [*(("", value) for value in args), *kwargs.items()]  # type: ignore[assignment]
    return call_text(name, bound)


def _sendable(value: Any) -> bool:
    """Whether the worker can send a value, and it is not too large to be compared with others."""
    left = MOST_VALUES

    def fits(node: Any, depth: int) -> bool:
        nonlocal left
        left -= 1
        if isinstance(node, _PLAIN):
            return left > 0
        if isinstance(node, list | tuple):
            return depth < 16 and all(fits(each, depth + 1) for each in node)
        if type(node) is dict:
            return depth < 16 and all(type(key) in (str, int) and fits(each, depth + 1) for key, each in node.items())
        if not hasattr(node, "tolist") or not isinstance(getattr(node, "shape", None), tuple):
            return False
        if getattr(node, "is_meta", False) or getattr(node, "is_sparse", False):  # it has no numbers of its own to send
            return False
        size = 1
        for each in node.shape:
            size *= each
        left -= size
        return left > 0

    return fits(value, 0)


def _frozen(value: Any) -> Any:
    """A copy, as the scenario may change what it got."""
    if isinstance(value, list | tuple):  # of whatever class
        return [*map(_frozen, value)] if isinstance(value, list) else tuple(map(_frozen, value))
    if type(value) is dict:
        return {key: _frozen(each) for key, each in value.items()}
    if hasattr(value, "detach"):
        return value.detach().clone()
    return value.copy() if hasattr(value, "copy") else value
