"""A text as Python's syntax tree.

What is said of a failure is read from a few texts: the learner's, the stub, the grader's. Each failure of an exercise reads them again, and for a class so does
each learner's, so a tree is kept for as long as it is likely to be asked for.
"""

from __future__ import annotations

import ast
from functools import lru_cache

from mechgrade.course.syntax import tree_of


@lru_cache(maxsize=64)
def parsed(text: str) -> ast.Module | None:
    """The syntax tree of a text, to be read and never changed: others read the same one.

    Args:
        text: anything at all.

    Returns:
        None where the text is no Python, or nested too deep.
    """
    try:
        return tree_of(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def statements(text: str) -> list[ast.stmt]:
    """The outermost statements of a text; none where it is no Python."""
    tree = parsed(text)
    return tree.body if tree is not None else []
