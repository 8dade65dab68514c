"""Whether what scenarios rely on is still what it was before the learner's file was imported.

A scenario goes on after a learner's function has returned: it asks whether two tensors are equal, or reads a point of the model. Code
that replaced ``torch.equal`` meanwhile would answer itself. So the functions and classes that scenarios use are remembered before the
learner's file is imported, and looked at after each call of a learner's function.

This catches a replacement, not everything that code in the same process can do: what a scenario computes beside the learner's result is
worth no more than the learner's word. The grader's side takes it so.
"""

from __future__ import annotations

import builtins
import sys
import types
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

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
        over = self._methods.intersection(getattr(self._bench, "__dict__", ()))
        return f"bench.{min(over)}" if over else ""


def _namespaces(grader: types.ModuleType, bench: object) -> Iterator[tuple[str, Mapping[str, Any]]]:
    own = [name for name in sys.modules if name.partition(".")[0] == "mechgrade"]
    for name in [*_MODULES, *own]:
        module = sys.modules.get(name)
        if module is not None:
            yield name, vars(module)
    yield "the grader", vars(grader)
    torch = sys.modules.get("torch")
    classes: list[type] = [*type(bench).__mro__]
    if torch is not None:
        classes += [each for each in torch.Tensor.__mro__ if each is not object]
    for each in classes:
        yield each.__name__, vars(each)


def _keep(label: str, names: Mapping[str, Any]) -> _Kept:
    free = _FREE if names is vars(builtins) else frozenset()
    kept = [(name, value) for name, value in names.items() if _is_used(value) and name not in free]
    codes = [(name, value, value.__code__) for name, value in kept if isinstance(value, types.FunctionType)]
    return names, label, kept, codes


def _is_used(value: Any) -> bool:
    return callable(value) or isinstance(value, property | staticmethod | classmethod)


def frozen(value: Any, torch: Any) -> Any:
    """What a learner's function returned, without classes of the learner's own: those would answer the scenario's questions.

    Args:
        value: what was returned. Where nothing is to be changed in it, it stays the same object.
        torch: the module, where it is loaded.
    """
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
    if isinstance(value, dict):
        items = {frozen(key, torch): frozen(item, torch) for key, item in dict.items(value)}
        same = type(value) is dict and all(items[key] is item for key, item in value.items())
        return value if same else items
    if isinstance(value, list):
        parts = [frozen(item, torch) for item in list.__iter__(value)]
        same = type(value) is list and all(one is two for one, two in zip(parts, value, strict=True))
        return value if same else parts
    if isinstance(value, tuple):
        whole = tuple(frozen(item, torch) for item in tuple.__iter__(value))
        same = type(value) is tuple and all(one is two for one, two in zip(whole, value, strict=True))
        return value if same else whole
    return value
