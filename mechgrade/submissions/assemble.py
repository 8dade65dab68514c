"""An exercise's source out of the cells of a notebook, by need: the functions that its grader calls, and what those use.

A notebook is where people try things, so most of its code belongs to no exercise: plots, prints, magics, half a thought. What
a cell only tries is never run. Nothing here runs anything: cells are read as text.
"""

from __future__ import annotations

import ast
import re
import symtable
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mechgrade.course import Course, Exercise

#: A cell that a person wrote is shorter. A longer one is passed on whole, and the worker's limits deal with it.
MAX_CELL = 200_000

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_Import = ast.Import | ast.ImportFrom


@dataclass(frozen=True)
class Statement:
    """A top-level statement of a cell."""

    cell: int
    text: str
    binds: frozenset[str]  # names that have a new value after it
    changes: frozenset[str]  # names whose value it changes in place: TABLE[key] = …, total += 1
    uses: frozenset[str]
    always: bool = False  # from __future__ import …, from … import *
    recursive: bool = False  # a function may name itself: that is no use of what was there before


def interface(course: Course, exercise: Exercise) -> tuple[str, ...]:
    """The names that the grader takes from a learner's module: ``exercise.find_heads``, ``exercise.unguarded.hook``."""
    return _interface(course.grader_path(exercise), exercise.name)


def _interface(path: Path, default: str) -> tuple[str, ...]:
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return (default,)  # grading itself will say what is wrong with the grader
    names = [node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and _is_exercise(node.value)]
    return tuple(dict.fromkeys(name for name in names if name != "unguarded")) or (default,)


def _is_exercise(node: ast.expr) -> bool:
    if isinstance(node, ast.Attribute) and node.attr == "unguarded":
        node = node.value
    return isinstance(node, ast.Name) and node.id == "exercise"


def assemble(cells: Sequence[str], names: Iterable[str], until: int | None = None) -> str:
    """The source of an exercise.

    Args:
        cells: the texts of the code cells, in the order in which they run.
        names: what the exercise must define.
        until: the number of cells to look at first: those up to the exercise's check. What is missing there is looked for
            in the cells below. By default all are looked at.

    Returns:
        the statements that define the names and all that these use, in their order. A cell that does not parse and seems to
        define one of the names is there as it is, so that the learner is told of the mistake in it.
    """
    return "".join(text for _, text in needed(cells, names, until))


def needed(cells: Sequence[str], names: Iterable[str], until: int | None = None) -> list[tuple[int, str]]:
    """Like :func:`assemble`, as pairs of a cell's place and the text of a statement."""
    statements: list[Statement] = []
    broken: dict[int, str] = {}
    for place, cell in enumerate(cells):
        try:
            statements += _statements(place, cell)
        except (SyntaxError, ValueError, RecursionError, MemoryError):  # what ast.parse raises for text of any kind
            broken[place] = cell
    first = len(cells) if until is None else until
    chosen = {place for place, statement in enumerate(statements) if statement.always}
    whole: set[int] = set()
    wanted = set(names)
    # A statement needs what a name stood for when it ran (annotations, decorators), and a function also what it stands for
    # in the end, when it is called.
    queue = [(name, len(statements)) for name in wanted]
    seen = set(queue)
    while queue:
        name, before = queue.pop()
        found = _binding(statements[:before], name, first)
        if not found and name in wanted:
            whole |= {place for place, cell in broken.items() if _seems_to_define(cell, name)}
        for place in found - chosen:
            chosen.add(place)
            uses = {(use, end) for use in statements[place].uses for end in (place, len(statements))}
            queue += uses - seen
            seen |= uses
    parts = [(statements[place].cell, place, statements[place].text) for place in chosen]
    parts += [(cell, len(statements), _without_magics(broken[cell]) + "\n") for cell in whole]
    # Futures come first in a module, wherever their cell is.
    ordered = sorted(parts, key=lambda part: (not part[2].startswith("from __future__"), part[0], part[1]))
    return [(cell, text) for cell, _, text in ordered]


def _binding(statements: list[Statement], name: str, first: int) -> set[int]:
    """The statements that give a name the value that it has when the first cells have run."""
    places = [place for place, each in enumerate(statements) if name in each.binds or name in each.changes]
    above = [place for place in places if statements[place].cell < first]
    if not any(name in statements[place].binds for place in above):
        above = places  # defined below: what a learner who jumped about in the notebook has run
    found: set[int] = set()
    for place in reversed(above):
        found.add(place)
        each = statements[place]
        if name in each.binds and (each.recursive or name not in each.uses):
            return found
    return found


def _statements(place: int, cell: str) -> Iterator[Statement]:
    if len(cell) > MAX_CELL:
        raise ValueError("too long")
    text = _without_magics(cell)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a learner's "\d" is the learner's affair
        tree = ast.parse(text)
    lines = text.encode().split(b"\n")
    for node in tree.body:
        if _is_main_guard(node):
            continue
        start = min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", []))])
        body = [*lines[start - 1 : node.end_lineno]]
        if len(body) == 1:  # a; b on one line are two statements
            body = [body[0][node.col_offset : node.end_col_offset]]
        statement = b"\n".join(body).decode()
        yield Statement(
            place,
            statement + ("\n\n\n" if isinstance(node, _Definition) else "\n"),
            frozenset(_binds(node)),
            frozenset(_changes(node)),
            frozenset(_uses(symtable.symtable(statement, "cell", "exec"))),
            always=isinstance(node, ast.ImportFrom)
            and (node.module == "__future__" or any(alias.name == "*" for alias in node.names)),
            recursive=isinstance(node, _Definition) and not _names_itself_at_once(node),
        )


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
    """A statement and what runs with it, without the insides of functions and classes."""
    yield node
    if isinstance(node, _Definition | ast.Lambda):
        return
    for child in ast.iter_child_nodes(node):
        yield from _outer(child)


def _binds(node: ast.stmt) -> set[str]:
    names: set[str] = set()
    for each in _outer(node):
        if isinstance(each, _Definition):
            names.add(each.name)
        elif isinstance(each, _Import):
            names |= {alias.asname or alias.name.split(".")[0] for alias in each.names}
        elif isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
            names.add(each.id)
    return names - _changes(node)


def _uses(table: symtable.SymbolTable) -> set[str]:
    """The module's names that a statement reads, now or when a function in it is called. A function's own variables are not."""
    names = {
        symbol.get_name()
        for symbol in table.get_symbols()
        if (symbol.is_referenced() if table.get_type() == "module" else symbol.is_global())
    }
    return names.union(*(_uses(child) for child in table.get_children()))


def _changes(node: ast.stmt) -> set[str]:
    names: set[str] = set()
    for each in _outer(node):
        if isinstance(each, ast.AugAssign):
            names |= _root(each.target)
        elif isinstance(each, ast.Subscript | ast.Attribute) and isinstance(each.ctx, ast.Store):
            names |= _root(each)
    return names


def _root(node: ast.expr) -> set[str]:
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return {node.id} if isinstance(node, ast.Name) else set()


def _without_magics(cell: str) -> str:
    """A cell as Python, without what IPython adds to the language."""
    cell = cell.replace("\r\n", "\n")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(cell)
        return cell
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        lines = ["" if re.match(r"\s*(%|!|\?)|\s*[\w.]+\?+\s*$", line) else line for line in cell.split("\n")]
        # A line that continues nothing and starts like a magic is one; inside brackets or strings the cell parsed already.
        return "\n".join(lines)


def _seems_to_define(cell: str, name: str) -> bool:
    return re.search(rf"^\s*(async\s+)?(def|class)\s+{re.escape(name)}\b", cell, re.MULTILINE) is not None
