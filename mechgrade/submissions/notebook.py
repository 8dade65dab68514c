"""The code of each exercise in a notebook that somebody handed in, by one rule for every way to be graded.

**Which cells count.** Code cells, and cells of another type whose metadata says that they are code: a key pressed by mistake
makes a code cell a text. Outputs, texts and a cell's order of execution say nothing.

**Where an exercise's code is.** Above its check, as in a notebook that was run from the top: of several definitions the last
one there. What is missing there, or is there only as the stub, is looked for below. So a scratch cell further down that uses a
function's name again changes nothing.

**What a check is.** A cell that is one by its metadata (mechgrade's ``part``, or nbgrader's ``grade_id``). Where no cell of the
exercise is, because Colab or a copy has dropped the metadata, a code cell that calls ``check("week1/slope")`` or
``check('slope')``. Code in the check's own cell counts as above the check.

**When the check is there twice,** the one with the most of the exercise's functions written above it counts; of equals, the
first.

**When there is no check,** it is taken to be where the course had put it: behind the last cell that the metadata calls code of
this exercise. Without such a cell the whole notebook is above.

Nothing here raises for a notebook of an odd form: there is a reason in the place of each exercise's text.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mechgrade.course import Course, Exercise, Lab
from mechgrade.course.syntax import tree_of
from mechgrade.submissions.assemble import MAX_CELL, Code, interface
from mechgrade.submissions.cells import KEY, check_id
from mechgrade.submissions.reading import CLEAR, MAX_FILE, MAX_SOURCE, SubmissionError, is_web_page, read_bytes, shown

#: How many objects and lists, and how many values, a notebook's text may have: read, an empty object takes 20 times its text.
MAX_PARTS, MAX_VALUES = 200_000, 3_000_000

#: A text for each exercise, by lab and name, or why there is none.
Texts = dict[tuple[str, str], "str | SubmissionError"]

#: In the metadata of a check that was missing and that a grader has put back: it says nothing of where the exercise's code is.
PUT_BACK = "put_back"

_CHECK = re.compile(r"^[ \t]*(?:\w+[ \t]*=[ \t]*)?(?:\w+\.)*check\([ \t]*(['\"])(?:(\w+)/)?(\w+)\1", re.MULTILINE)

#: What tells code from prose that happens to parse.
_CODE = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Assign)

#: The lines around code in Markdown.
_FENCE = re.compile(r"^[ \t]*(?:```|~~~).*$", re.MULTILINE)

_HALF = re.compile("[\ud800-\udfff]")

#: Cells of former formats that are text by now.
_KINDS = {"code": "code", "markdown": "markdown", "raw": "raw", "heading": "markdown", "html": "markdown"}


@dataclass(frozen=True)
class Cell:
    """A cell: what of it is of any use."""

    cell_type: str
    source: str
    metadata: dict[str, Any]

    @property
    def is_code(self) -> bool:
        """Whether its text counts as code."""
        return self.cell_type == "code" or self.entry.get("part") == "code"

    @property
    def entry(self) -> dict[str, Any]:
        """What the course wrote into its metadata."""
        found = self.metadata.get(KEY)
        return found if isinstance(found, dict) else {}

    @property
    def grade_id(self) -> str:
        """Its name at nbgrader; empty for a cell without."""
        about = self.metadata.get("nbgrader")
        name = about.get("grade_id") if isinstance(about, dict) else None
        return name if isinstance(name, str) else ""


# --- from JSON to cells ------------------------------------------------------------------------------------------------


def read_tree(path: Path, folder: Path) -> Any:
    """A notebook's file as JSON.

    Raises:
        SubmissionError: it cannot be read, or is no JSON.
    """
    try:
        body = read_bytes(path, folder, MAX_FILE, CLEAR)
        if body.count(b"{") + body.count(b"[") > MAX_PARTS or body.count(b",") > MAX_VALUES:
            raise SubmissionError(f"{shown(path.name)} holds too many values; {CLEAR}")
        return json.loads(body)  # UTF-8 or UTF-16, by its first bytes
    except FileNotFoundError:
        raise SubmissionError(f"there is no notebook {shown(path.name)}") from None
    except (ValueError, RecursionError) as error:
        if _is_python(body):
            stem = shown(re.sub(r"(?i)\.ipynb.*$", "", path.name))
            raise SubmissionError(
                f"{shown(path.name)} holds Python code and is no notebook; rename it to {stem}.py"
            ) from None
        if is_web_page(body[:1000].decode(errors="replace")):
            raise SubmissionError(
                f"{shown(path.name)} is a web page and no notebook; download the notebook itself"
            ) from None
        why = f"it is not JSON: {str(error)[:200]}" if body.strip() else "it is empty"
        raise SubmissionError(_unreadable(shown(path.name), why)) from None


def _is_python(body: bytes) -> bool:
    """Whether a text that is no JSON is code."""
    try:
        tree = tree_of(body.decode("utf-8-sig")) if len(body) <= MAX_SOURCE else None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return tree is not None and any(isinstance(each, _CODE) for each in tree.body)


def entries(tree: Any, name: str) -> list[Any]:
    """What a notebook has in the place of cells. Format 3 has them in worksheets.

    Raises:
        SubmissionError: it has none.
    """
    if isinstance(tree, Mapping):
        if isinstance(tree.get("cells"), list):
            return list(tree["cells"])
        sheets = tree.get("worksheets")
        if isinstance(sheets, list):
            found = [sheet.get("cells") for sheet in sheets if isinstance(sheet, Mapping)]
            return [cell for cells in found if isinstance(cells, list) for cell in cells]
    raise SubmissionError(_unreadable(name, "it is JSON, but no notebook: it has no cells"))


def cell_of(entry: Any) -> Cell | None:
    """A cell of any format, or None for what is none."""
    kind = entry.get("cell_type") if isinstance(entry, Mapping) else None
    if not isinstance(kind, str) or kind not in _KINDS:
        return None
    source = entry.get("source", entry.get("input"))
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        return None
    metadata = entry.get("metadata")
    # JSON can hold half a character, and no file can.
    return Cell(
        _KINDS[kind], _HALF.sub("\N{REPLACEMENT CHARACTER}", source), metadata if isinstance(metadata, dict) else {}
    )


def cells_of(tree: Any, name: str) -> tuple[list[Cell], list[str]]:
    """The cells of a notebook, and what a learner should know of it.

    Raises:
        SubmissionError: it is no notebook.
    """
    found = [cell_of(entry) for entry in entries(tree, name)]
    cells = [cell for cell in found if cell is not None]
    odd = len(found) - len(cells)
    return cells, [f"{odd} of the cells of {name} cannot be read, and were left out"] if odd else []


def _unreadable(name: str, why: str) -> str:
    return f"{name} cannot be read as a notebook ({why}); save it again"


# --- from cells to exercises -------------------------------------------------------------------------------------------


class NoCodeError(SubmissionError):
    """An exercise's function is in a cell that is no code."""


class Answers:
    """A lab's answers in a notebook.

    Args:
        course: the course.
        lab: whose exercises are looked for.
        cells: all cells of the notebook.
    """

    def __init__(self, course: Course, lab: Lab, cells: Sequence[Cell]) -> None:
        self._course, self._lab = course, lab
        texts = [cell.source for cell in cells if cell.is_code]
        # Longer cells are not parsed.
        self._is_too_large = sum(len(text) for text in texts if len(text) <= MAX_CELL) > MAX_SOURCE
        self.code = Code([] if self._is_too_large else texts)
        self._counts = _counts(lab, cells)
        # The course's own texts may show code, too.
        own = (cell.source for cell in cells if not cell.is_code and not cell.entry and "def " in cell.source)
        self._prose = Code([_FENCE.sub("", text) for text in own])

    def until(self, exercise: Exercise) -> int | None:
        """How many code cells are above an exercise's check; None for all."""
        names = interface(self._course, exercise)
        counts = self._counts.get(exercise.name)
        # max takes the first of equals.
        return max(counts, key=lambda count: self.code.written(names, count)) if counts else None

    def text(self, exercise: Exercise, where: str) -> str | SubmissionError:
        """An exercise's code, or why there is none.

        Args:
            exercise: which.
            where: what was looked at, in words that go on "no cell of …".
        """
        if self._is_too_large:
            return SubmissionError(
                f"the code of {where} is larger than {MAX_SOURCE // 2**20} MiB; keep only the lab in it"
            )
        names = interface(self._course, exercise)
        text = self.code.assemble(names, self.until(exercise))
        if text.strip():
            return text
        name = exercise.name if exercise.name in names else names[0]
        if self.in_prose(exercise):
            return NoCodeError(
                f"`{name}` is in a Markdown or raw cell of {where}, which is no code: turn it into a code cell and hand the notebook in again"
            )
        return SubmissionError(f"your code defines no `{name}`: no cell of {where} does; keep the stub's name for it")

    def in_prose(self, exercise: Exercise) -> bool:
        """Whether its function is defined in a cell that is no code."""
        return self._prose.written(interface(self._course, exercise)) > 0

    def answered(self) -> tuple[int, int]:
        """How many exercises of the lab are begun, and how many are there at all: checks and stubs count for the second."""
        exercises = self._lab.exercises.values()
        names = {exercise.name: interface(self._course, exercise) for exercise in exercises}
        begun = sum(self.code.written(names[name]) > 0 for name in names)
        there = sum(name in self._counts or self.code.defines(names[name]) for name in names)
        return begun, there


def texts_of(course: Course, lab: Lab, cells: Sequence[Cell], where: str) -> Texts:
    """The text of each of a lab's exercises in a notebook, or why there is none."""
    answers = Answers(course, lab, cells)
    return {(lab.name, name): answers.text(exercise, where) for name, exercise in lab.exercises.items()}


def _counts(lab: Lab, cells: Sequence[Cell]) -> dict[str, list[int]]:
    """By exercise, the numbers of code cells up to each place where its check may be. See the rule above."""
    ids = {check_id(exercise): name for name, exercise in lab.exercises.items()}
    by_metadata: dict[str, list[int]] = {}
    by_text: dict[str, list[int]] = {}
    by_code: dict[str, list[int]] = {}
    count = 0
    for cell in cells:
        count += cell.is_code
        if cell.entry.get(PUT_BACK):
            continue
        where, _, name = str(cell.entry.get("exercise")).rpartition("/")
        is_ours = where == lab.name and name in lab.exercises
        if is_ours and cell.entry.get("part") == "code":
            by_code[name] = [count]
        if is_ours and cell.entry.get("part") == "check":
            by_metadata.setdefault(name, []).append(count)
        elif cell.grade_id in ids:
            by_metadata.setdefault(ids[cell.grade_id], []).append(count)
        elif cell.is_code:
            for name in {name for where, name in _called(cell) if _is_of(lab, where, name)}:
                by_text.setdefault(name, []).append(count)
    return {**by_code, **by_text, **by_metadata}


def _called(cell: Cell) -> Iterator[tuple[str, str]]:
    """The lab, which may be empty, and the exercise of each check that a cell calls."""
    return ((found[2] or "", found[3]) for found in _CHECK.finditer(cell.source))


def _is_of(lab: Lab, where: str, name: str) -> bool:
    return where in ("", lab.name) and name in lab.exercises


def lab_of(course: Course, cells: Sequence[Cell], stem: str) -> Lab | None:
    """The lab that a notebook is of: by its metadata, else by the checks in it. Where they name none or several, by its name."""
    by_metadata = {str(cell.entry.get("exercise")).rpartition("/")[0] for cell in cells}
    called = {each for cell in cells if cell.is_code for each in _called(cell)}
    by_text = {lab.name for lab in course.labs.values() for where, name in called if _is_of(lab, where, name)}
    by_name = {lab.name for lab in course.labs.values() if stem in (lab.slug, lab.name)}
    for found in ((by_metadata & set(course.labs)) or by_text, by_name):
        if len(found) == 1:
            return course.labs[found.pop()]
    return None
