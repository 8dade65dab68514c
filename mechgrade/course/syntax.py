"""A text as Python's syntax tree, one at a time: all that may run in threads parses here.

Up to Python 3.11.7 all threads of a process share one count of how deep the tree is that is being built, and of two that build at once, one ends now
and then with a ``SystemError`` (python/cpython#106905). The page of `mechgrade learn` reads files in a thread for each request, and grades in another.
"""

from __future__ import annotations

import ast
import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager

#: Fields of syntax trees that hold statements, or what holds them: no expression has a statement in it.
STATEMENTS = ("body", "orelse", "handlers", "finalbody", "cases")

_lock = threading.RLock()
# A child is forked while nobody parses: there would be no thread in it that lets go.
os.register_at_fork(before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release)


def tree_of(text: str | bytes) -> ast.Module:
    """The syntax tree of a text, as :func:`ast.parse` makes it. What Python warns of in the text is not said.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: it is no Python, or nested too deep.
    """
    with _lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # such as of escapes in a learner's strings
        return ast.parse(text)


def statements_in(tree: ast.AST) -> Iterator[ast.stmt]:
    """Every statement of a tree, those inside others too: a tenth of what :func:`ast.walk` goes through."""
    for name in STATEMENTS:
        for each in getattr(tree, name, ()):
            if isinstance(each, ast.stmt):
                yield each
            yield from statements_in(each)


def parsing_alone() -> AbstractContextManager[object]:
    """Keep others from parsing for a while: for code that parses by itself, as pytest does while it imports checks."""
    return _lock
