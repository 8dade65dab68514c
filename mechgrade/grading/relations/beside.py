"""What a call gave, where a scenario says beside it which error was raised: ``{"raised": "ValueError", "scores": None}``."""

from __future__ import annotations

import builtins
from dataclasses import replace

from mechgrade.grading.relations.leaves import Node


def without_results(node: Node) -> Node:
    """The same data, in which a result that should not have come, or did not come, is as it should be: the error beside it says as much."""
    want, got = node.want, node.got
    if isinstance(want, dict) and isinstance(got, dict) and want.keys() == got.keys():
        if any(_differs(want[key], got[key]) for key in want):
            return replace(node, got={key: _kept(want[key], got[key]) for key in want})
    elif isinstance(want, tuple) and isinstance(got, tuple) and len(want) == len(got):
        pairs = list(zip(want, got, strict=True))
        if any(_differs(a, b) for a, b in pairs):
            return replace(node, got=tuple(_kept(a, b) for a, b in pairs))
    return node


def _differs(want: object, got: object) -> bool:
    """Whether two texts say that a call ended in different ways."""
    return isinstance(want, str) and isinstance(got, str) and want != got and _error(want) != _error(got)


def _kept(want: object, got: object) -> object:
    return want if (want is None) != (got is None) else got


def _error(text: str) -> str:
    kind = getattr(builtins, text, None)
    return text if isinstance(kind, type) and issubclass(kind, BaseException) else ""
