"""A function that returned None, though its text promises something else: told as that, and not as what a scenario then found."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from mechgrade.grading.parsed import statements
from mechgrade.grading.relations.axes import Annotations
from mechgrade.grading.syntax import own_nodes
from mechgrade.grading.traces import Made

#: What may be None by its annotation.
_MAY_BE_NONE = frozenset(["None", "Optional", "Any", "object"])


@dataclass(frozen=True)
class Nothing:
    """A call that returned None where that is no answer.

    Attributes:
        number: which call.
        says: what to say of it.
        always: whether the text shows that the function returns None, however it is called.
    """

    number: int
    says: str
    always: bool


def without_result(made: Sequence[Made], source: str, stub: str) -> Nothing | None:
    """The first call that returned None where that is no answer.

    Args:
        made: the calls of the learner's functions.
        source: the learner's file.
        stub: the file as the learner got it, whose annotations say what is promised.

    Returns:
        None where there is no such call.
    """
    promised = Annotations(stub, source)
    for number, one in enumerate(made):
        if one.inner or one.raised or not one.steady or not one.has_result or one.result is not None:
            continue
        axes = promised.axes_of(one.function)
        if axes is None or _may_be_none(axes.annotation):
            continue
        if _never_returns_a_value(source, one.function):
            return Nothing(number, f"{one.told}: it has no `return` with a value", True)
        return Nothing(number, f"{one.told}; it should return `{ast.unparse(axes.annotation)}`", False)
    return None


def _may_be_none(annotation: ast.expr) -> bool:
    nodes = list(ast.walk(annotation))
    if any(isinstance(node, ast.Constant) and node.value is None for node in nodes):
        return True
    return any(isinstance(node, ast.Name) and node.id in _MAY_BE_NONE for node in nodes)


def _never_returns_a_value(source: str, function: str) -> bool:
    """Whether the text of a function shows that it returns None, however it is called."""
    found = [node for node in statements(source) if isinstance(node, ast.FunctionDef) and node.name == function]
    if len(found) != 1 or found[0].decorator_list:
        return False
    nodes = list(own_nodes(found[0]))
    returns = any(isinstance(node, ast.Return) and node.value is not None for node in nodes)
    return not returns and not any(isinstance(node, ast.Yield | ast.YieldFrom) for node in nodes)
