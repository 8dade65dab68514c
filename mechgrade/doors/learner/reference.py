"""The reference's own lines of an exercise, for a learner who has passed it or gives up.

Read as text, without the tools that build the course: learners have none of them.
"""

from __future__ import annotations

import ast
from pathlib import Path

from mechgrade.course.syntax import tree_of

BEGIN = "### BEGIN SOLUTION"


class NoReferenceError(Exception):
    """There is no reference in this copy of the course; the text says so."""


def reference_of(path: Path) -> str:
    """The imports, and the functions and classes that hold a solution, of ``solutions/<lab>/<name>.py``.

    Raises:
        NoReferenceError: it is not there.
    """
    try:
        text = path.read_text(encoding="utf-8")
        tree = tree_of(text)
    except (OSError, ValueError, SyntaxError):
        raise NoReferenceError(
            f"this copy of the course has no {path.parent.parent.name}/{path.parent.name}/{path.name}: its instructor "
            "keeps the references; ask for it, or read the last hint"
        ) from None
    parts = []
    for node in tree.body:
        segment = "\n".join(text.split("\n")[_first(node) - 1 : node.end_lineno])
        wanted = BEGIN in segment and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if wanted or isinstance(node, ast.Import | ast.ImportFrom):
            parts.append((wanted, segment))
    imports = "\n".join(segment for wanted, segment in parts if not wanted)
    functions = ["\n".join(_unmarked(segment)) for wanted, segment in parts if wanted]
    return "\n\n\n".join(filter(None, [imports, *functions])) + "\n"


def _first(node: ast.stmt) -> int:
    decorators = getattr(node, "decorator_list", [])
    return int(min([node.lineno, *(each.lineno for each in decorators)]))


def _unmarked(segment: str) -> list[str]:
    return [line for line in segment.split("\n") if line.strip() not in (BEGIN, BEGIN.replace("BEGIN", "END"))]
