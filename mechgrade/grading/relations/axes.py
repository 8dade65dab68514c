"""The names of a result's axes, read from jaxtyping's annotations: ``Float[Tensor, "layer head"]`` has ``layer`` and ``head``."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass

from mechgrade.grading.parsed import statements

#: For each axis its name, or None where it has none.
Names = tuple[str | None, ...]

_IDENTIFIER = re.compile(r"[A-Za-z]\w*")


@dataclass(frozen=True)
class Axes:
    """What a function's annotation says about the axes of what it returns."""

    annotation: ast.expr

    def at(self, place: Sequence[str | int], ndim: int) -> Names | None:
        """The names of an array's axes.

        Args:
            place: the keys and indices that lead to the array in what the function returned.
            ndim: how many axes it has.

        Returns:
            None where the annotation does not speak of such an array, or where two of its alternatives do.
        """
        try:
            shapes = _shapes(self.annotation, place)
        except RecursionError:
            return None
        found = {names for shape in shapes if (names := _spread(shape.split(), ndim)) is not None}
        return found.pop() if len(found) == 1 else None


class Annotations:
    """The annotations of the functions in some texts.

    A learner's text can be anything, so one that is no Python has none.

    Args:
        sources: the texts. Of a function that several annotate, the first counts.
    """

    def __init__(self, *sources: str) -> None:
        self._functions: dict[str, ast.FunctionDef] = {}
        for source in sources:
            for node in (each for each in statements(source) if isinstance(each, ast.FunctionDef)):
                if node.returns is not None or node.name not in self._functions:
                    known = self._functions.setdefault(node.name, node)
                    if known.returns is None:
                        self._functions[node.name] = node

    def axes_of(self, function: str) -> Axes | None:
        """What a function's return annotation says about axes; None where there is no such function or annotation."""
        node = self._functions.get(function)
        return Axes(node.returns) if node is not None and node.returns is not None else None

    def names(self) -> frozenset[str]:
        """The names that mean something to who wrote the functions: of their parameters, and of the axes of these."""
        found: set[str] = set()
        for node in self._functions.values():
            for each in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
                found.add(each.arg)
                for part in ast.walk(each.annotation) if each.annotation is not None else ():
                    if isinstance(part, ast.Constant) and isinstance(part.value, str):
                        found |= set(_IDENTIFIER.findall(part.value))
        return frozenset(found)


def axes_of(source: str, function: str) -> Axes | None:
    """What the return annotation of a function in a text says about axes."""
    return Annotations(source).axes_of(function)


def _shapes(node: ast.expr, place: Sequence[str | int]) -> list[str]:
    """The shapes that an annotation gives to what lies at a place."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _shapes(node.left, place) + _shapes(node.right, place)
    if not isinstance(node, ast.Subscript):
        return []
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    kind = node.value.id if isinstance(node.value, ast.Name) else ""
    if kind.lower() in ("dict", "mapping", "list", "sequence"):
        return _shapes(parts[-1], place[1:]) if place else []
    if kind.lower() == "tuple":
        first = place[0] if place else None
        return _shapes(parts[first], place[1:]) if isinstance(first, int) and 0 <= first < len(parts) else []
    shape = parts[-1]
    if len(parts) == 2 and isinstance(shape, ast.Constant) and isinstance(shape.value, str) and not place:
        return [shape.value]
    return []


def _spread(words: list[str], ndim: int) -> Names | None:
    """Give each axis its word of an annotation. ``...`` and ``*batch`` stand for any number of axes."""
    many = [number for number, word in enumerate(words) if word == "..." or word.startswith("*")]
    if len(many) > 1 or (len(words) != ndim and not (many and ndim >= len(words) - 1)):
        return None
    if many:
        (number,) = many
        count = ndim - len(words) + 1
        # One name cannot tell two axes apart.
        words = [*words[:number], *([words[number]] if count == 1 else ["..."] * count), *words[number + 1 :]]
    names = tuple(match.group() if (match := _IDENTIFIER.search(word)) else None for word in words)
    return tuple(None if names.count(name) > 1 else name for name in names)
