"""Reads a submitted notebook whatever it is: what cannot be read is graded as empty, with a note, and the class goes on."""

from __future__ import annotations

import io
import json
import os
import stat
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat.v4 import new_markdown_cell, new_notebook
from nbformat.validator import NotebookValidationError

#: A notebook that people wrote has a few megabytes of plots at most.
MAX_NOTEBOOK = 50 * 2**20


class Reader(NotebookExporter):  # type: ignore[misc]  # nbconvert is untyped
    """An exporter of notebooks that reads with :func:`read`."""

    def from_filename(self, filename: str, resources: Any = None, **kwargs: Any) -> Any:
        """Convert one notebook."""
        notebook, problems = read(Path(filename))
        for problem in problems:
            self.log.warning("%s: %s", filename, problem)
        text = io.StringIO(nbformat.writes(notebook))
        return self.from_file(text, resources=resources, **kwargs)


def read(path: Path) -> tuple[Any, list[str]]:
    """A notebook that is valid, and what was wrong with the file."""
    try:
        notebook, problems = _repaired(_load(path))
    except _UnreadableError as error:
        notebook, problems = new_notebook(), [str(error)]
    if problems:
        words = "**This notebook could not be read whole, and was graded without what is missing:**\n\n"
        note = new_markdown_cell(words + "\n".join(f"- {problem}" for problem in problems), id="unreadable")
        notebook.cells = [note, *(cell for cell in notebook.cells if cell.id != "unreadable")]
    return notebook, problems


class _UnreadableError(Exception):
    pass


def _load(path: Path) -> Any:
    try:
        # A link could lead to the notebook with the solutions, which this process may read and the learner may not.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise _UnreadableError("it is not a file")
            body = file.read(MAX_NOTEBOOK + 1)
    except OSError as error:
        if path.is_symlink():
            raise _UnreadableError("it is a link; hand in the file itself") from None
        raise _UnreadableError(f"it cannot be opened: {error.strerror}") from None
    if len(body) > MAX_NOTEBOOK:
        raise _UnreadableError(f"it is larger than {MAX_NOTEBOOK // 2**20} MiB; clear its outputs and hand it in again")
    try:
        tree = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise _UnreadableError(f"it is not JSON ({type(error).__name__}: {str(error)[:200]})") from None
    if not isinstance(tree, dict):
        raise _UnreadableError("it is JSON, but no notebook")
    try:
        return nbformat.convert(nbformat.from_dict(_without_outputs(tree)), to_version=4)
    except Exception as error:  # nbformat raises anything for a notebook of a wrong form
        raise _UnreadableError(f"it is JSON, but no notebook ({type(error).__name__})") from None


def _without_outputs(tree: dict[str, Any]) -> dict[str, Any]:
    """Outputs are made anew, so no one of the learner's is worth failing for."""
    for cell in tree["cells"] if isinstance(tree.get("cells"), list) else []:
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            cell["outputs"], cell["execution_count"] = [], None
    return tree


def _repaired(notebook: Any) -> tuple[Any, list[str]]:
    """The valid cells of a notebook, with ids of their own."""
    cells, dropped, ids = [], 0, set()
    for place, cell in enumerate(notebook.get("cells") or []):
        if isinstance(cell, dict) and isinstance(cell.get("source"), list):
            cell["source"] = "".join(map(str, cell["source"]))
        if isinstance(cell, dict) and (not isinstance(cell.get("id"), str) or cell["id"] in ids):
            cell["id"] = f"cell-{place}"
        if not _is_valid(cell):
            dropped += 1
            continue
        ids.add(cell["id"])
        cells.append(cell)
    repaired = new_notebook(cells=cells, metadata={})
    return repaired, [f"{dropped} cells are no cells of a notebook"] if dropped else []


def _is_valid(cell: Any) -> bool:
    kind = cell.get("cell_type") if isinstance(cell, dict) else None
    if kind not in ("code", "markdown", "raw"):
        return False
    try:
        nbformat.validate(cell, ref=f"{kind}_cell", version=4, version_minor=5)
    except (NotebookValidationError, RecursionError):
        return False
    return True
