"""One exercise, one source: `solutions/<lab>/<name>.py`, a jupytext py:percent file, taken apart.

Cells tagged `hint` and `found` go to the hints file; a cell tagged `demo` shows the learner's own result, and is not graded. What lies between `### BEGIN SOLUTION` and `### END SOLUTION` is the
reference; in the stub a `raise NotImplementedError` stands there. A remark in an HTML comment (`<!-- for authors -->`) in a text stays
in the source. All other text stays as it is, byte for byte.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from mechgrade.course.course import Course, Exercise
from mechgrade.course.lean import lean
from mechgrade.course.syntax import tree_of
from mechgrade.course.yamlfile import did_you_mean

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
HINT, FOUND, DEMO = "hint", "found", "demo"
LEAST_HINTS = 2

Function = ast.FunctionDef | ast.AsyncFunctionDef


class BuildError(Exception):
    """The sources are not right. `problems` holds one `file:line: what; what to do` each; the text is all of them."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Source:
    """An exercise's source, taken apart."""

    text: str  # as the author wrote it
    lesson: str  # what a learner starts from, with the solutions in it: for the notebook that nbgrader strips
    reference: str  # its code alone, without the demo: what is recorded stays right when only the prose changes
    stub: str  # what a learner starts from: all of it without the hint and found cells, and without solutions
    hints: tuple[str, ...]
    found: str


@dataclass(frozen=True)
class _Cell:
    first: int  # its marker's line, from 1
    last: int
    kind: str
    tags: tuple[str, ...]
    text: str


def without_remarks(text: str) -> str:
    """A text without its HTML comments: they are for authors, and a learner would see them in a stub.

    A blank before a remark goes with it, so that no line ends with one and no sentence has two.
    """
    return re.sub(r"[ \t]*<!--(?:(?!-->).)*-->", "", text)


class _Problems(list[str]):
    """Problems of one file, so that an author sees all of them at once."""

    def __init__(self, shown: str) -> None:
        super().__init__()
        self.shown = shown

    def add(self, line: int, what: str) -> None:
        self.append(f"{self.shown}:{line}: {what}")


def shown_path(course: Course, path: Path) -> str:
    """A path as its author knows it: from the course's directory, with /."""
    return path.relative_to(course.root).as_posix()


def read_text(path: Path, shown: str) -> str:
    """A text file, or a BuildError that says why not."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BuildError(
            f"{shown}:1: there is no such file; write it, or take the exercise out of course.yaml"
        ) from None
    except UnicodeDecodeError as error:
        raise BuildError(f"{shown}:1: not UTF-8 (byte {error.start}); save it as UTF-8") from None


def parse(text: str, shown: str) -> ast.Module:
    """The syntax tree of a file, or a BuildError with the line that does not parse."""
    try:
        # As bytes, because that is how Python reads the file: "# Decoding: a sum" in its first two lines names an encoding.
        return tree_of(text.encode())
    except SyntaxError as error:
        raise BuildError(f"{shown}:{error.lineno or 1}: does not parse: {error.msg}; correct it") from None
    except ValueError as error:  # a null byte
        raise BuildError(f"{shown}:1: does not parse: {error}; correct it") from None


def read_source(course: Course, exercise: Exercise) -> Source:
    """Read an exercise's source. Raises BuildError with everything that is wrong in it."""
    path = course.solution_path(exercise)
    shown = shown_path(course, path)
    return take_apart(read_text(path, shown), exercise.name, shown)


@lru_cache(maxsize=128)  # a command asks for it more than once: to build, to look for leaks, to audit
def take_apart(text: str, name: str, shown: str) -> Source:
    """Take the text of a source apart. `name` is the exercise's, `shown` the path for messages."""
    tree = parse(text, shown)
    problems = _Problems(shown)
    cells = _cells(text, problems)
    blocks = _solutions(text, cells, problems)
    _check_docstrings(tree, problems)
    hints = [cell for cell in cells if HINT in cell.tags]
    found = [cell for cell in cells if FOUND in cell.tags]
    _check_teaching(hints, found, problems)
    if problems:
        raise BuildError(*problems)
    code = [cell for cell in cells if cell.kind == "code" and DEMO not in cell.tags]
    reference = _without(text, [cell for cell in cells if cell not in code], {})
    plain = _remarks_out(text, cells)
    lesson = _without(text, [*hints, *found], plain)
    stub = _without(text, [*hints, *found], plain | _raises(text, tree, blocks, name, problems))
    if not problems:
        _check_stub(stub, problems)
    if problems:
        raise BuildError(*problems)
    return Source(
        text,
        lesson,
        reference,
        stub,
        tuple(without_remarks(cell.text) for cell in hints),
        without_remarks(found[0].text),
    )


def without_solutions(text: str, name: str) -> str:
    """Code with a raise in the place of each solution, as in a stub. `name` is the exercise's, for a solution in no function.

    Raises:
        BuildError: the markers are not right.
    """
    problems = _Problems(name)
    tree = parse(text, name)
    blocks = _solutions(text, [], problems)
    instead = _raises(text, tree, blocks, name, problems)
    if problems:
        raise BuildError(*problems)
    return "\n".join(
        line
        for line in (instead.get(number, line) for number, line in enumerate(text.split("\n"), 1))
        if line is not None
    )


def _cells(text: str, problems: _Problems) -> list[_Cell]:
    """The cells with their lines. jupytext knows types, tags and texts, but no lines: those come from the tokens."""
    with lean():
        import jupytext  # an instructor's dependency: learners import this package without it

    lines = text.split("\n")
    starts = [line for line, comment in _comments(text) if re.match(r"# ?%%+( |\[|$)", comment)]
    above = next((number for number, line in enumerate(lines, 1) if line.strip()), 1)
    if not starts or above < starts[0]:
        problems.add(above, "text before the first cell; begin the file with `# %% [markdown]`")
        return []
    notebook = jupytext.reads(text, fmt="py:percent")
    if len(notebook.cells) != len(starts):
        problems.add(
            starts[0], f"jupytext reads {len(notebook.cells)} cells where {len(starts)} begin; look at each `# %%`"
        )
        return []
    cells = []
    for first, after, cell in zip(starts, [*starts[1:], len(lines) + 1], notebook.cells, strict=True):
        tags = tuple(str(tag) for tag in cell.metadata.get("tags", ()))
        cells.append(_Cell(first, after - 1, cell.cell_type, tags, str(cell.source).strip()))
        for tag in tags:
            if tag not in (HINT, FOUND, DEMO) and (near := did_you_mean(tag.lower(), (HINT, FOUND, DEMO))):
                problems.add(first, f"found the tag {tag!r}{near}; correct it")
    return cells


def _comments(text: str) -> Iterator[tuple[int, str]]:
    """Line and text of each comment that starts its line. Tokens, so that nothing inside a string counts."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT and not token.line[: token.start[1]].strip():
            yield token.start[0], token.string if token.start[1] == 0 else token.line.rstrip()


def _solutions(text: str, cells: list[_Cell], problems: _Problems) -> list[tuple[int, int]]:
    """First and last line of every solution, markers included."""
    comments = {line: comment.strip() for line, comment in _comments(text)}
    markdown = {line for cell in cells if cell.kind == "markdown" for line in range(cell.first, cell.last + 1)}
    blocks, begun = [], None
    for number, line in enumerate(text.split("\n"), 1):
        comment = comments.get(number)
        if comment == BEGIN:
            if begun:
                problems.add(
                    number, f"a second `{BEGIN}` before the end of the one on line {begun}; end that one first"
                )
            begun = number
        elif comment == END:
            if not begun:
                problems.add(number, f"`{END}` without a `{BEGIN}`; write the begin, or remove this line")
            else:
                blocks.append((begun, number))
            begun = None
        elif re.search(r"\b(BEGIN|END)\s+SOLUTION\b", line, re.IGNORECASE):
            # Read as a marker by one tool and not by another, it would leave a solution in the stub.
            problems.add(number, f"looks like a marker and is none; write `{BEGIN}` or `{END}` on a line of its own")
        if number in markdown and comment in (BEGIN, END):
            problems.add(number, "a solution marker in a markdown cell; move it to a code cell")
    if begun:
        problems.add(begun, f"`{BEGIN}` without an `{END}`; write the end")
    elif not blocks and not problems:
        problems.add(1, f"no `{BEGIN}`; mark what the learner is to write")
    return blocks


def _raises(
    text: str, tree: ast.Module, blocks: list[tuple[int, int]], name: str, problems: _Problems
) -> dict[int, str | None]:
    """For every line of a solution what the stub has in its place: the raise on the first one, nothing on the rest."""
    lines = text.split("\n")
    functions = [node for node in ast.walk(tree) if isinstance(node, Function)]
    instead: dict[int, str | None] = {}
    for first, last in blocks:
        around = [node for node in functions if node.lineno <= first <= (node.end_lineno or 0)]
        inner = max(around, key=lambda node: node.lineno, default=None)
        inside = [number for number in range(first + 1, last) if lines[number - 1].strip()]
        if not inside:
            problems.add(first, "an empty solution; write the reference between the markers")
        elif inner and not lines[inside[-1] - 1].lstrip().startswith("#") and inside[-1] > (inner.end_lineno or 0):
            problems.add(
                first, f"the solution begins in {inner.name} and ends outside it; put both markers in one function"
            )
        indent = lines[first - 1][: len(lines[first - 1]) - len(lines[first - 1].lstrip())]
        instead.update(dict.fromkeys(range(first, last + 1)))
        instead[first] = f'{indent}raise NotImplementedError("{inner.name if inner else name}: not written yet")'
    return instead


def _without(text: str, cells: list[_Cell], instead: dict[int, str | None]) -> str:
    """The text without some cells, and with other lines in the place of some."""
    dropped = {line for cell in cells for line in range(cell.first, cell.last + 1)}
    kept = [instead.get(number, line) for number, line in enumerate(text.split("\n"), 1) if number not in dropped]
    return "\n".join(line for line in kept if line is not None).strip("\n") + "\n"


def _remarks_out(text: str, cells: list[_Cell]) -> dict[int, str | None]:
    """For every line of a text cell that has a remark: the line without it."""
    lines = text.split("\n")
    return {
        number: without_remarks(lines[number - 1])
        for cell in cells
        if cell.kind == "markdown"
        for number in range(cell.first, cell.last + 1)
        if "<!--" in lines[number - 1]
    }


def _check_teaching(hints: list[_Cell], found: list[_Cell], problems: _Problems) -> None:
    if len(hints) < LEAST_HINTS:
        at = hints[-1].last if hints else 1
        problems.add(
            at, f'{len(hints)} hint cells; write at least {LEAST_HINTS}, each `# %% [markdown] tags=["{HINT}"]`'
        )
    if not found:
        problems.add(1, f'no cell for what was found; write one `# %% [markdown] tags=["{FOUND}"]`')
    for extra in found[1:]:
        problems.add(extra.first, f"a second cell tagged {FOUND!r}; write one")
    for cell in (*hints, *found):
        if cell.kind != "markdown":
            problems.add(cell.first, f"a {cell.kind} cell is tagged {' '.join(cell.tags)!r}; make it `# %% [markdown]`")
        elif not cell.text:
            problems.add(cell.first, f"an empty {' '.join(cell.tags)} cell; write it, or remove it")


def _check_docstrings(tree: ast.Module, problems: _Problems) -> None:
    """What a learner reads first is the docstring. Private and inner functions are the author's own affair."""
    bodies = [tree.body, *(node.body for node in tree.body if isinstance(node, ast.ClassDef))]
    for node in (node for body in bodies for node in body if isinstance(node, Function)):
        if not node.name.startswith("_") and not (ast.get_docstring(node) or "").strip():
            problems.add(node.lineno, f"{node.name} has no docstring; say what it takes and gives, with shapes")


def _check_stub(stub: str, problems: _Problems) -> None:
    try:
        compile(stub, "stub", "exec", dont_inherit=True)
    except SyntaxError as error:
        line = (error.text or "").strip()
        problems.add(1, f"its stub does not parse ({error.msg}: {line!r}); place the markers around whole statements")
