"""A learner's file and a new version of its stub, made one file, where that is certain to leave the learner's code as it is."""

from __future__ import annotations

import ast
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from mechgrade.course.syntax import tree_of


def merge(mine: bytes, old: bytes, new: bytes) -> bytes | None:
    """The learner's file with what has changed between two versions of the stub; None where it must not be made by itself.

    It is made only if no changed line touches a line of the learner's, and if no function that the learner has worked in is
    another one now: not its signature, and not what the stub gave of its body. What it promises may have changed.
    """
    ends = b"\r\n" if b"\r\n" in mine else b"\n"
    mine, old, new = (each.replace(b"\r\n", b"\n") for each in (mine, old, new))
    merged = _by_lines(mine, old, new)
    if merged is None or not _leaves_code_alone(mine, old, new, merged):
        return None
    return merged.replace(b"\n", ends)


def _by_lines(mine: bytes, old: bytes, new: bytes) -> bytes | None:
    with tempfile.TemporaryDirectory(prefix="mechgrade-update-") as folder:
        paths = [Path(folder, name) for name in ("mine", "old", "new")]
        for path, text in zip(paths, (mine, old, new), strict=True):
            path.write_bytes(text)
        try:
            done = subprocess.run(["git", "merge-file", "-p", *paths], capture_output=True, cwd=folder)
        except OSError:  # there is no git
            return None
    return done.stdout if done.returncode == 0 else None


@dataclass(frozen=True)
class _Function:
    """A function or class without what it promises: what its caller writes, and what it does."""

    signature: str
    body: str


def _leaves_code_alone(mine: bytes, old: bytes, new: bytes, merged: bytes) -> bool:
    found = [_functions(text) for text in (mine, old, new, merged)]
    if any(each is None for each in found):
        return False  # in the middle of an edit nobody can tell
    own, before, after, result = ({} if each is None else each for each in found)
    touched = {name for name in own.keys() | before.keys() if own.get(name) != before.get(name)}
    return all(
        result.get(name) == own.get(name) and before.get(name) == after.get(name)
        if name in touched
        else result.get(name) == after.get(name)
        for name in own.keys() | before.keys() | after.keys()
    )


def _functions(text: bytes) -> dict[str, _Function] | None:
    try:
        tree = tree_of(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    found = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
            head = {**dict(ast.iter_fields(node)), "body": []}
            signature = ast.dump(type(node)(**head))
            found[node.name] = _Function(signature, "\n".join(map(ast.dump, body)))
    return found
