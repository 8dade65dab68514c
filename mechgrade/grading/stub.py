"""What a learner's text shows about a stub: whether there is code below the line that says that nothing is written yet."""

from __future__ import annotations

import ast


def is_above_code(source: str, line: int) -> bool:
    """Whether the statement at a line raises and has statements below it in the same block, which never run."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # it ran, so it parses; text of any kind may come
        return False
    for node in ast.walk(tree):
        for block in (getattr(node, name, None) for name in ("body", "orelse", "finalbody")):
            for statement in block[:-1] if isinstance(block, list) else []:
                if isinstance(statement, ast.Raise) and statement.lineno <= line <= (statement.end_lineno or 0):
                    return True
    return False
