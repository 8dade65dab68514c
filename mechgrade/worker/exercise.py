"""The learner's module, as a scenario sees it.

A scenario writes ``exercise.average(values, axis)``. On the way, three mistakes are caught that would otherwise
surface as something stranger: a function that is not there, one that cannot be called so, one that changes its arguments.
"""

from __future__ import annotations

import inspect
import linecache
import sys
import time
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from mechgrade.worker import loaded
from mechgrade.worker.intact import Intact, frozen

_PLAIN = (bool, int, float, str, bytes, type(None))


class Missing(BaseException):
    """The learner's file does not define a name that the scenario calls.

    Like :class:`Misused` no ``Exception``: a scenario that catches what the learner's code raises must not catch it.
    """


class Misused(BaseException):
    """The learner's function cannot be called as the stub's signature says, or changed its arguments."""


class Exercise:
    """The learner's functions, each guarded. ``unguarded`` gives them bare, for functions that may edit in place."""

    def __init__(self, module: types.ModuleType, intact: Intact | None = None) -> None:
        self._module = module
        self._intact = intact
        #: seconds spent in the learner's functions
        self._seconds = 0.0
        #: the functions of the learner's file that were called, with the line of their definition
        self._called: dict[str, int] = {}

    @property
    def unguarded(self) -> types.ModuleType:
        """The module itself: no check that arguments stay as they were."""
        return self._module

    def __getattr__(self, name: str) -> Any:
        try:
            value = getattr(self._module, name)
        except AttributeError:
            raise Missing(name) from None
        if not inspect.isfunction(value):
            return value
        line = self._line_of(value)
        if line is not None:
            self._called[name] = line
        return self._guard(name, value)

    def _line_of(self, function: Any) -> int | None:
        """The line where the learner's file defines a function; None where the function is another file's."""
        # A decorator's own function stands in the decorator's file. ``__wrapped__`` says what it is around. The innermost counts.
        line, seen, each = None, set[int](), function
        while inspect.isfunction(each) and id(each) not in seen:
            seen.add(id(each))  # one may say that it is around itself
            if each.__code__.co_filename == getattr(self._module, "__file__", None):
                line = each.__code__.co_firstlineno
            each = getattr(each, "__wrapped__", None)
        return line

    def _guard(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            try:
                bound = inspect.signature(function).bind(*args, **kwargs)
            except TypeError as error:
                given = [f"{len(args)} positional arguments"] if args else []
                given += [f"{key}=" for key in kwargs]
                raise Misused(
                    f"`{name}` was called with {', '.join(given) or 'no argument'}, but yours is "
                    f"`{name}{_names(function)}` ({error}): keep the stub's signature"
                ) from None
            before = {key: _snapshot(value) for key, value in bound.arguments.items()}
            start = time.perf_counter()
            try:
                result = function(*args, **kwargs)
            finally:
                self._seconds += time.perf_counter() - start
            self.look()
            result = frozen(result, loaded.torch())
            for key, value in bound.arguments.items():
                if not _unchanged(before[key], value):
                    copied = f" (`{key}.clone()`)" if loaded.is_tensor(value) else ""
                    raise Misused(
                        f"`{name}` changed its argument `{key}` in place; the caller still needs it: "
                        f"work on a copy{copied}"
                    )
            return result

        return call

    def look(self) -> None:
        """See that what scenarios rely on is what it was.

        Raises:
            Misused: the learner's code replaced it.
        """
        changed = self._intact.changed() if self._intact is not None else ""
        if changed:
            raise Misused(f"your code replaced `{changed}`, which other code relies on: call it, and leave it as it is")


def _names(function: Callable[..., Any]) -> str:
    return "(" + ", ".join(inspect.signature(function).parameters) + ")"


def _snapshot(value: Any) -> Any:
    """A copy of the numbers in an argument, deep enough for lists and dicts of tensors."""
    if loaded.is_tensor(value):
        return value.detach().clone()
    if isinstance(value, np.ndarray):
        return value.copy()
    if type(value) in (list, tuple):
        return [_snapshot(item) for item in value]
    if type(value) is dict:
        return {key: _snapshot(item) for key, item in value.items()}
    if loaded.is_module(value):
        return _weights(value)
    if _is_plain(value):
        return value
    # A configuration, say: what it says, not what it refers to.
    return {key: item for key, item in getattr(value, "__dict__", {}).items() if _is_plain(item)}


def _is_plain(value: Any) -> bool:
    torch = loaded.torch()
    return isinstance(value, _PLAIN) or (torch is not None and isinstance(value, torch.dtype | torch.device))


def _weights(model: Any) -> list[tuple[int, float]]:
    """A sum for each weight, and how often it was written to: a weight that was put back counts as unchanged."""
    return [(parameter._version, _total(parameter)) for parameter in model.parameters()]


def _total(parameter: Any) -> float:
    """The sum of a weight; NaN, which equals nothing, on the device "meta", which knows no numbers."""
    return float("nan") if parameter.is_meta else float(parameter.detach().sum())


def _same_weights(before: list[tuple[int, float]], model: Any) -> bool:
    now = list(model.parameters())
    return len(before) == len(now) and all(
        version == parameter._version or total == _total(parameter)
        for (version, total), parameter in zip(before, now, strict=True)
    )


def _unchanged(before: Any, after: Any) -> bool:
    if loaded.is_tensor(after):
        torch = loaded.torch()
        now = after.detach()
        if before.shape != now.shape or before.dtype != now.dtype:
            return False
        if now.is_meta:  # shapes are all that is known there
            return True
        both_nan = before.is_floating_point() and torch.allclose(before, now, rtol=0, atol=0, equal_nan=True)
        return bool(torch.equal(before, now) or both_nan)
    if isinstance(after, np.ndarray):
        return before.shape == after.shape and bool(np.array_equal(before, after, equal_nan=after.dtype.kind == "f"))
    if type(after) in (list, tuple):
        return len(before) == len(after) and all(map(_unchanged, before, after))
    if type(after) is dict:
        return before.keys() == after.keys() and all(_unchanged(before[key], after[key]) for key in before)
    if loaded.is_module(after):
        return _same_weights(before, after)
    if _is_plain(after):  # in a list, which another may stand in for; not a number is equal to nothing
        return bool(before is after or before == after or (before != before and after != after))
    return bool(before == _snapshot(after))


def load(source: str, filename: str, name: str) -> types.ModuleType:
    """Run a learner's file as a module, from its text: the process needs no sight of the submission's folder.

    Args:
        source: the file's text.
        filename: what tracebacks call it.
        name: the module's name; it is in no package and shadows none.

    Raises:
        BaseException: whatever the learner's top level raises, SyntaxError included.
    """
    module = types.ModuleType(f"submission.{name}")
    module.__file__ = filename
    # Tracebacks and inspect.getsource read the text from here, as they would from a file.
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    sys.modules[module.__name__] = module
    exec(compile(source, filename, "exec", dont_inherit=True), module.__dict__)
    return module
