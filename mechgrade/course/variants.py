"""Accepted variants and misconceptions: functions and classes in `solutions/<lab>/variants/<name>.py`, made into whole programs.

The decorators only mark. `programs` reads the file without running it, and puts each marked definition in the place of the
reference's: the result is a file as a learner might hand it in.
"""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeGuard, TypeVar, overload

from mechgrade.course.course import Course, Exercise
from mechgrade.course.source import BuildError, Function, parse, read_source, read_text, shown_path
from mechgrade.course.syntax import statements_in, tree_of
from mechgrade.course.yamlfile import did_you_mean, read, show

#: What can be marked, and what can be replaced.
Definition = Function | ast.ClassDef

F = TypeVar("F", bound=Callable[..., Any])
Kind = Literal["reference", "stub", "accepted", "misconception"]
MARKS = ("accepted", "misconception")


@overload
def accepted(function: F) -> F: ...
@overload
def accepted(*, replaces: str | None = None) -> Callable[[F], F]: ...
def accepted(function: F | None = None, *, replaces: str | None = None) -> F | Callable[[F], F]:
    """Mark a function or class as right by another road: the grader must accept it.

    `replaces` names the function or class whose place it takes; by default the one with the exercise's name.
    """
    return function if function is not None else lambda marked: marked


def misconception(sentence: str, *, replaces: str | None = None) -> Callable[[F], F]:
    """Mark a function or class as a mistake that real learners make, with the sentence that they should be told."""
    return lambda marked: marked


@dataclass(frozen=True)
class Program:
    """One program for an exercise: a file as a learner might hand it in."""

    kind: Kind
    name: str
    sentence: str  # of a misconception, else empty
    source: str
    doc: str


@dataclass(frozen=True)
class _Mark:
    kind: Kind
    sentence: str
    replaces: str


def programs(course: Course, exercise: Exercise) -> list[Program]:
    """The reference, the stub, and one program for every variant, in the order in which they are written."""
    source = read_source(course, exercise)
    both = [
        Program("reference", "reference", "", source.reference, ""),
        Program("stub", "stub", "", source.stub, ""),
    ]
    path = course.variants_path(exercise)
    if not path.exists():
        return both
    shown = shown_path(course, path)
    return [*both, *variant_programs(source.reference, read_text(path, shown), exercise.name, shown)]


@lru_cache(maxsize=128)  # a command asks for them more than once: to build, to look for leaks, to audit
def variant_programs(reference: str, text: str, name: str, shown: str) -> tuple[Program, ...]:
    """The programs of a variants file's text. `name` is the exercise's, `shown` the file's path for messages."""
    into = _Reference(reference)
    problems: list[str] = []
    marked: list[tuple[Definition, _Mark]] = []
    tree = parse(text, shown)
    for node in tree.body:
        if isinstance(node, Definition) and (mark := _mark(node, name, shown, problems)):
            marked.append((node, mark))
    problems += [f"{shown}:{line}: {what}" for line, what in _overlooked(tree)]
    helpers = _Helpers(text, tree, [node for node, _ in marked])
    names = [node.name for node, _ in marked]
    for helper in sorted(helpers.names.keys() & into.names):
        problems.append(
            f"{shown}:{helpers.names[helper]}: {helper} is a name in the exercise's source too; rename the helper"
        )
    for node, mark in marked:
        for what in _objections(node, mark, names, into):
            problems.append(f"{shown}:{node.lineno}: {node.name}: {what}")
    if problems:
        raise BuildError(*problems)
    return tuple(
        Program(mark.kind, node.name, mark.sentence, _compose(into, text, node, mark, helpers, shown), _doc(node))
        for node, mark in marked
    )


def equivalents(course: Course, lab: str) -> dict[str, dict[str, str]]:
    """The mutants of a lab that compute the same as the reference: exercise → mutant's name → the reason.

    Raises:
        BuildError: the file is there, and is not what it should be.
    """
    path = course.equivalents_path(lab)
    if not path.is_file():
        return {}
    shown = shown_path(course, path)
    text = read_text(path, shown)
    if not any(line.strip() and not line.lstrip().startswith("#") for line in text.splitlines()):
        return {}
    document = read(text)
    excused = document.data if isinstance(document.data, dict) else {}
    if document.data is not None and not isinstance(document.data, dict):
        document.blame((), f"found {show(document.data)}; allowed: a mapping of exercises to their mutants")
    for exercise, mutants in excused.items():
        if not isinstance(mutants, dict):
            allowed = "a mapping, a line for each mutant: 'LINE => CHANGED LINE': the reason"
            document.blame((exercise,), f"found {show(mutants)}; allowed: {allowed}")
            continue
        for mutant, reason in mutants.items():
            if not (isinstance(reason, str) and reason.strip()):
                document.blame((exercise, mutant), f"found {show(reason)}; allowed: a text, why it computes the same")
    if document.mistakes:
        raise BuildError(*(f"{shown}:{mistake}" for mistake in sorted(document.mistakes)))
    return excused


def _overlooked(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Marks that no program would be made of, with their lines: their author counts on them."""
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and _is_marks_import(node):
            for alias in node.names:
                if alias.name in MARKS and alias.asname not in (None, alias.name):
                    yield node.lineno, f"{alias.name} is imported as {alias.asname}; marks are known by their own names"
    for inner in statements_in(tree):
        if isinstance(inner, Definition) and inner not in tree.body and any(map(_mark_name, inner.decorator_list)):
            yield (
                inner.lineno,
                f"{inner.name} is marked inside something else; write each variant at the top of the file",
            )


def _doc(node: Definition) -> str:
    return ast.get_docstring(node) or ""


def _mark(node: Definition, default: str, shown: str, problems: list[str]) -> _Mark | None:
    """What a definition's decorators say about it, or None for a helper."""
    marks = [decorator for decorator in node.decorator_list if _mark_name(decorator)]
    if not marks:
        return None
    call = marks[0]
    kind: Kind = "accepted" if _mark_name(call) == "accepted" else "misconception"
    arguments = call.args if isinstance(call, ast.Call) else []
    keywords = {word.arg: word.value for word in call.keywords} if isinstance(call, ast.Call) else {}
    spoken = arguments[0] if arguments else keywords.pop("sentence", None)
    target = keywords.pop("replaces", ast.Constant(default))
    sentence, replaces = _text(spoken), _text(target)
    what = None
    if len(marks) > 1:
        what = "is marked twice; it is either accepted or a misconception"
    elif kind == "misconception" and not (sentence and sentence.strip()):
        what = "has no sentence; write what the learner should be told, as one text in quotes"
    elif kind == "accepted" and spoken is not None:
        what = "@accepted takes only replaces=; an accepted variant says what it does in its docstring"
    elif not replaces or keywords or len(arguments) > 1:
        what = 'cannot be read; write @accepted, or @misconception("sentence"), with replaces="name" where needed'
    if what:
        problems.append(f"{shown}:{call.lineno}: {node.name}: {what}")
        return None
    return _Mark(kind, (sentence or "").strip(), replaces or default)


def _mark_name(decorator: ast.expr) -> str | None:
    function = decorator.func if isinstance(decorator, ast.Call) else decorator
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", None)
    return name if name in MARKS else None


def _text(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


class _Reference:
    """The program that variants are put into: its lines, and its top-level functions and classes."""

    def __init__(self, text: str) -> None:
        tree = tree_of(text)
        self.lines = text.split("\n")
        self.definitions = {node.name: node for node in tree.body if isinstance(node, Definition)}
        self.names = {name for node in tree.body for name in _defined(node)}
        self.futures = {alias.name for node in tree.body if _is_future(node) for alias in node.names}

    def lacking(self, name: str) -> str:
        """Why a name cannot be replaced, as the end of a sentence."""
        classes = [node for node in self.definitions.values() if isinstance(node, ast.ClassDef)]
        method = name.rpartition(".")[2]
        for each in classes:
            inside = any(isinstance(node, Function) and node.name == method for node in each.body)
            if inside and name in (method, f"{each.name}.{method}"):
                return f"a method; write the whole class, with replaces={each.name!r}"
        near = did_you_mean(name, self.definitions) or f"; it has {', '.join(self.definitions) or 'no function'}"
        return f"which the exercise's source does not define at its top{near}"

    def span(self, name: str) -> tuple[int, int]:
        """First and last line of a definition, with its decorators, and with the comments that end it."""
        node = self.definitions[name]
        last = node.end_lineno or node.lineno
        for number in range(last + 1, len(self.lines) + 1):
            line = self.lines[number - 1]
            if re.match(r"\s+#", line):
                last = number
            elif line.strip():
                break
        return _first_line(node), last


class _Helpers:
    """What a variants file has besides its variants: imports, constants, functions that several of them call."""

    def __init__(self, text: str, tree: ast.Module, marked: list[Definition]) -> None:
        lines = text.split("\n")
        self.names: dict[str, int] = {}  # with their lines; imports may be repeated
        self.futures: set[str] = set()
        kept: set[int] = set()
        for node in tree.body:
            if node in marked or _is_marks_import(node) or _is_docstring(node):
                continue
            if _is_future(node):
                self.futures |= {alias.name for alias in node.names}
                continue
            if not isinstance(node, ast.Import | ast.ImportFrom):
                self.names |= dict.fromkeys(_defined(node), node.lineno)
            first = _first_line(node)
            while first > 1 and lines[first - 2].startswith("#"):  # the comment above belongs to it
                first -= 1
            while kept and not lines[first - 2].strip():  # and so do the blank lines, but for the first one's
                first -= 1
            kept |= set(range(first, (node.end_lineno or node.lineno) + 1))
        self.text = "\n".join(lines[number - 1] for number in sorted(kept))


def _objections(node: Definition, mark: _Mark, names: list[str], into: _Reference) -> list[str]:
    """Why a variant cannot be made into a program."""
    what = []
    if names.count(node.name) > 1:
        what.append("is defined twice; give each variant a name of its own")
    if node.name in ("reference", "stub"):
        what.append("the name is taken; give it another")
    if mark.replaces not in into.definitions:
        what.append(f"replaces {mark.replaces!r}, {into.lacking(mark.replaces)}")
    used = _used(node)
    if others := sorted(used & set(names) - {node.name}):
        verb = "calls" if isinstance(node, Function) else "uses"
        what.append(f"{verb} the variant {others[0]}, which is not there in its program; share a helper without a mark")
    if mark.replaces in used and mark.replaces != node.name:
        verb = "call" if isinstance(node, Function) else "use"
        what.append(f"{verb}s {mark.replaces}, which it replaces, so it would {verb} itself; write the right part out")
    return what


def _used(node: Definition) -> set[str]:
    """The names that a definition takes from outside."""
    inside = list(ast.walk(node))
    names = [each for each in inside if isinstance(each, ast.Name)]
    local = {each.arg for each in inside if isinstance(each, ast.arg)}
    local |= {each.id for each in names if isinstance(each.ctx, ast.Store)}
    return {each.id for each in names} - local


def _compose(into: _Reference, text: str, node: Definition, mark: _Mark, helpers: _Helpers, shown: str) -> str:
    """The reference with one definition replaced. By lines of text, so that comments stay."""
    first, last = into.span(mark.replaces)
    body = _renamed(text, node, mark.replaces)
    futures = sorted(helpers.futures - into.futures)
    parts = [
        *(f"from __future__ import {name}" for name in futures),
        *into.lines[: first - 1],
        *([helpers.text, "", ""] if helpers.text else []),
        body,
        *into.lines[last:],
    ]
    program = "\n".join(parts).rstrip("\n") + "\n"
    try:
        compile(program, f"{shown}:{node.name}", "exec", dont_inherit=True)
    except SyntaxError as error:
        raise BuildError(f"{shown}:{node.lineno}: {node.name}: its program does not compile: {error.msg}") from None
    return program


def _renamed(text: str, node: Definition, name: str) -> str:
    """A variant's text without its marks, under another name, which it also calls itself by."""
    lines = [line.encode() for line in text.split("\n")]  # ast counts columns in bytes
    spots = {
        (each.lineno, each.col_offset) for each in ast.walk(node) if isinstance(each, ast.Name) and each.id == node.name
    }
    head = re.match(rb"((async\s+)?def|class)\s+", lines[node.lineno - 1][node.col_offset :])
    if head:
        spots.add((node.lineno, node.col_offset + head.end()))
    for line, column in sorted(spots, reverse=True):
        old = lines[line - 1]
        lines[line - 1] = old[:column] + name.encode() + old[column + len(node.name.encode()) :]
    dropped = {
        number
        for decorator in node.decorator_list
        if _mark_name(decorator)
        for number in range(decorator.lineno, (decorator.end_lineno or decorator.lineno) + 1)
    }
    kept = range(_first_line(node), (node.end_lineno or node.lineno) + 1)
    return "\n".join(lines[number - 1].decode() for number in kept if number not in dropped)


def _first_line(node: ast.stmt) -> int:
    decorators = node.decorator_list if isinstance(node, Definition) else []
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _is_future(node: ast.stmt) -> TypeGuard[ast.ImportFrom]:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def _is_marks_import(node: ast.stmt) -> bool:
    if isinstance(node, ast.ImportFrom):
        return (node.module or "").startswith("mechgrade.authoring")
    return isinstance(node, ast.Import) and any(alias.name.startswith("mechgrade.authoring") for alias in node.names)


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _defined(node: ast.stmt) -> set[str]:
    """The names that a top-level statement defines."""
    if isinstance(node, Definition):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name.split(".")[0] for alias in node.names}
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}
