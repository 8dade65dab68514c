"""Python code as Python sees it: a hash that comments, layout and line ends do not change, and what the code imports.

The hash is the same on every version of Python that parses the code to the same tree.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from mechgrade.course.syntax import STATEMENTS, tree_of

#: Fields of syntax trees that say nothing new: how a name is used shows in its place; the others are for type checkers and printers.
_LEFT_OUT = frozenset(["ctx", "kind", "type_comment", "type_ignores"])


@dataclass(frozen=True)
class Code:
    """A piece of Python code.

    Attributes:
        hash: of its syntax tree; of its bytes where it cannot be parsed.
        imports: the dotted names that it imports, inside functions too. ``from a import b`` is ``a.b``, which may be a module or not.
            Relative ones keep their leading dots.
    """

    hash: str
    imports: tuple[str, ...] = ()


def code_of(text: bytes) -> Code:
    """Parse a piece of code."""
    try:
        # As bytes, because that is how Python reads a file: its first lines may name an encoding.
        tree = tree_of(text)
        shape = _shape(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Code(hash_of(b"not Python: " + text))
    return Code(hash_of(shape.encode("utf-8", "surrogatepass")), tuple(sorted(set(_imports(tree)))))


def hash_of(body: bytes) -> str:
    """The hash of some bytes, short enough to read in a diff."""
    return hashlib.sha256(body).hexdigest()[:16]


def _shape(node: object) -> str:
    """A syntax tree as text. What is empty is left out: versions of Python differ in which empty fields a node has."""
    if isinstance(node, ast.AST):
        parts = [
            f"{name}={text}"
            for name in node._fields
            if name not in _LEFT_OUT and (text := _shape(getattr(node, name, None)))
        ]
        return f"{type(node).__name__}({','.join(parts)})"
    if isinstance(node, list):
        return f"[{','.join(map(_shape, node))}]" if node else ""
    return "" if node is None else repr(node)


def _imports(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        start = "." * node.level + (f"{node.module}." if node.module else "")
        yield from (start + alias.name.removeprefix("*") for alias in node.names)
    # What only a type checker imports never runs.
    for name in ("orelse",) if isinstance(node, ast.If) and _is_type_checking(node.test) else STATEMENTS:
        for child in getattr(node, name, ()):
            yield from _imports(child)


def _is_type_checking(test: ast.expr) -> bool:
    return "TYPE_CHECKING" in (getattr(test, "id", None), getattr(test, "attr", None))
