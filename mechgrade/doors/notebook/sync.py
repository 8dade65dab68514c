"""Work carried between a lab's notebook and its stub files, in both directions, without loss.

``pull`` writes files from a notebook, ``push`` a notebook from files. A file holds the cells of its exercise, the learner's own
included. Own cells with code that the exercise does not need are commented out in the file (jupytext's ``active="ipynb"``),
because a file is imported whole. Whatever is overwritten is kept in ``.mechgrade/backup`` first.
"""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mechgrade.course import Course, CourseError, Exercise, Lab
from mechgrade.files import write_atomic
from mechgrade.submissions.assemble import interface, needed
from mechgrade.submissions.cells import (
    KEY,
    Cell,
    Notebook,
    check_cell,
    fresh_notebook,
    notebook,
    part,
    read_percent,
    section,
    sections,
)

#: Own cells that only the notebook runs, and code that a pulled file has from another exercise's cells.
NOTEBOOK_ONLY, BORROWED = "active-ipynb", "borrowed"


@dataclass
class Report:
    """What was written, and where the former versions are."""

    written: list[Path] = field(default_factory=list)
    backups: list[Path] = field(default_factory=list)


def pull(course: Course, lab: Lab, path: Path, *, into: Path | None = None) -> Report:
    """Write a lab's stub files from its notebook. A file that says the same already is not touched.

    Args:
        course: the course.
        lab: which lab's notebook it is.
        path: the notebook.
        into: a directory like exercises/, which is the default.

    Raises:
        CourseError: it is no notebook, or holds none of the lab's exercises.
    """
    nb = _read(path)
    code = [cell for cell in nb.cells if cell.cell_type == "code"]
    report = Report()
    found: dict[Exercise, list[Cell]] = {}
    for exercise, cells in sections(course, lab, nb.cells):
        if exercise is not None:
            found.setdefault(exercise, []).extend(cells)
    if not found:
        raise CourseError(f"{path} holds no exercise of {lab.name}; give the notebook that came with the course")
    for exercise, cells in found.items():
        target = (into or course.root / "exercises") / lab.name / f"{exercise.name}.py"
        check = next((place for place, cell in enumerate(code) if cell is _check_of(cells)), len(code))
        wanted = _file_cells(course, exercise, cells, code, check + 1)
        if target.is_file() and _same(read_percent(target.read_text(encoding="utf-8")), wanted):
            continue
        _write(report, course, target, _head(target) + _percent(wanted))
    return report


def push(course: Course, lab: Lab, path: Path, *, source: Path | None = None) -> Report:
    """Write a lab's stub files into its notebook; make the notebook where there is none.

    Cells whose text stays keep their outputs. Own cells of the notebook that no file has stay where they are.

    Args:
        course: the course.
        lab: which lab's notebook it is.
        path: the notebook.
        source: a directory like exercises/, which is the default.
    """
    import nbformat

    folder = source or course.root / "exercises"
    texts: dict[Exercise, str] = {}
    for exercise in lab.exercises.values():
        file = folder / lab.name / f"{exercise.name}.py"
        try:
            texts[exercise] = file.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise CourseError(f"{file} is missing; `make build`, or the course's archive, has it") from None
        except (OSError, UnicodeDecodeError) as error:
            raise CourseError(f"{file} cannot be read as UTF-8 text: {error}") from None
    report = Report()
    if not path.exists():
        _write(report, course, path, fresh_notebook(course, lab, texts.__getitem__))
        return report
    nb = _read(path)
    before = nbformat.writes(nb)
    cells: list[Cell] = []
    done: set[Exercise] = set()
    for found, old in sections(course, lab, nb.cells):
        if found is None or found in done:
            cells += old
            continue
        done.add(found)
        cells += _merged(course, found, old, texts[found])
    for exercise in lab.exercises.values():
        if exercise not in done:
            cells += section(course, exercise, texts[exercise])
    nb.cells = cells
    after = nbformat.writes(nb)
    if after != before:
        _write(report, course, path, after + "\n")
    return report


# --- notebook to file ---------------------------------------------------------------------------------------------------


def _file_cells(course: Course, exercise: Exercise, cells: list[Cell], code: list[Cell], until: int) -> list[Cell]:
    """What an exercise's file holds: its cells without the check, and from elsewhere what its code needs."""
    from nbformat.v4 import new_code_cell

    skipped = {place for place, cell in enumerate(code) if part(cell) in ("check", "title")}
    texts = ["" if place in skipped else cell.source for place, cell in enumerate(code)]
    used = needed(texts, interface(course, exercise), until)
    here = {place for place, cell in enumerate(code) if any(cell is each for each in cells)}
    wanted = []
    for cell in cells:
        if part(cell) == "check":
            continue
        copy = cell.copy()
        tags = [tag for tag in cell.metadata.get("tags", []) if tag != NOTEBOOK_ONLY]
        if cell.cell_type == "code" and part(cell) is None and BORROWED not in tags:
            place = next(place for place, each in enumerate(code) if each is cell)
            if place not in {each for each, _ in used}:
                tags.append(NOTEBOOK_ONLY)
        copy.metadata = {"tags": tags} if tags else {}
        wanted.append(copy)
    shared = {name for place, text in used if place in here for name in [text]}
    foreign = "".join(text for place, text in used if place not in here and text not in shared).strip("\n")
    if foreign:
        place = next((place for place, cell in enumerate(wanted) if cell.cell_type == "code"), 0)
        wanted.insert(place, new_code_cell(foreign, metadata={"tags": [BORROWED]}))
    return wanted


def _check_of(cells: list[Cell]) -> Cell | None:
    return next((cell for cell in cells if part(cell) == "check"), None)


def _percent(cells: list[Cell]) -> str:
    import jupytext

    bare = notebook(cells)
    bare.metadata = {"jupytext": {"notebook_metadata_filter": "-all", "cell_metadata_filter": "tags"}}
    return str(jupytext.writes(bare, fmt="py:percent"))


def _head(path: Path) -> str:
    """The builder's line at the top of a file, which is no cell."""
    if not path.is_file():
        return ""
    head, mark, _ = path.read_text(encoding="utf-8").partition("# %%")
    return head if mark else ""


def _same(one: list[Cell], other: list[Cell]) -> bool:
    def key(cell: Cell) -> tuple[Any, ...]:
        return cell.cell_type, cell.source.strip("\n"), tuple(cell.metadata.get("tags", []))

    return [key(cell) for cell in one] == [key(cell) for cell in other]


# --- file to notebook ---------------------------------------------------------------------------------------------------


def _merged(course: Course, exercise: Exercise, old: list[Cell], text: str) -> list[Cell]:
    """An exercise's section with a file's texts: the file's cells in the file's order, and own cells of the notebook kept."""
    new = section(course, exercise, text)
    new = [cell for cell in new if part(cell) != "check" and BORROWED not in cell.metadata.get("tags", [])]
    left = [cell for cell in old if part(cell) != "check"]
    by_place: dict[int, Cell] = {}
    for place, cell in enumerate(new):  # the same text is the same cell, with its outputs
        twin = next((each for each in left if (each.cell_type, each.source) == (cell.cell_type, cell.source)), None)
        if twin is not None:
            by_place[place] = twin
            left = [each for each in left if each is not twin]
    for place, cell in enumerate(new):  # and a changed text in a cell of the course's has that cell's entries
        if place in by_place:
            continue
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        twin = next((each for each in left if part(each) is not None and _matches(each, cell, grade_id)), None)
        if twin is None:
            del cell.metadata[KEY]
            cell.metadata.pop("nbgrader", None)
            cell.metadata["tags"] = [tag for tag in cell.metadata.get("tags", []) if tag != NOTEBOOK_ONLY]
            cell.id = f"own-{_digest(cell.source)}"
            by_place[place] = cell
        else:
            left = [each for each in left if each is not twin]
            twin.source = cell.source
            if twin.cell_type == "code":
                twin.outputs, twin.execution_count = [], None
            by_place[place] = twin
    cells = [by_place[place] for place in range(len(new))]
    check = _check_of(old)
    for cell in old:
        if cell is check or (any(cell is each for each in left) and part(cell) is None):
            cells.insert(_behind(cell, old, cells), cell)  # not in any file: behind the cell that it was behind
    if check is None:
        last = max((place for place, cell in enumerate(cells) if part(cell) == "code"), default=len(cells) - 1)
        cells.insert(last + 1, check_cell(exercise))
    return cells


def _matches(old: Cell, new: Cell, grade_id: str | None) -> bool:
    if grade_id is not None:
        return bool(old.metadata.get("nbgrader", {}).get("grade_id") == grade_id)
    return old.cell_type == new.cell_type and part(old) == part(new) and "nbgrader" not in old.metadata


def _behind(cell: Cell, old: list[Cell], cells: list[Cell]) -> int:
    place = next(place for place, each in enumerate(old) if each is cell)
    for before in reversed(old[:place]):
        for there, each in enumerate(cells):
            if each is before:
                return there + 1
    return len(cells)


def _digest(text: str) -> str:
    from hashlib import sha256

    return sha256(text.encode()).hexdigest()[:12]


# --- disk ---------------------------------------------------------------------------------------------------------------


def _read(path: Path) -> Notebook:
    import nbformat

    try:
        return nbformat.read(path, as_version=4)
    except FileNotFoundError:
        raise CourseError(
            f"there is no notebook at {path}; `mechgrade notebook push` makes one from exercises/"
        ) from None
    except Exception as error:  # nbformat raises anything for what is no notebook
        raise CourseError(f"{path} cannot be read as a notebook ({type(error).__name__}: {error})") from None


def _write(report: Report, course: Course, path: Path, text: str) -> None:
    if path.exists():
        kept = (
            course.root / ".mechgrade" / "backup" / f"{time.strftime('%Y%m%d-%H%M%S')}-{path.parent.name}-{path.name}"
        )
        kept.parent.mkdir(parents=True, exist_ok=True)
        while kept.exists():
            kept = kept.with_name(f"again-{kept.name}")
        shutil.copy2(path, kept)
        report.backups.append(kept)
    write_atomic(path, text)
    report.written.append(path)
