"""The file that a learner started from, and the line of it that brings back a name which the learner's file lacks."""

from __future__ import annotations

import ast
import contextlib
import re

from mechgrade.course import Course, CourseError, Exercise
from mechgrade.course.source import BuildError, read_text, shown_path, without_solutions
from mechgrade.course.version import read_base
from mechgrade.grading.parsed import statements
from mechgrade.protocol.outcome import Outcome

_UNKNOWN = re.compile(r"name '(\w+)' is not defined")
#: What the learner's process adds to such an error, when another name is much like the one that is unknown.
GUESS = re.compile(r"\. Did you mean `[^`]*`\?$")


def as_given(course: Course, exercise: Exercise) -> str:
    """The file that a learner starts from, whatever has been saved in its place since.

    The learners' archive keeps it. In a checkout it is the exercise's source without the solutions; where there is no source either, it is
    the file that is there, and empty where there is none.
    """
    path = course.stub_path(exercise)
    kept = read_base(course.root).texts.get(path.relative_to(course.root).as_posix())
    if kept is not None:
        return kept.decode("utf-8", "replace")
    source = course.solution_path(exercise)
    if source.is_file():
        # Its author hears of a mistake from `mechgrade build`. The cells stay together: a learner's install has nothing that takes them apart.
        with contextlib.suppress(BuildError, CourseError):
            return without_solutions(read_text(source, shown_path(course, source)), exercise.name)
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def given(outcome: Outcome, source: str, stub: str) -> str:
    """What the stub has for a name that is not defined, as a sentence; empty where it has nothing.

    Args:
        outcome: how a run ended.
        source: the learner's file.
        stub: the file as the learner got it.
    """
    found = _UNKNOWN.search(outcome.message) if outcome.error == "NameError" else None
    if found is None:
        return ""
    name = found[1]
    here, there = _bindings(source, name), _bindings(stub, name)
    imported = next((each for each in here if isinstance(each, ast.Import | ast.ImportFrom)), None)
    if imported is not None and outcome.trace and imported.lineno > outcome.trace[-1].line:
        return f"Line {imported.lineno} imports `{name}`, and that is below the line that needs it. Move the import to the top of the file."
    if here or not there:
        return ""
    node = there[0]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return f"Write `{_import(node, name)}` at the top of the file: the stub has this line, and your file has not."
    text = ast.unparse(node)
    if isinstance(node, ast.Assign | ast.AnnAssign) and len(text) <= 100:
        return f"Write `{text}` near the top of the file: the stub has this line, and your file has not."
    what = "class" if isinstance(node, ast.ClassDef) else "function" if isinstance(node, ast.FunctionDef) else "value"
    return f"The stub defines the {what} `{name}`, and your file does not. Take it over from the stub."


def _bindings(source: str, name: str) -> list[ast.stmt]:
    """The statements of a file, outside of its functions, that give something a name."""
    return [node for node in statements(source) if name in _names(node)]


def _names(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {each.asname or each.name.partition(".")[0] for each in node.names}
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return {each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)}
    return set()


def _import(node: ast.Import | ast.ImportFrom, name: str) -> str:
    """The line that imports a name alone: ``from jaxtyping import Float`` of ``from jaxtyping import Float, Int``."""
    alias = next(each for each in node.names if name == (each.asname or each.name.partition(".")[0]))
    one = [alias]
    return ast.unparse(
        ast.Import(one) if isinstance(node, ast.Import) else ast.ImportFrom(node.module, one, node.level)
    )
