"""Makes a submitted notebook what the gradebook says: its graded cells are there, once, with the text and points they had.

It stands for nbgrader's DeduplicateIds and OverwriteCells, which trust the flags in the learner's metadata, stop the whole class
at a cell that was copied (nbgrader 0.9.6: an emptied entry counts as one of an older schema), and leave deleted cells away.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Unicode

from mechgrade.course import find_course, load_course
from mechgrade.doors.nbgrader.written import is_answer, is_answer_id, is_blank, with_rubrics
from mechgrade.submissions.cells import KEY, NBGRADER_SCHEMA
from mechgrade.submissions.notebook import PUT_BACK

#: The ids of cells that say that a notebook could not be read, or was not there.
STANDING_IN = ("unreadable", "missing")


class Restore(NbGraderPreprocessor):  # type: ignore[misc]  # nbgrader is untyped
    """Restores the cells that nbgrader knows. All other cells are the learner's, without a say in grading."""

    course_root = Unicode("", help="The course's directory, with course.yaml.").tag(config=True)
    _learner = ""

    def preprocess(self, nb: Any, resources: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Restore one notebook."""
        about = resources["nbgrader"]
        with Gradebook(about["db_url"]) as gradebook:
            known = gradebook.find_notebook(about["notebook"], about["assignment"])
            sources = {cell.name: cell for cell in known.source_cells}
            points = {cell.name: float(cell.max_score) for cell in [*known.grade_cells, *known.task_cells]}
            grades = {cell.name for cell in known.grade_cells}
            solutions = {cell.name for cell in known.solution_cells}
            tasks = {cell.name for cell in known.task_cells}
            self._learner = about.get("student", "")
            found = self._last_of_each(nb, about["assignment"], set(sources), grades)
            for name, cell in found.items():
                place = _place_of(nb, cell)
                nb.cells[place] = self._restored(cell, sources[name])
                if (
                    sources[name].locked
                    and cell.cell_type == "code"
                    and cell.source.strip() != sources[name].source.strip()
                ):
                    # What was written into a locked cell may be an answer: code in a check's own cell counts.
                    nb.cells.insert(place, new_code_cell(cell.source))
            deleted = [name for name in sources if name in grades | tasks and name not in found]
            # Of a notebook that could not be read it was said already.
            if deleted and not (nb.cells and nb.cells[0].get("id") in STANDING_IN):
                which = (
                    "all checks were" if not found else f"{', '.join(deleted)} {'was' if len(deleted) == 1 else 'were'}"
                )
                self.log.warning("%s: %s deleted, and put back", self._learner, which)
            for name in deleted:
                self._insert(nb, about["assignment"], self._restored(None, sources[name]))
            for cell in nb.cells:
                name = cell.metadata.get("nbgrader", {}).get("grade_id")
                if name is None:
                    continue
                source = sources[name]
                entry = {
                    "schema_version": NBGRADER_SCHEMA,
                    "grade_id": name,
                    "grade": name in grades,
                    "solution": name in solutions,
                    "task": name in tasks,
                    "locked": bool(source.locked),
                    "cell_type": source.cell_type,
                    "checksum": source.checksum,
                    **({"points": points[name]} if name in points else {}),
                }
                cell.metadata["nbgrader"] = {key: value for key, value in entry.items() if value is not None}
        course = load_course(find_course(Path(self.course_root)))
        if about["assignment"] in course.labs:
            with_rubrics(course, course.labs[about["assignment"]], nb)
        return nb, resources

    def _last_of_each(self, nb: Any, lab: str, names: set[str], checks: set[str]) -> dict[str, Any]:
        """The last cell of each name, as Python has the last definition; of an answer, the last with a text.

        Copies become the learner's own cells.

        A copy of a check stays one by the course's metadata: which code counts does not change with what nbgrader knows.
        """
        found: dict[str, Any] = {}
        for cell in sorted(reversed(nb.cells), key=lambda cell: is_answer(cell) and is_blank(cell)):
            entry = cell.metadata.get("nbgrader")
            name = entry.get("grade_id") if isinstance(entry, dict) else None
            if isinstance(name, str) and name in names and name not in found:
                found[name] = cell
            elif entry is not None:
                self.log.warning(
                    "%s: the cell %s is there twice, or is none of the assignment's: an ordinary cell",
                    self._learner,
                    name,
                )
                del cell.metadata["nbgrader"]
                if isinstance(name, str) and name in checks and not is_answer_id(name):
                    cell.metadata[KEY] = _check_entry(lab, name)
        return found

    def _restored(self, cell: Any, source: Any) -> Any:
        """A cell with the type that it had, and where it is locked, its text."""
        text = source.source if cell is None or source.locked else cell.source
        if cell is not None and source.locked and cell.source != source.source:
            self.log.warning("%s: the cell %s was edited, and has its text again", self._learner, source.name)
        make = new_code_cell if source.cell_type == "code" else new_markdown_cell
        metadata = {} if cell is None else dict(cell.metadata)
        metadata["nbgrader"] = {"grade_id": source.name}
        restored = make(text, metadata=metadata)
        if cell is not None:
            restored.id = cell.id
        return restored

    @staticmethod
    def _insert(nb: Any, lab: str, cell: Any) -> None:
        """Put a check back below the last cell of its exercise that is left, or at the end."""
        grade_id = cell.metadata["nbgrader"]["grade_id"]
        if is_answer(cell):
            cell.metadata[KEY] = _answer_entry(lab, grade_id)
            nb.cells.append(cell)
            return
        cell.metadata[KEY] = _check_entry(lab, grade_id) | {PUT_BACK: True}
        name = grade_id.removesuffix("-check")
        entries = [each.metadata.get(KEY) for each in nb.cells]
        places = [
            place
            for place, entry in enumerate(entries)
            if isinstance(entry, dict) and str(entry.get("exercise")).rpartition("/")[2] == name
        ]
        nb.cells.insert(max(places) + 1 if places else len(nb.cells), cell)


def _place_of(nb: Any, cell: Any) -> int:
    return next(place for place, each in enumerate(nb.cells) if each is cell)


def _answer_entry(lab: str, grade_id: str) -> dict[str, Any]:
    return {"question": f"{lab}/{grade_id.removeprefix('written-answer-')}", "part": "answer"}


def _check_entry(lab: str, grade_id: str) -> dict[str, Any]:
    return {"exercise": f"{lab}/{grade_id.removesuffix('-check')}", "part": "check"}
