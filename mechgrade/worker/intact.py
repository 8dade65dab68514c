"""Whether what scenarios rely on is still what it was before the learner's file was imported.

A scenario goes on after a learner's function has returned: it asks whether two tensors are equal, or reads a point of the model. Code
that replaced ``torch.equal`` meanwhile would answer itself. So the functions and classes that scenarios use are remembered before the
learner's file is imported, and looked at after each call of a learner's function.

This catches a replacement, not everything that code in the same process can do: what a scenario computes beside the learner's result is
worth no more than the learner's word. The grader's side takes it so.
"""

from __future__ import annotations

import gc
import itertools
import sys
import types
from collections import namedtuple
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from mechgrade.protocol.wire import MAX_DEPTH
from mechgrade.worker.table import table_of

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


class _Space:
    """The functions and classes of a namespace, as they are now.

    Attributes:
        label: what a message calls the namespace.
        functions: those in Python by their identity: the name, the function and its code.
    """

    def __init__(self, label: str, names: dict[str, Any]) -> None:
        free = {"builtins": _FREE, "torch": _TORCHS_OWN}.get(label, frozenset())
        self.label = label
        self._names = names
        self._kept = [(name, value) for name, value in names.items() if _is_used(value) and name not in free]
        self.functions = {
            id(value): (name, value, value.__code__)
            for name, value in self._kept
            if isinstance(value, types.FunctionType)
        }
        self._table = table_of(names)

    def is_same(self) -> bool:
        """Whether nothing at all is another; where that cannot be told, no."""
        return self._table is not None and self._table.is_same()

    def replaced(self) -> str:
        """The name that stands for something else; empty where none does."""
        if self.is_same():
            return ""
        for name, value in self._kept:
            if self._names.get(name) is not value:
                return name
        self._table = table_of(self._names)  # something else has changed, which nobody relies on
        return ""


class _Shape:
    """What the classes of a bench have of their own: the names that a subclass or the bench itself must not cover."""

    def __init__(self, bench: object) -> None:
        self.methods = {name for each in type(bench).__mro__ for name, value in vars(each).items() if callable(value)}
        #: the classes with their own names, and those that they inherit: a method of their own would go before an inherited one
        self.classes = [
            (each, frozenset(vars(each)), frozenset(name for base in each.__mro__[1:] for name in vars(base)))
            for each in _classes(bench)
        ]


#: What was looked at before the fork, by the identity of the namespace's dict, and by the bench's class.
_spaces: dict[int, _Space] = {}
_shapes: dict[type, _Shape] = {}


@dataclass
class _Own:
    """The names of this project's modules, up to the one that was loaded last."""

    names: dict[str, None] = field(default_factory=dict)
    last: set[str] = field(default_factory=set)


_own = _Own()

#: The functions that were given other code since :func:`hear_of_code`, by their identity; None where nobody listens.
_recoded: set[int] | None = None


def prepare(bench: object) -> None:
    """Look at what is loaded, so that no fork has to. What changes until the fork is looked at there."""
    _spaces.update((id(names), _Space(label, names)) for label, names in _namespaces(None, bench))
    _shapes[type(bench)] = _Shape(bench)


def hear_of_code() -> None:
    """From now on, to the end of the process, hear of each function that is given other code. Else each has to be looked at, each time."""
    global _recoded
    heard = _recoded = set()

    def hear(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "object.__setattr__" and arguments[1] == "__code__":
            heard.add(id(arguments[0]))

    sys.addaudithook(hear)


class Intact:
    """The functions and classes in use, as they are now.

    Args:
        grader: the grader's module.
        bench: what scenarios work with.
    """

    def __init__(self, grader: types.ModuleType, bench: object) -> None:
        self._bench = bench
        self._spaces: list[_Space] = []
        is_known = True
        for label, names in _namespaces(grader, bench):
            known = _spaces.get(id(names))
            if known is not None and known.is_same():
                self._spaces.append(known)
            else:
                self._spaces.append(_Space(label, names))
                is_known = is_known and label not in {each.__name__ for each in _classes(bench)}
        shape = _shapes.get(type(bench)) if is_known else None
        self._shape = shape or _Shape(bench)
        if _recoded is not None:
            _recoded.clear()

    def changed(self) -> str:
        """What was replaced since, by its name; empty where nothing was."""
        for space in self._spaces:
            if name := space.replaced():
                return f"{space.label}.{name}"
        if _recoded is None or _recoded:
            for space in self._spaces:
                for number in space.functions if _recoded is None else space.functions.keys() & _recoded:
                    name, function, code = space.functions[number]
                    if function.__code__ is not code:
                        return f"{space.label}.{name}"
        for one, known, inherited in self._shape.classes:
            if len(vars(one)) != len(known) and (over := inherited.intersection(vars(one)) - known):
                return f"{one.__name__}.{min(over)}"
        covered = self._shape.methods.intersection(getattr(self._bench, "__dict__", ()))
        return f"bench.{min(covered)}" if covered else ""


def _namespaces(grader: types.ModuleType | None, bench: object) -> Iterator[tuple[str, dict[str, Any]]]:
    for name in [*_MODULES, *_own_modules()]:
        module = sys.modules.get(name)
        if module is not None:
            yield name, vars(module)
    if grader is not None:
        yield "the grader", vars(grader)
    for each in _classes(bench):
        # vars() of a class is a view, made anew each time: behind it is the class's own dict.
        (names,) = gc.get_referents(vars(each))
        yield each.__name__, names


def _own_modules() -> list[str]:
    """The modules of this project that are loaded. Of thousands of names only those that are new are looked at: a name is an object, too."""
    new = itertools.takewhile(lambda name: name not in _own.last, reversed(sys.modules))
    found = [name for name in new if name.partition(".")[0] == "mechgrade"]
    _own.names.update(dict.fromkeys(reversed(found)))
    _own.last = {next(reversed(sys.modules))}
    return [name for name in _own.names if name in sys.modules]


def _classes(bench: object) -> list[type]:
    torch = sys.modules.get("torch")
    found: list[type] = [*type(bench).__mro__, *(torch.Tensor.__mro__ if torch is not None else ())]
    return [each for each in dict.fromkeys(found) if each is not object]


def _is_used(value: Any) -> bool:
    return callable(value) or isinstance(value, property | staticmethod | classmethod)


def frozen(value: Any, torch: Any) -> Any:
    """What a learner's function returned, without classes of the learner's own: those would answer the scenario's questions.

    A tuple with names for its parts keeps the names. A dict or list of another class becomes a plain one.

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
        pairs = {of(key): of(item) for key, item in dict.items(value)}
        same = type(value) is dict and all(pairs[key] is item for key, item in value.items())
        return value if same else pairs
    if isinstance(value, list):
        parts: Any = [of(item) for item in list.__iter__(value)]
        kind: Any = list
    else:
        items = [of(item) for item in tuple.__iter__(value)]
        kind = _kind(type(value), len(items))
        parts = kind(items) if kind is tuple else kind(*items)
    same = type(value) is kind and all(one is two for one, two in zip(parts, value, strict=True))
    return value if same else parts


def _kind(own: type, length: int) -> Any:
    """A class of tuples with the names of another's parts, as ``namedtuple``, NumPy and torch make them; else the plain one.

    Whatever else the other class has is not taken over. The new class is called ``tuple``: a scenario that tells the names of types finds
    a tuple, however its parts are named.
    """
    names = () if own is tuple else getattr(own, "_fields", getattr(own, "__match_args__", ()))
    if type(names) is not tuple or not names or len(names) != length or any(type(name) is not str for name in names):
        return tuple
    try:  # a class of its own each time: one that is kept could be given other methods
        return namedtuple("tuple", names)
    except ValueError:  # the learner's names are none
        return tuple
