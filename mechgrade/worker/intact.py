"""Whether what scenarios rely on is still what it was before the learner's file was imported.

A scenario goes on after a learner's function has returned: it asks whether two tensors are equal, or reads a point of the model. Code
that replaced ``torch.equal`` meanwhile would answer itself. So the functions and classes that scenarios use are remembered before the
learner's file is imported, and looked at after each call of a learner's function.

This catches a replacement, not everything that code in the same process can do: what a scenario computes beside the learner's result is
worth no more than the learner's word. The grader's side takes it so.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np

from mechgrade.protocol.wire import MAX_DEPTH

#: The modules whose functions scenarios call, where they are loaded. Of this project's own, all.
_MODULES = (
    "builtins",
    "math",
    "random",
    "numpy",
    "numpy.linalg",
    "torch",
    "torch.functional",
    "torch.linalg",
    "torch.nn.functional",
    "torch.testing",
    "torch.autograd",
    "torch.random",
)

#: What a learner may well replace to see what a program does, and no scenario calls.
_FREE = frozenset(["print", "input", "breakpoint", "help", "exit", "quit", "copyright", "credits", "license"])

#: What torch replaces by itself, and no scenario may rely on: the first when something imports ``torch._dynamo``, as optimisers and
#: ``torch.func`` do, the second with another default type of numbers.
_TORCHS_OWN = frozenset(["manual_seed", "Storage"])

#: A name, and the function or class that it had; of a function in Python also its code.
_Kept = tuple[Mapping[str, Any], str, list[tuple[str, Any]], list[tuple[str, Any, Any]]]


class Intact:
    """The functions and classes in use, as they are now.

    Args:
        grader: the grader's module.
        bench: what scenarios work with.
    """

    def __init__(self, grader: types.ModuleType, bench: object) -> None:
        self._bench = bench
        self._methods = {name for each in type(bench).__mro__ for name, value in vars(each).items() if callable(value)}
        #: the classes with their own names, and those that they inherit: a method of their own would go before an inherited one
        self._classes = [
            (each, frozenset(vars(each)), frozenset(name for base in each.__mro__[1:] for name in vars(base)))
            for each in _classes(bench)
        ]
        self._kept: list[_Kept] = [_keep(label, names) for label, names in _namespaces(grader, bench)]

    def changed(self) -> str:
        """What was replaced since, by its name; empty where nothing was."""
        for names, label, kept, codes in self._kept:
            for name, value in kept:
                if names.get(name) is not value:
                    return f"{label}.{name}"
            for name, value, code in codes:
                if value.__code__ is not code:
                    return f"{label}.{name}"
        for one, known, inherited in self._classes:
            if len(vars(one)) != len(known) and (over := inherited.intersection(vars(one)) - known):
                return f"{one.__name__}.{min(over)}"
        covered = self._methods.intersection(getattr(self._bench, "__dict__", ()))
        return f"bench.{min(covered)}" if covered else ""


def _namespaces(grader: types.ModuleType, bench: object) -> Iterator[tuple[str, Mapping[str, Any]]]:
    own = [name for name in sys.modules if name.partition(".")[0] == "mechgrade"]
    for name in [*_MODULES, *own]:
        module = sys.modules.get(name)
        if module is not None:
            yield name, vars(module)
    yield "the grader", vars(grader)
    for each in _classes(bench):
        yield each.__name__, vars(each)


def _classes(bench: object) -> list[type]:
    torch = sys.modules.get("torch")
    found: list[type] = [*type(bench).__mro__, *(torch.Tensor.__mro__ if torch is not None else ())]
    return [each for each in dict.fromkeys(found) if each is not object]


def _keep(label: str, names: Mapping[str, Any]) -> _Kept:
    free = {"builtins": _FREE, "torch": _TORCHS_OWN}.get(label, frozenset())
    kept = [(name, value) for name, value in names.items() if _is_used(value) and name not in free]
    codes = [(name, value, value.__code__) for name, value in kept if isinstance(value, types.FunctionType)]
    return names, label, kept, codes


def _is_used(value: Any) -> bool:
    return callable(value) or isinstance(value, property | staticmethod | classmethod)


def frozen(value: Any, torch: Any) -> Any:
    """What a learner's function returned, without classes of the learner's own: those would answer the scenario's questions.

    Args:
        value: what was returned. Where nothing is to be changed in it, it stays the same object. What contains itself, or is nested
            deeper than anything that can be sent, stays as it is below that.
        torch: the module, where it is loaded.
    """
    return _frozen(value, torch, {}, 0)


def _frozen(value: Any, torch: Any, known: dict[int, Any], depth: int) -> Any:
    if torch is not None and isinstance(value, torch.Tensor):
        if type(value) in (torch.Tensor, torch.nn.Parameter):
            return value
        with torch._C.DisableTorchFunctionSubclass():
            return torch.Tensor.as_subclass(value, torch.Tensor)
    if isinstance(value, np.ndarray):
        return value if type(value) is np.ndarray else np.array(value, copy=True, subok=False)
    if type(value) in (bool, str, int, float) or isinstance(value, np.generic):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int.__index__(value)
    if isinstance(value, float):
        return float.__float__(value)
    if not isinstance(value, dict | list | tuple) or depth > MAX_DEPTH:
        return value
    if id(value) in known:  # seen before, or being looked at: a second look could go on for ever
        return known[id(value)]
    known[id(value)] = value
    known[id(value)] = _contents(value, partial(_frozen, torch=torch, known=known, depth=depth + 1))
    return known[id(value)]


def _contents(value: Any, of: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        items = {of(key): of(item) for key, item in dict.items(value)}
        same = type(value) is dict and all(items[key] is item for key, item in value.items())
        return value if same else items
    kind, plain = (list, list.__iter__) if isinstance(value, list) else (tuple, tuple.__iter__)
    parts = kind(of(item) for item in plain(value))
    same = type(value) is kind and all(one is two for one, two in zip(parts, value, strict=True))
    return value if same else parts
