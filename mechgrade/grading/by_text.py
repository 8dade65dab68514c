"""What the learner's text alone explains of a failure, where the error that it ends in speaks of something else.

A class that stands in the function's place ends in an error of the check's own code; NUL bytes in a file in one without a line.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from mechgrade.grading.parsed import parsed, statements
from mechgrade.protocol.outcome import Outcome, Place

#: Calls that set something for all code after them: what they set, the errors that come of it, and what to write in their place.
_FOR_ALL = {
    "set_default_device": (
        "the default device",
        r"CUDA|NVIDIA|\b(?i:mps)\b|\bmeta\b|device",
        "Make tensors where the inputs are: `device=x.device` for an input `x`.",
    ),
    "set_default_tensor_type": (
        "the default type of tensors",
        r"CUDA|NVIDIA|device|dtype|Double|Float|Half",
        "Say where it matters: `dtype=...`, `device=x.device`.",
    ),
    "set_default_dtype": (
        "the default type of numbers",
        r"dtype|Double|Float|Half|BFloat",
        "Say where it matters: `dtype=...`.",
    ),
}
#: How Python begins to say what cannot be called.
_NOT_CALLABLE = "object is not callable"


def by_text(outcome: Outcome, source: str, stub: str) -> tuple[str, Place] | None:
    """What to say of a failure, and the line to look at; None where the text explains nothing.

    Args:
        outcome: how a run ended.
        source: the learner's file.
        stub: the file as the learner got it, whose functions the checks call.
    """
    if outcome.kind not in ("raised", "unusable"):
        return None
    if outcome.error in ("SyntaxError", "ValueError") and "null bytes" in outcome.message:
        return _nul(source, outcome.message.partition(":")[0])
    tree = parsed(source)
    if tree is None:
        return None
    functions = [node.name for node in statements(stub) if isinstance(node, ast.FunctionDef)]
    found = _class(outcome, tree, functions) or _other_value(outcome, tree, functions) or _for_all(outcome, tree)
    if found is None:
        return None
    line, says = found
    return says, Place(line, "", _line(source, line))


def _nul(source: str, error: str) -> tuple[str, Place] | None:
    before, there, _ = source.partition("\0")
    if not there:
        return None
    line = len(before.splitlines()) if before and not before.endswith(("\n", "\r")) else before.count("\n") + 1
    many = source.count("\0")
    what = f"line {line} holds " + ("a NUL byte" if many == 1 else f"the first of {many:,} NUL bytes")
    # UTF-16 has one in every second byte of English text.
    todo = (
        "The file was saved in another coding, such as UTF-16: save it as UTF-8"
        if 3 * source.strip("\0").count("\0") > len(source.strip("\0"))
        else "The file was damaged: delete what is there, and type it anew"
    )
    says = f"{error}: {what}, which most editors do not show and Python does not read. {todo}"
    return says, Place(line, "", _line(source, line).replace("\0", ""))


def _class(outcome: Outcome, tree: ast.Module, functions: list[str]) -> tuple[int, str] | None:
    """A class that has the name of a function."""
    last: dict[str, ast.stmt] = {name: node for node in tree.body for name in _names(node)}
    for name in functions:
        node = last.get(name)
        if not isinstance(node, ast.ClassDef):
            continue
        inside = any(node.lineno <= place.line <= (node.end_lineno or 0) for place in outcome.trace)
        if not (inside or (not outcome.trace and (name in outcome.message or len(functions) == 1))):
            continue
        says = (
            f"`{name}` is a class in your file, and a function is expected: write `def {name}(...)` at the left margin"
        )
        return node.lineno, f"{outcome.message.rstrip('.')}. {says[0].upper()}{says[1:]}" if inside else says
    return None


def _other_value(outcome: Outcome, tree: ast.Module, functions: list[str]) -> tuple[int, str] | None:
    """A value that has the name of a function, given to it by a line outside of all functions."""
    if outcome.trace or _NOT_CALLABLE not in outcome.message:
        return None
    last: dict[str, ast.stmt] = {name: node for node in tree.body for name in _names(node)}
    for name in functions:
        node = last.get(name)
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            says = (
                f"line {node.lineno} gives the name `{name}` to a value, so there is no function of this name any more"
            )
            return node.lineno, f"{says}. Use another name there, or take the line out"
    return None


def _for_all(outcome: Outcome, tree: ast.Module) -> tuple[int, str] | None:
    """A call that sets something for all code, where an error is raised outside of the learner's."""
    if outcome.kind != "raised" or outcome.trace:
        return None
    for node in ast.walk(tree):
        name = getattr(node.func, "attr", getattr(node.func, "id", "")) if isinstance(node, ast.Call) else ""
        if name in _FOR_ALL and isinstance(node, ast.Call):
            what, errors, instead = _FOR_ALL[name]
            if not re.search(errors, outcome.message):
                continue
            says = f"Line {node.lineno} sets {what} for all code that runs after it, also for the check's own"
            return node.lineno, f"{outcome.message.rstrip('.')}. {says}. Take it out. {instead}"
    return None


def _names(node: ast.stmt) -> Iterator[str]:
    """The names that a statement gives to something."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        yield from (each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name))
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from (each.asname or each.name.partition(".")[0] for each in node.names)


def _line(source: str, number: int) -> str:
    lines = source.splitlines()
    return lines[number - 1].strip()[:200] if 0 < number <= len(lines) else ""
