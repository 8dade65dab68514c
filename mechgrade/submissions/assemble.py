"""An exercise's source out of the cells of a notebook, by need: the functions that its grader calls, and what those use.

A notebook is where people try things, so most of its code belongs to no exercise: plots, prints, magics, half a thought. What
a cell only tries is never run. Nothing here runs anything: cells are read as text, in time that grows with their length.
"""

from __future__ import annotations

import ast
import builtins
import re
import symtable
import warnings
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from mechgrade.course import Course, Exercise
from mechgrade.course.syntax import tree_of
from mechgrade.submissions.reading import plain

#: A cell that a person wrote is shorter. A longer one is passed on whole, and the worker's limits deal with it.
MAX_CELL = 200_000

#: What Python's parser and symtable raise for text of any kind.
_UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Definition = _Function | ast.ClassDef
_Import = ast.Import | ast.ImportFrom
#: Statements whose inside may not run, so that what a name stood for before may still count.
_Perhaps = ast.If | ast.For | ast.AsyncFor | ast.While | ast.Try | ast.TryStar | ast.Match

#: Lines of IPython's own language: ``%magic``, ``!shell``, ``?help``, ``name = !shell``, ``name?``.
_MAGIC = r"(?:[\w.]+[ \t]*=[ \t]*)?[%!?]|[\w.]+\?+[ \t]*$"
_MAGICS = (re.compile(_MAGIC), re.compile(rf"[ \t]*(?:{_MAGIC})"))

#: What a cell that does not parse seems to define.
_SEEMS = re.compile(r"^[ \t]*(?:(?:async[ \t]+)?def|class)[ \t]+(\w+)|^(\w+)[ \t]*=(?!=)", re.MULTILINE)


@dataclass(frozen=True)
class Statement:
    """A top-level statement of a cell."""

    cell: int
    text: str
    binds: frozenset[str]  # names that have a new value after it
    changes: frozenset[str]  # names whose value it changes in place: TABLE[key] = …, total += 1
    uses: frozenset[str]
    kind: str = ""  # "future" and "star": imports without a name; "stub": a function that is not written yet
    final: bool = True  # whether the names have lost their former values for certain
    recursive: bool = False  # a function may name itself: that is no use of what was there before


def interface(course: Course, exercise: Exercise) -> tuple[str, ...]:
    """The names that the grader takes from a learner's module: ``exercise.slope``, ``exercise.unguarded.hook``."""
    path = course.grader_path(exercise)
    try:
        return _interface(path, path.stat().st_mtime_ns, exercise.name)
    except OSError:
        return (exercise.name,)  # grading itself will say what is wrong with the grader


@lru_cache(maxsize=1024)
def _interface(path: Path, _changed: int, default: str) -> tuple[str, ...]:
    try:
        tree = tree_of(path.read_bytes())
    except (SyntaxError, ValueError):
        return (default,)
    names = [node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and _is_exercise(node.value)]
    return tuple(dict.fromkeys(name for name in names if name != "unguarded")) or (default,)


def _is_exercise(node: ast.expr) -> bool:
    if isinstance(node, ast.Attribute) and node.attr == "unguarded":
        node = node.value
    return isinstance(node, ast.Name) and node.id == "exercise"


def assemble(cells: Sequence[str], names: Iterable[str], until: int | None = None) -> str:
    """The source of an exercise. See :meth:`Code.assemble`."""
    return Code(cells).assemble(names, until)


def needed(cells: Sequence[str], names: Iterable[str], until: int | None = None) -> list[tuple[int, str]]:
    """The parts of an exercise's source. See :meth:`Code.needed`."""
    return Code(cells).needed(names, until)


def meanings(text: str) -> dict[str, str]:
    """What a text's top level gives each name, as Python reads it. A text that does not parse gives none."""
    try:
        _, tree = _parsed(text)
    except _UNREADABLE:
        return {}
    found: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, _Import):
            where = f"{node.level} {node.module}" if isinstance(node, ast.ImportFrom) else ""
            found |= {alias.asname or alias.name.split(".")[0]: f"{where} {alias.name}" for alias in node.names}
        elif not _is_main_guard(node):
            binds, changes = _gives(node)
            found |= {name: found.get(name, "") + ast.dump(node) for name in binds | changes}
    return found


class Code:
    """The statements of some cells, and which of them give a name its value.

    Args:
        cells: the texts of the code cells, in the order in which they run.
    """

    def __init__(self, cells: Sequence[str]) -> None:
        self._statements: list[Statement] = []
        self._broken: dict[int, str] = {}  # cells that do not parse, or are too long to try
        self._seeming: dict[str, list[int]] = {}  # name → the broken cells that seem to define it
        for place, cell in enumerate(cells):
            text = plain(cell)
            try:
                if len(text) <= MAX_CELL:
                    self._statements += _statements(place, text)
                    continue
            except _UNREADABLE:
                text = _without_magics(text, _MAGICS[-1])
            self._broken[place] = text
            for name in {found[1] or found[2] for found in _SEEMS.finditer(text)}:
                self._seeming.setdefault(name, []).append(place)
        self._cells = [each.cell for each in self._statements]
        self._places: dict[str, list[int]] = {}  # name → the statements that bind or change it
        self._written: dict[str, int] = {}  # name → the first statement that binds it and is no stub
        for place, each in enumerate(self._statements):
            for name in each.binds | each.changes:
                self._places.setdefault(name, []).append(place)
            if each.kind != "stub":
                for name in each.binds:
                    self._written.setdefault(name, place)

    def defines(self, names: Iterable[str]) -> bool:
        """Whether some cell defines one of some names, if only as a stub."""
        return any(name in self._places or name in self._seeming for name in names)

    @property
    def may_hide_names(self) -> bool:
        """Whether it may define more than its text shows: by a star import, or in a part that does not parse."""
        return bool(self._broken) or any(each.kind == "star" for each in self._statements)

    def written(self, names: Iterable[str], until: int | None = None) -> int:
        """How many of some names the first cells define, stubs not counted. A cell that does not parse may define, too."""
        end, last = self._end(until), len(self._cells)
        return sum(self._written.get(name, last) < end or self._spoilt(name, until) is not None for name in {*names})

    def assemble(self, names: Iterable[str], until: int | None = None) -> str:
        """The source of an exercise.

        Args:
            names: what the exercise must define.
            until: the number of cells to look at first: those up to the exercise's check. What is missing there, or is there
                only as a stub, is looked for in the cells below. By default all are looked at.

        Returns:
            the statements that define the names and all that these use, in their order. A cell that does not parse and seems
            to define one of the names is there as it is, so that the learner is told of the mistake in it.
        """
        return "".join(text for _, text in self.needed(names, until))

    def needed(self, names: Iterable[str], until: int | None = None) -> list[tuple[int, str]]:
        """Like :meth:`assemble`, as pairs of a cell's place and the text of a statement."""
        statements, last, end = self._statements, len(self._statements), self._end(until)
        whole: set[int] = set()
        chosen: set[int] = set()
        walked: set[tuple[str, int]] = set()
        queue: list[tuple[str, int]] = []
        for name in {*names}:
            spoilt = self._instead(name, until)
            if spoilt is None:
                queue.append((name, last))
            else:
                whole.add(spoilt)
        # A statement needs what a name stood for when it ran (annotations, decorators), and a function also what it stands for
        # in the end, when it is called.
        seen = set(queue)
        unknown = False
        while queue:
            name, before = queue.pop()
            unknown = unknown or not (name in self._places or hasattr(builtins, name))
            for place in self._giving(name, before, end, walked):
                if place not in chosen:
                    chosen.add(place)
                    uses = {(use, when) for use in statements[place].uses for when in (place, last)}
                    queue += uses - seen
                    seen |= uses
        for place, each in enumerate(statements):
            if each.kind == "future" or (each.kind == "star" and (place < end or unknown)):
                chosen.add(place)
        parts = [(statements[place].cell, place, statements[place].text) for place in chosen]
        parts += [(cell, last, self._broken[cell] + "\n") for cell in whole]
        # Futures come first in a module, wherever their cell is.
        ordered = sorted(parts, key=lambda part: (not part[2].startswith("from __future__"), part[0], part[1]))
        return [(cell, text) for cell, _, text in ordered]

    def _end(self, until: int | None) -> int:
        """The number of statements in the first cells."""
        return len(self._cells) if until is None else bisect_left(self._cells, until)

    def _giving(self, name: str, before: int, end: int, walked: set[tuple[str, int]]) -> Iterator[int]:
        """The statements before some place that give a name its value, backwards from the last of them that counts.

        What lies behind a place is the same from wherever one comes, so a way that was walked already is not walked again.
        """
        places = self._places.get(name, [])
        # Where only cells below define it, those count: a learner who jumped about in the notebook has run them.
        if self._written.get(name, before) < min(before, end):
            before = min(before, end)
        for index in range(bisect_left(places, before) - 1, -1, -1):
            place = places[index]
            if (name, place) in walked:
                return
            walked.add((name, place))
            yield place
            each = self._statements[place]
            if each.final and name in each.binds and (each.recursive or name not in each.uses):
                return

    def _instead(self, name: str, until: int | None) -> int | None:
        """The cell that does not parse and stands for a name's definition, because there is none, or one only further down."""
        first = self._written.get(name)
        if first is not None and first < self._end(until):
            return None
        spoilt = self._spoilt(name, until)
        return spoilt if spoilt is not None or first is not None else self._spoilt(name, None)

    def _spoilt(self, name: str, until: int | None) -> int | None:
        """The last of the first cells that does not parse and seems to define a name."""
        places = self._seeming.get(name, [])
        index = len(places) if until is None else bisect_left(places, until)
        return places[index - 1] if index else None


def _statements(place: int, cell: str) -> list[Statement]:
    text, tree = _parsed(cell)
    lines = text.encode().split(b"\n")
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # a symbol table is made of the text, and a learner's "\d" is the learner's affair
        return [_statement(place, lines, node) for node in tree.body if not _is_main_guard(node)]


def _parsed(cell: str) -> tuple[str, ast.Module]:
    """A cell as Python, without what IPython adds to the language, and its tree.

    A line that begins like a magic may go on a statement. So lines are taken out only of a cell that does not parse, and first
    those that no statement reaches into.
    """
    for magics in _MAGICS:
        try:
            return cell, tree_of(cell)
        except _UNREADABLE:
            cell = _without_magics(cell, magics)
    return cell, tree_of(cell)


def _without_magics(cell: str, magic: re.Pattern[str]) -> str:
    return "\n".join("" if magic.match(line) else line for line in cell.split("\n"))


def _statement(place: int, lines: list[bytes], node: ast.stmt) -> Statement:
    start = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", []))])
    body = lines[start - 1 : node.end_lineno]
    # a; b on one line are two statements.
    if len(body) == 1:
        body = [body[0][node.col_offset : node.end_col_offset]]
    else:
        if start == node.lineno:
            body[0] = body[0][node.col_offset :]
        if body[-1][node.end_col_offset :].lstrip().startswith(b";"):  # and no comment, which stays
            body[-1] = body[-1][: node.end_col_offset]
    text = b"\n".join(body).decode()
    uses = _uses(symtable.symtable(text, "cell", "exec"))
    binds, changes = _gives(node)
    return Statement(
        place,
        text + ("\n\n\n" if isinstance(node, _Definition) else "\n"),
        frozenset(binds),
        frozenset(changes),
        frozenset(uses),
        kind=_kind(node),
        final=not isinstance(node, _Perhaps),
        recursive=isinstance(node, _Definition) and not _names_itself_at_once(node),
    )


def _kind(node: ast.stmt) -> str:
    if isinstance(node, ast.ImportFrom):
        if node.module == "__future__":
            return "future"
        return "star" if any(alias.name == "*" for alias in node.names) else ""
    return "stub" if isinstance(node, _Function) and any(map(is_not_written, node.body)) else ""


def is_not_written(node: ast.AST) -> bool:
    """``raise NotImplementedError(…)``, which stands in a stub where the learner's code should be."""
    if not isinstance(node, ast.Raise):
        return False
    error = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    return isinstance(error, ast.Name) and error.id == "NotImplementedError"


def _names_itself_at_once(node: _Definition) -> bool:
    """Whether a definition's decorators, defaults or bases use the name's former value."""
    parts: list[ast.AST] = [*node.decorator_list]
    if isinstance(node, ast.ClassDef):
        parts += [*node.bases, *node.keywords]
    else:
        parts += [*node.args.defaults, *(each for each in node.args.kw_defaults if each is not None)]
    return any(isinstance(each, ast.Name) and each.id == node.name for part in parts for each in ast.walk(part))


def _is_main_guard(node: ast.stmt) -> bool:
    """``if __name__ == "__main__":``, what a file does when it is run and not imported."""
    return isinstance(node, ast.If) and any(
        isinstance(each, ast.Name) and each.id == "__name__" for each in ast.walk(node.test)
    )


def _outer(node: ast.AST) -> Iterator[ast.AST]:
    """A statement and what runs with it, without what has names of its own: functions, classes, a comprehension's variables."""
    left = [node]
    while left:
        each = left.pop()
        yield each
        if isinstance(each, ast.comprehension):
            left += [each.iter, *each.ifs]
        elif not isinstance(each, _Definition | ast.Lambda):
            left += ast.iter_child_nodes(each)


def _gives(node: ast.stmt) -> tuple[set[str], set[str]]:
    """The names that a statement binds, and those whose value it changes in place."""
    binds: set[str] = set()
    changes: set[str] = set()
    if isinstance(node, ast.AnnAssign) and node.value is None:
        return binds, changes  # `x: int` gives no value
    for each in _outer(node):
        if isinstance(each, ast.Name):
            if isinstance(each.ctx, ast.Store):
                binds.add(each.id)
        elif isinstance(each, _Definition):
            binds.add(each.name)
        elif isinstance(each, _Import):
            binds |= {alias.asname or alias.name.split(".")[0] for alias in each.names}
        elif isinstance(each, ast.AugAssign):
            changes |= _root(each.target)
        elif isinstance(each, ast.Subscript | ast.Attribute) and isinstance(each.ctx, ast.Store):
            changes |= _root(each)
    return binds - changes, changes


def _uses(table: symtable.SymbolTable) -> set[str]:
    """The module's names that a statement reads, now or when a function in it is called. A function's own variables are not."""
    names: set[str] = set()
    left = [table]
    while left:
        each = left.pop()
        kind = each.get_type()
        for symbol in each.get_symbols():
            # At the top all names are global. A class that says `x = x` reads the module's x, though x is a name of its own.
            is_read = symbol.is_referenced() and (kind == "module" or (kind == "class" and not symbol.is_free()))
            if is_read or (kind != "module" and symbol.is_global()):
                names.add(symbol.get_name())
        left += each.get_children()
    return names


def _root(node: ast.expr) -> set[str]:
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()
