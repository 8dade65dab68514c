"""Work carried between a lab's notebook and its stub files, in both directions, without loss.

``pull`` writes files from a notebook, ``push`` a notebook from files. A file holds the cells of its exercise, the learner's own
included. Own cells with code that the exercise does not need are commented out in the file (jupytext's ``active="ipynb"``),
because a file is imported whole. Answers to questions that a person grades stay where they were written: who grades them looks into both.

What was newer on the other side is not overwritten: :mod:`.last` knows what both held when they last said the same. Where both have
changed since, whoever calls decides. Whatever is overwritten is kept in ``.mechgrade/backup`` first.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mechgrade.authoring.build import is_untouched
from mechgrade.course import Course, CourseError, Exercise, Lab
from mechgrade.course.lean import lean
from mechgrade.doors.notebook.last import Last, key_of
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
    question_cells,
    read_percent,
    section,
    sections,
)

#: Own cells that only the notebook runs, and code that a pulled file has from another exercise's cells.
NOTEBOOK_ONLY, BORROWED = "active-ipynb", "borrowed"


#: Asked where both sides hold new work: takes what would be overwritten, and says whether it may be.
Decide = Callable[[str], bool]


@dataclass
class Report:
    """What was written, and where the former versions are.

    Attributes:
        newer: what was left as it is, because it alone has changed since both sides were the same.
        kept: what was left as it is, because both sides have changed and nobody decided.
    """

    written: list[Path] = field(default_factory=list)
    backups: list[Path] = field(default_factory=list)
    newer: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


def pull(course: Course, lab: Lab, path: Path, *, into: Path | None = None, decide: Decide = lambda _: False) -> Report:
    """Write a lab's stub files from its notebook. A file that says the same already, or is newer, is not touched.

    Args:
        course: the course.
        lab: which lab's notebook it is.
        path: the notebook.
        into: a directory like exercises/, which is the default.
        decide: asked where the file has changed too.

    Raises:
        CourseError: it is no notebook, or holds none of the lab's exercises.
    """
    nb = _read(path)
    report, last = Report(), Last(course, path)
    found = _by_exercise(course, lab, nb)
    if not found:
        raise CourseError(f"{path} holds no exercise of {lab.name}; give the notebook that came with the course")
    for exercise, (cells, wanted) in found.items():
        target = (into or course.root / "exercises") / lab.name / f"{exercise.name}.py"
        if target.is_file():
            there = read_percent(target.read_text(encoding="utf-8"))
            if not _same(there, wanted):
                name = f"{lab.name}/{target.name}"
                worked = last.has_changed(exercise, "file", there) and not is_untouched(course, target)
                if worked and last.knows(exercise) and not last.has_changed(exercise, "notebook", wanted):
                    report.newer.append(name)
                    continue
                if worked and not decide(name):
                    report.kept.append(name)
                    continue
                _write(report, course, target, _head(target) + _percent(wanted))
        else:
            _write(report, course, target, _percent(wanted))
        last.keep(exercise, file=wanted, notebook=wanted, cells=_courses(cells))
    last.write()
    return report


def push(
    course: Course, lab: Lab, path: Path, *, source: Path | None = None, decide: Decide = lambda _: False
) -> Report:
    """Write a lab's stub files into its notebook; make the notebook where there is none.

    Cells whose text stays keep their outputs. Own cells of the notebook that no file has stay where they are. So do cells that are newer
    than the file.

    Args:
        course: the course.
        lab: which lab's notebook it is.
        path: the notebook.
        source: a directory like exercises/, which is the default.
        decide: asked where the notebook's cells have changed too.
    """
    with lean():
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
    report, last = Report(), Last(course, path)
    files = {exercise: read_percent(text) for exercise, text in texts.items()}
    if not path.exists():
        text = fresh_notebook(course, lab, texts.__getitem__)
        _write(report, course, path, text)
        nb, left = nbformat.reads(text, as_version=4), set[Exercise]()
    else:
        nb = _read(path)
        before = nbformat.writes(nb)
        left = _left(course, lab, nb, files, last, report, decide)
        nb.cells = list(_pushed(course, lab, nb, texts, left))
        after = nbformat.writes(nb)
        if after != before:
            _write(report, course, path, after + "\n")
    for exercise, (cells, wanted) in _by_exercise(course, lab, nb).items():
        if exercise not in left:
            last.keep(exercise, file=files[exercise], notebook=wanted, cells=_courses(cells))
    last.write()
    return report


def _by_exercise(course: Course, lab: Lab, nb: Notebook) -> dict[Exercise, tuple[list[Cell], list[Cell]]]:
    """The cells of each exercise in a notebook, and the cells that its file would hold."""
    code = [cell for cell in nb.cells if cell.cell_type == "code"]
    found: dict[Exercise, list[Cell]] = {}
    for exercise, cells in sections(course, lab, nb.cells):
        if exercise is not None:
            found.setdefault(exercise, []).extend(cells)
    made = {}
    for exercise, cells in found.items():
        check = next((place for place, cell in enumerate(code) if cell is _check_of(cells)), len(code))
        made[exercise] = cells, _file_cells(course, exercise, cells, code, check + 1)
    return made


def _courses(cells: list[Cell]) -> list[Cell]:
    """The cells that came with the course, in which a push writes."""
    return [cell for cell in cells if part(cell) not in (None, "check")]


def _left(
    course: Course,
    lab: Lab,
    nb: Notebook,
    files: dict[Exercise, list[Cell]],
    last: Last,
    report: Report,
    decide: Decide,
) -> set[Exercise]:
    """The exercises whose cells a push leaves as they are."""
    left = set()
    for exercise, (cells, wanted) in _by_exercise(course, lab, nb).items():
        mine, file = _courses(cells), files[exercise]
        if _same(wanted, file) or not last.has_changed(exercise, "cells", mine):
            continue
        name = f"the cells of {exercise.name}"
        if last.knows(exercise) and not last.has_changed(exercise, "file", file):
            report.newer.append(name)
        elif not decide(name):
            report.kept.append(name)
        else:
            continue
        left.add(exercise)
    return left


def _pushed(course: Course, lab: Lab, nb: Notebook, texts: dict[Exercise, str], left: set[Exercise]) -> Iterator[Cell]:
    """The notebook's cells with the files' texts in them."""
    done: set[Exercise] = set()
    for found, old in sections(course, lab, nb.cells):
        if found is None or found in done or found in left:
            yield from old
        else:
            yield from _merged(course, found, old, texts[found])
        if found is not None:
            done.add(found)
    for exercise in lab.exercises.values():
        if exercise not in done:
            yield from section(course, exercise, texts[exercise])
    there = {cell.metadata.get(KEY, {}).get("question") for cell in nb.cells if part(cell) == "answer"}
    for question in lab.questions.values():
        if str(question) not in there:
            yield from question_cells(question)


# --- notebook to file ---------------------------------------------------------------------------------------------------


def _file_cells(course: Course, exercise: Exercise, cells: list[Cell], code: list[Cell], until: int) -> list[Cell]:
    """What an exercise's file holds: its cells without the check, and from elsewhere what its code needs."""
    with lean():
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
    with lean():
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
    return [key_of(cell) for cell in one] == [key_of(cell) for cell in other]


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
    with lean():
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
