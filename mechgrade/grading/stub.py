"""What a learner's text shows about a stub: what it would give, and whether there is code below the line that says that nothing is written yet."""

from __future__ import annotations

import ast

from mechgrade.grading.parsed import parsed
from mechgrade.protocol.outcome import Outcome, outcome_of
from mechgrade.protocol.wire import Tree
from mechgrade.submissions.assemble import is_not_written


def outcome_of_stub(source: str) -> Outcome | None:
    """What every run of a stub gives; None where the text alone does not tell.

    It tells where one line alone says that nothing is written, and a function begins with that line. With several such functions it depends
    on the scenario which one is called.

    Args:
        source: a stub as the learner got it. Of any other text it is not known that it can be imported.
    """
    tree = parsed(source)
    if tree is None:  # whatever lies in the course as its stub
        return None
    if sum(map(is_not_written, ast.walk(tree))) != 1:
        return None
    for function in tree.body:
        if not isinstance(function, ast.FunctionDef) or function.decorator_list:
            continue
        first = function.body[1 if ast.get_docstring(function) is not None else 0 :][:1]
        for statement in filter(is_not_written, first):
            text = source.splitlines()[statement.lineno - 1].strip()
            place: Tree = {"line": statement.lineno, "function": function.name, "text": text[:200]}
            return outcome_of({"kind": "not_started", "trace": [place]})
    return None


def is_above_code(source: str, line: int) -> bool:
    """Whether the statement at a line raises and has statements below it in the same block, which never run."""
    tree = parsed(source)
    for node in ast.walk(tree) if tree is not None else ():  # it ran, so it parses; but text of any kind may come
        for block in (getattr(node, name, None) for name in ("body", "orelse", "finalbody")):
            for statement in block[:-1] if isinstance(block, list) else []:
                if isinstance(statement, ast.Raise) and statement.lineno <= line <= (statement.end_lineno or 0):
                    return True
    return False
