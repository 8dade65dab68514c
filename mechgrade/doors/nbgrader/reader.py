"""Reads a submitted notebook whatever it is: what cannot be read is graded as empty, with a note, and the class goes on.

Beside the notebook there may be files. What counts of them by the rule of ``mechgrade.submissions.handed_in`` is put into the notebook, above
the exercise's check.
"""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_raw_cell
from nbformat.validator import NotebookValidationError

from mechgrade.course import Course, Exercise, Lab, Question, find_course, load_course
from mechgrade.submissions.assemble import assemble, interface
from mechgrade.submissions.cells import KEY, answer_id, check_id
from mechgrade.submissions.handed_in import read_hand_in
from mechgrade.submissions.notebook import Cell, cell_of, entries, read_tree
from mechgrade.submissions.reading import SubmissionError, shown

_MAKE = {"code": new_code_cell, "markdown": new_markdown_cell, "raw": new_raw_cell}


class Reader(NotebookExporter):  # type: ignore[misc]  # nbconvert is untyped
    """An exporter of notebooks that reads with :func:`read`."""

    def from_filename(self, filename: str, resources: Any = None, **kwargs: Any) -> Any:
        """Convert one notebook."""
        path = Path(filename).absolute()
        about = (resources or {}).get("nbgrader", {})
        notebook, problems = read(path)
        # nbgrader converts a notebook twice: as it was handed in, and as that has left it.
        if getattr(self.parent, "_sanitizing", True) and "assignment" in about:
            course = load_course(find_course(path))
            if about["assignment"] in course.labs:
                problems += with_files(course, course.labs[about["assignment"]], path.parent, notebook)
        for problem in problems:
            self.log.warning("%s: %s", about.get("student", filename), problem)
        text = io.StringIO(nbformat.writes(notebook))
        return self.from_file(text, resources=resources, **kwargs)


def with_files(course: Course, lab: Lab, folder: Path, notebook: Any) -> list[str]:
    """Put into a lab's notebook what counts more than its own cells, and say what was done.

    Args:
        course: the course.
        lab: whose notebook it is.
        folder: the hand-in, with the notebook and what lies beside it.
        notebook: as :func:`read` gives it; it is changed.
    """
    found = read_hand_in(course, [lab], folder)
    own = Path(f"{lab.slug}.ipynb")
    lines = []
    for exercise in lab.exercises.values():
        origin = found.used.get((lab.name, exercise.name))
        if origin is None or (origin == own and (lab.name, exercise.name) not in found.joined):
            continue
        try:
            text = found.submission.source(exercise)
        except SubmissionError as error:
            lines.append(f"{exercise.name}: {error}")
            continue
        text = assemble([text], interface(course, exercise)).strip() or text
        cell = new_code_cell(text, metadata={KEY: {"exercise": str(exercise), "part": "code"}})
        places = [place for place, each in enumerate(notebook.cells) if _is_check(each, exercise)]
        notebook.cells.insert(places[0] if places else len(notebook.cells), cell)
        older = ", with functions from files of older exercises" if (lab.name, exercise.name) in found.joined else ""
        lines.append(f"{shown(origin)} is graded as {exercise.name}{older}")
    for question, answer in found.written.items():
        if answer.file is None or answer.file == own or not answer.text:
            continue
        cells = [each for each in notebook.cells if _is_answer(each, question)]
        if not cells:
            cells = [new_markdown_cell("", metadata=_answer_metadata(question))]
            notebook.cells += cells
        for cell in cells[:-1]:
            cell.source = ""
        cells[-1].source = "\n\n".join([*(f"*({note})*" for note in answer.notes), answer.text])
        lines.append(f"{shown(answer.file)} is taken as the answer to {question.name}")
    return lines


def _is_answer(cell: Any, question: Question) -> bool:
    about = cell.metadata.get("nbgrader")
    return isinstance(about, dict) and about.get("grade_id") == answer_id(question)


def _answer_metadata(question: Question) -> dict[str, Any]:
    return {"nbgrader": {"grade_id": answer_id(question)}, KEY: {"question": str(question), "part": "answer"}}


def _is_check(cell: Any, exercise: Exercise) -> bool:
    entry, about = cell.metadata.get(KEY), cell.metadata.get("nbgrader")
    return (isinstance(entry, dict) and entry.get("part") == "check" and entry.get("exercise") == str(exercise)) or (
        isinstance(about, dict) and about.get("grade_id") == check_id(exercise)
    )


def read(path: Path) -> tuple[Any, list[str]]:
    """A notebook that is valid, and what was wrong with the file. Its cells are those that any other way to be graded sees."""
    problems: list[str] = []
    found: list[Any] = []
    try:
        found = entries(read_tree(path, path.parent), path.name)
    except SubmissionError as error:
        problems.append(str(error))
    cells = [(cell_of(entry), entry) for entry in found]
    ids: set[str] = set()
    notebook = new_notebook(cells=[_valid(cell, entry, ids) for cell, entry in cells if cell is not None])
    dropped = sum(cell is None for cell, _ in cells)
    problems += [f"{dropped} cells are no cells of a notebook"] if dropped else []
    if problems:
        words = "**This notebook could not be read whole, and was graded without what is missing:**\n\n"
        note = new_markdown_cell(words + "\n".join(f"- {problem}" for problem in problems), id="unreadable")
        notebook.cells = [note, *(cell for cell in notebook.cells if cell.id != "unreadable")]
    return notebook, problems


def _valid(cell: Cell, entry: Any, ids: set[str]) -> Any:
    """A cell of nbformat's, without outputs, which are made anew, and with an id of its own."""
    given = entry.get("id")
    # As nbformat has it.
    usable = isinstance(given, str) and given not in ids and re.fullmatch(r"[a-zA-Z0-9-_]{1,64}", given)
    name = given if usable else f"cell-{len(ids)}"
    while name in ids:
        name = f"again-{name}"[:64]
    ids.add(name)
    make = _MAKE[cell.cell_type]
    more = {"attachments": entry["attachments"]} if cell.cell_type != "code" and "attachments" in entry else {}
    # What is not as the format wants it is of no use to anybody here. The entries that say what a cell is are kept if they can be.
    kept = {key: cell.metadata[key] for key in (KEY, "nbgrader") if key in cell.metadata}
    for metadata, others in ((cell.metadata, more), (kept, {})):
        try:
            whole = make(cell.source, id=name, metadata=metadata, **others)  # it validates what it makes
            nbformat.writes(new_notebook(cells=[whole])).encode()
            return whole
        except (NotebookValidationError, RecursionError, UnicodeEncodeError):
            continue
    return make(cell.source, id=name)
