"""What a learner reads in an exercise's file: the text in its markdown cells, and what its functions promise.

Read from the learner's own copy, as text: nothing of it runs, jupytext is not needed, and the file may be broken.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from mechgrade.course.syntax import tree_of

_CELL = re.compile(r"# ?%%+(?:[ \t]+(?P<rest>.*)|(?=\[)(?P<tight>.*))?\s*$")


@dataclass(frozen=True)
class Function:
    """A function, class or method as its caller sees it: the lines from decorators or ``def`` to the colon, and its docstring.

    A method comes after its class, is named with it (``RingBuffer.push``), and its lines are indented as they stand there.
    """

    name: str
    signature: str
    doc: str


@dataclass(frozen=True)
class Lesson:
    """The parts of an exercise's file that are there to be read, in Markdown.

    Attributes:
        title: the first heading.
        text: what stands above the code, without that heading.
        after: what stands below it: what to look at in one's own result.
        functions: the file's own, or None where it does not parse at the moment.
    """

    title: str
    text: str
    after: str
    functions: tuple[Function, ...] | None


def read_lesson(source: str) -> Lesson:
    """Take a learner's file apart."""
    above: list[str] = []
    below: list[str] = []
    has_code = False
    for is_text, body in _cells(source):
        if is_text:
            (below if has_code else above).append(body)
        elif re.search(r"^(async )?def |^class ", body, re.MULTILINE):
            has_code = True
    text = "\n\n".join(above)
    heading = re.match(r"\s*#[ \t]+(.+)", text)
    title = heading[1].strip() if heading else ""
    return Lesson(
        title, text[heading.end() if heading else 0 :].strip(), "\n\n".join(below).strip(), _functions(source)
    )


def _cells(source: str) -> Iterator[tuple[bool, str]]:
    """Whether each cell is text, and its body. What stands above the first cell is none."""
    is_text = False
    lines: list[str] | None = None
    for line in source.splitlines():
        begin = _CELL.match(line)
        if begin is None:
            if lines is not None:
                lines.append(re.sub("^# ?", "", line) if is_text else line)
            continue
        if lines is not None:
            yield is_text, "\n".join(lines)
        is_text, lines = "[markdown]" in line or "[md]" in line, []
    if lines is not None:
        yield is_text, "\n".join(lines)


def _functions(source: str) -> tuple[Function, ...] | None:
    try:
        tree = tree_of(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return tuple(_defined(tree.body, source.splitlines(), ""))


def _defined(body: list[ast.stmt], lines: list[str], above: str) -> Iterator[Function]:
    """What is defined in a file, or in a class: its own helpers, whose names begin with one _, are nobody's task."""
    for node in body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        if above and node.name.startswith("_") and not node.name.endswith("__"):
            continue
        first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
        signature = lines[first - 1 : max(node.body[0].lineno - 1, node.lineno)]
        name = f"{above}{node.name}"
        yield Function(name, "\n".join(signature).rstrip(), ast.get_docstring(node) or "")
        if isinstance(node, ast.ClassDef):
            yield from _defined(node.body, lines, f"{name}.")
