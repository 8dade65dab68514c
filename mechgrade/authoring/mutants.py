"""Mechanical mutants of a reference: small changes that a grader must notice.

The syntax-tree work and the common operators are cosmic-ray's; what a course on tensors needs besides (a dropped line,
swapped arguments, another name in a text) is here, as operators of the same form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Example, Operator
from cosmic_ray.plugins import get_operator
from parso.python.tree import ExprStmt, Keyword, String

Positions = Iterator[tuple[tuple[int, int], tuple[int, int]]]

#: cosmic-ray's operators that make mistakes which people make. Bit shifts and the like only raise TypeErrors.
CORE = (
    "ReplaceBinaryOperator_Add_Sub",
    "ReplaceBinaryOperator_Sub_Add",
    "ReplaceBinaryOperator_Mul_Div",
    "ReplaceBinaryOperator_Mul_Add",
    "ReplaceBinaryOperator_Div_Mul",
    "ReplaceBinaryOperator_FloorDiv_Mul",
    "ReplaceBinaryOperator_Pow_Mul",
    "ReplaceBinaryOperator_BitAnd_BitOr",
    "ReplaceBinaryOperator_BitOr_BitAnd",
    "ReplaceComparisonOperator_Eq_NotEq",
    "ReplaceComparisonOperator_NotEq_Eq",
    "ReplaceComparisonOperator_Lt_LtE",
    "ReplaceComparisonOperator_Lt_Gt",
    "ReplaceComparisonOperator_LtE_Lt",
    "ReplaceComparisonOperator_Gt_GtE",
    "ReplaceComparisonOperator_Gt_Lt",
    "ReplaceComparisonOperator_GtE_Gt",
    "ReplaceComparisonOperator_GtE_Lt",
    "ReplaceUnaryOperator_Delete_USub",
    "ReplaceUnaryOperator_Delete_Not",
    "ReplaceUnaryOperator_Delete_Invert",
    "AddNot",
    "ReplaceTrueWithFalse",
    "ReplaceFalseWithTrue",
    "ReplaceAndWithOr",
    "ReplaceOrWithAnd",
    "ReplaceBreakWithContinue",
    "ReplaceContinueWithBreak",
    "NumberReplacer",
    "ZeroIterationForLoop",
)


class DropStatement(Operator):  # type: ignore[misc]  # cosmic-ray carries no types
    """Leave a statement out."""

    def mutation_positions(self, node: Any) -> Positions:
        """Expression statements and assignments."""
        if isinstance(node, ExprStmt) or (node.type == "simple_stmt" and node.children[0].type == "atom_expr"):
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """``pass`` in its place."""
        first = node.get_first_leaf()
        if node.type == "simple_stmt":
            node.children[0] = _leaf("pass", first)
            return node
        return _leaf("pass", first)

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """For cosmic-ray's own tests."""
        return (Example("x = 1", "pass"),)


class SwapArguments(Operator):  # type: ignore[misc]  # cosmic-ray carries no types
    """Exchange the first two positional arguments of a call."""

    def mutation_positions(self, node: Any) -> Positions:
        """Argument lists that begin with two positional arguments."""
        if node.type == "arglist" and len(node.children) >= 3:
            first, _, second = node.children[:3]
            if "argument" not in (first.type, second.type) and first.get_code().strip() != second.get_code().strip():
                yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """The second first."""
        first, _, second = node.children[:3]
        node.children[0] = _leaf(second.get_code().strip(), first.get_first_leaf())
        node.children[2] = _leaf(first.get_code().strip(), second.get_first_leaf())
        return node

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """For cosmic-ray's own tests."""
        return (Example("f(a, b)", "f(b, a)"),)


class OtherName(Operator):  # type: ignore[misc]  # cosmic-ray carries no types
    """Write another name in a text, one that learners take for it.

    Args:
        confusions: each name, and what it is taken for.
    """

    def __init__(self, confusions: Mapping[str, str]) -> None:
        self._names = confusions

    def mutation_positions(self, node: Any) -> Positions:
        """Strings that hold one; once for each confusion."""
        if isinstance(node, String) or node.type == "fstring_string":
            for _ in self._confusions(node):
                yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """The name that it is mistaken for."""
        name, other = self._confusions(node)[index]
        node.value = re.sub(rf"{re.escape(name)}(?![a-z_])", other, node.value)
        return node

    def _confusions(self, node: Any) -> list[tuple[str, str]]:
        return [each for each in self._names.items() if re.search(rf"{re.escape(each[0])}(?![a-z_])", node.value)]

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """For cosmic-ray's own tests."""
        return (Example("'rows'", "'columns'", operator_args={"confusions": {"rows": "columns"}}),)


def _leaf(text: str, place: Any) -> Any:
    # Any leaf will do: only its text is used once it is in the tree.
    return Keyword(text, place.start_pos, prefix=place.prefix)


@dataclass(frozen=True)
class Mutant:
    """A reference with one change.

    Attributes:
        name: the line before and after, which names it across edits elsewhere in the file.
        operator: what made it.
        line: where in the reference's text.
        source: the whole program.
    """

    name: str
    operator: str
    line: int
    source: str


def mutants(
    source: str,
    lines: range | set[int],
    operators: Iterable[tuple[str, Any]] | None = None,
    confusions: Mapping[str, str] = MappingProxyType({}),
) -> list[Mutant]:
    """All mutants of a program that differ from it in the given lines.

    Args:
        source: the program.
        lines: the line numbers, from 1, that a learner would write: the solution's.
        operators: what makes them, by name; None for the mistakes that learners make.
        confusions: names in texts that learners take for one another.
    """
    made: dict[str, Mutant] = {}
    nodes = [*ast_nodes(get_ast(source))]
    for name, operator in _operators(confusions) if operators is None else operators:
        occurrence = 0
        for node in nodes:
            for start, _ in operator.mutation_positions(node):
                if start[0] in lines:
                    text = mutate_code(source, operator, occurrence)
                    mutant = _mutant(source, text, name) if text else None
                    if mutant is not None:
                        made.setdefault(mutant.source, mutant)
                occurrence += 1
    return list(made.values())


def _operators(confusions: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    for name in CORE:
        yield name, get_operator(f"core/{name}")()
    for operator in (DropStatement(), SwapArguments(), OtherName(confusions)):
        yield type(operator).__name__, operator


def _mutant(source: str, text: str, operator: str) -> Mutant | None:
    try:
        compile(text, "mutant", "exec")
    except (SyntaxError, ValueError):
        return None
    before, after = source.splitlines(), text.splitlines()
    for line, (old, new) in enumerate(zip(before, after, strict=False), 1):
        if old != new:
            return Mutant(f"{old.strip()} => {new.strip()}", operator, line, text)
    return None
