"""Which part of a scenario's data is what the learner's function itself returned, read from the scenario's text.

The rest was computed from it, or never was the learner's, so axes and words of the function do not apply there.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from mechgrade.grading.parsed import statements

Place = tuple[str | int, ...]

#: Methods that return the same values.
_SAME = frozenset(["clone", "contiguous", "cpu", "detach", "double", "float", "item", "numpy", "tolist"])
_DEPTH = 8


@dataclass(frozen=True)
class Origin:
    """A part of what a function of the exercise returned: the keys and indices that lead to it."""

    function: str
    place: Place = ()


@dataclass(frozen=True)
class _Each:
    """A list of equals."""

    item: Any


@dataclass(frozen=True)
class _Changed:
    """What a function returned, with another value at one key."""

    whole: Any
    key: str | int
    value: Any


@dataclass(frozen=True)
class _Items:
    """The pairs of keys and values of a dict that a function of the exercise returned, as a list."""

    of: Origin


#: An Origin, an _Each, a _Changed, _Items, a dict or list of these, or None for anything else
_Value = Any


class Origins:
    """What the scenarios of a grader's file return, as far as the text tells.

    Args:
        source: the text of the file.
    """

    def __init__(self, source: str) -> None:
        self._functions = {node.name: node for node in statements(source) if isinstance(node, ast.FunctionDef)}
        self._known: dict[str, _Value] = {}

    @staticmethod
    @lru_cache(maxsize=64)
    def in_text(source: str) -> Origins:
        """The same for a text that was read before: a class asks for each failure of an exercise."""
        return Origins(source)

    def of(self, scenario: str, place: Sequence[str | int]) -> Origin | None:
        """Where a part of a scenario's data comes from: None where it is no part of what a function returned."""
        found = self._at(scenario, place)
        return found if isinstance(found, Origin) else None

    def items(self, scenario: str, place: Sequence[str | int]) -> Origin | None:
        """The dict of whose keys and values a part of a scenario's data is the list of pairs: None where it is no such list."""
        found = self._at(scenario, place)
        return found.of if isinstance(found, _Items) else None

    def _at(self, scenario: str, place: Sequence[str | int]) -> _Value:
        if scenario not in self._known:
            node = self._functions.get(scenario)
            first = node.args.args[0].arg if node is not None and node.args.args else None
            self._known[scenario] = None if node is None else self._returned(node, {first: _Exercise()}, 0)
        return _part(self._known[scenario], tuple(place))

    def functions(self, scenario: str) -> frozenset[str]:
        """The exercise's functions that a scenario calls, by itself or in a helper of the grader's file."""
        found: set[str] = set()
        seen, left = set(), [scenario]
        while left:
            node = self._functions.get(name := left.pop())
            if node is None or name in seen:
                continue
            seen.add(name)
            for each in ast.walk(node):
                if isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name) and each.value.id == "exercise":
                    found.add(each.attr)
                elif isinstance(each, ast.Name):
                    left.append(each.id)
        return frozenset(found)

    def _returned(self, node: ast.FunctionDef, names: Mapping[Any, _Value], depth: int) -> _Value:
        scope = _Scope(self, dict(names), depth)
        scope.run(node.body)
        return _either(scope.returned)

    def call(self, name: str, arguments: list[_Value], keywords: dict[str, _Value], depth: int) -> _Value:
        """What a helper in the grader's file returns."""
        node = self._functions.get(name)
        if node is None or depth >= _DEPTH:
            return None
        names = [each.arg for each in node.args.posonlyargs + node.args.args]
        return self._returned(node, dict(zip(names, arguments, strict=False)) | keywords, depth + 1)


@dataclass(frozen=True)
class _Exercise:
    """The learner's module."""


@dataclass
class _Scope:
    """The names in a function, statement by statement. Branches count as if all of them ran."""

    origins: Origins
    names: dict[Any, _Value]
    depth: int
    returned: list[_Value] = field(default_factory=list)

    def run(self, statements: Sequence[ast.stmt]) -> None:
        for node in statements:
            if isinstance(node, ast.Return) and node.value is not None:
                self.returned.append(self.value(node.value))
            elif isinstance(node, ast.Assign):
                for target in node.targets:
                    self._assign(target, self.value(node.value))
            elif isinstance(node, ast.AnnAssign | ast.AugAssign):
                plain = isinstance(node, ast.AnnAssign) and node.value is not None
                self._assign(node.target, self.value(node.value) if plain and node.value is not None else None)
            elif isinstance(node, ast.For):
                self._assign(node.target, None)
            for part in ("body", "orelse", "finalbody"):
                if not isinstance(node, ast.FunctionDef | ast.ClassDef):
                    self.run(getattr(node, part, []))
            for handler in getattr(node, "handlers", []):
                self.run(handler.body)

    def _assign(self, target: ast.expr, value: _Value) -> None:
        if isinstance(target, ast.Name):
            self.names[target.id] = value
        elif isinstance(target, ast.Tuple | ast.List):
            for number, each in enumerate(target.elts):
                self._assign(each, _part(value, (number,)))
        elif isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
            known = self.names.get(target.value.id)
            key = _key(target.slice)
            if isinstance(known, Origin | _Changed) and key is not None:
                self.names[target.value.id] = _Changed(known, key, value)
            elif isinstance(known, dict) and key is not None:
                self.names[target.value.id] = {**known, key: value}
            else:
                self.names[target.value.id] = None

    def value(self, node: ast.expr) -> _Value:
        if isinstance(node, ast.Name):
            return self.names.get(node.id)
        if isinstance(node, ast.Call):
            return self._call(node)
        if isinstance(node, ast.Dict):
            return self._dict(node)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            left, right = self.value(node.left), self.value(node.right)
            return {**left, **right} if isinstance(left, dict) and isinstance(right, dict) else None
        if isinstance(node, ast.Tuple | ast.List):
            return [self.value(each) for each in node.elts]
        if isinstance(node, ast.ListComp | ast.DictComp):
            targets = [part for each in node.generators for part in ast.walk(each.target)]
            bound = {part.id: None for part in targets if isinstance(part, ast.Name)}
            inner = _Scope(self.origins, self.names | bound, self.depth)
            if isinstance(node, ast.ListComp) and _keeps_each(node):
                found = self.value(node.generators[0].iter)
                return found if isinstance(found, _Items) else None
            return _Each(inner.value(node.elt if isinstance(node, ast.ListComp) else node.value))
        if isinstance(node, ast.IfExp):
            left, right = self.value(node.body), self.value(node.orelse)
            return left if left == right else None
        if isinstance(node, ast.Subscript) and (place := _key(node.slice)) is not None:
            return _part(self.value(node.value), (place,))
        return None

    def _dict(self, node: ast.Dict) -> _Value:
        found: dict[Any, _Value] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            inner = self.value(value)
            if key is None and isinstance(inner, dict):
                found |= inner
            elif isinstance(key, ast.Constant):
                found[key.value] = inner
            else:
                return None
        return found

    def _call(self, node: ast.Call) -> _Value:
        function = node.func
        if isinstance(function, ast.Attribute):
            owner = self.value(function.value)
            if isinstance(owner, _Exercise):
                return Origin(function.attr)
            if function.attr == "items" and isinstance(owner, Origin):
                return _Items(owner)
            return owner if function.attr in _SAME else None
        if not isinstance(function, ast.Name):
            return None
        arguments = [self.value(each) for each in node.args]
        if function.id in ("dict", "float", "list", "tuple") and len(arguments) == 1:
            return arguments[0]
        if function.id == "sorted" and arguments and isinstance(arguments[0], _Items):
            return arguments[0]  # a dict has no order that could be lost
        keywords = {each.arg: self.value(each.value) for each in node.keywords if each.arg is not None}
        return self.origins.call(function.id, arguments, keywords, self.depth)


def _key(node: ast.expr) -> str | int | None:
    """A key or index that is written out."""
    value = node.value if isinstance(node, ast.Constant) else None
    return value if isinstance(value, str | int) else None


def _keeps_each(node: ast.ListComp) -> bool:
    """Whether this is a list of the same: ``[list(pair) for pair in pairs]``, or ``[[key, value] for key, value in pairs]``."""
    if len(node.generators) != 1 or node.generators[0].ifs:
        return False
    target, element = node.generators[0].target, node.elt
    if isinstance(element, ast.Call) and isinstance(element.func, ast.Name) and element.func.id in ("list", "tuple"):
        element = element.args[0] if len(element.args) == 1 else element
    if isinstance(target, ast.Tuple) and isinstance(element, ast.Tuple | ast.List):
        return [ast.unparse(each) for each in target.elts] == [ast.unparse(each) for each in element.elts]
    return isinstance(target, ast.Name) and isinstance(element, ast.Name) and target.id == element.id


def _part(value: _Value, place: Place) -> Any:
    for number, key in enumerate(place):
        while isinstance(value, _Changed) and key != value.key:
            value = value.whole
        if isinstance(value, Origin):
            return Origin(value.function, value.place + place[number:])
        if isinstance(value, _Changed):
            value = value.value
        elif isinstance(value, _Each):
            value = value.item
        elif isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int) and 0 <= key < len(value):
            value = value[key]
        else:
            return None
    return value


def _either(values: Sequence[_Value]) -> _Value:
    """What a function with several ends returns: what they agree on, key by key."""
    if all(isinstance(each, dict) for each in values):
        keys = {key for each in values for key in each}
        return {key: _either([each[key] for each in values if key in each]) for key in keys}
    return values[0] if values and all(each == values[0] for each in values) else None
