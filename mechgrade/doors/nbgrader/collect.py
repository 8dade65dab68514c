"""Submissions without the notebook that was asked for: renamed, or not there at all.

nbgrader passes over a directory without notebooks, and stops at one whose notebooks have other names. A learner would hear
nothing either way. So the notebook that any other way to be graded would take gets its name back, and a missing one is stood for by an empty one, which
scores zero and says so in the feedback.
"""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_markdown_cell, new_notebook
from nbgrader.converters import Autograde
from nbgrader.exchange.default import ExchangeCollect

from mechgrade.course import Course, CourseError, find_course, load_course
from mechgrade.submissions.cells import KERNEL
from mechgrade.submissions.handed_in import pick_notebook
from mechgrade.submissions.reading import shown


class Collect(ExchangeCollect):  # type: ignore[misc]  # nbgrader is untyped
    """``nbgrader collect``, after which every submission has its notebook."""

    def copy_files(self) -> None:
        """Collect, then look at what was collected."""
        super().copy_files()
        for record in self.src_records:
            directory = self.coursedir.submitted_directory
            folder = Path(self.coursedir.format_path(directory, record["username"], self.coursedir.assignment_id))
            for line in complete(_course(self.coursedir.root), self.coursedir.assignment_id, folder):
                self.log.warning("%s: %s", record["username"], line)


def complete_before(autograde: type[Autograde]) -> None:
    """Have nbgrader's own class look at all submissions before it passes over those without notebooks."""
    usual = autograde.init_notebooks
    if getattr(usual, "completes", False):
        return

    def init_notebooks(self: Any) -> None:
        # What a class's output is to hold is a line a learner, and what was wrong. nbgrader's own steps are no news.
        # Who asks for more, by --debug or --log-level, has other handlers.
        for handler in self.log.handlers:
            if handler.level == logging.INFO:
                handler.setLevel(logging.WARNING)
        pattern = Path(self._format_source(self.coursedir.assignment_id, self.coursedir.student_id))
        course = _course(self.coursedir.root)
        for folder in sorted(Path(pattern.anchor).glob(str(pattern.relative_to(pattern.anchor)))):
            for line in complete(course, folder.name, folder):
                self.log.warning("%s: %s", folder.parent.name, line)
        usual(self)

    init_notebooks.completes = True  # type: ignore[attr-defined]  # so that it is done once
    autograde.init_notebooks = init_notebooks


def settle(assignment: str, student: str, notebooks: list[str]) -> None:
    """Before a submission is converted, nbgrader calls this: its notebooks, which may be renamed here. Changes the list in place.

    Args:
        assignment: the assignment's name, which may hold wildcards; it is read from the paths instead.
        student: likewise.
        notebooks: the paths of one submission's notebooks.
    """
    for folder in sorted({Path(path).parent for path in notebooks}):
        course = _course(str(folder))
        complete(course, folder.name, folder)
        # Others are no part of the assignment: what counts of them, the reader puts into the lab's.
        lab = course.labs.get(folder.name)
        wanted = [str(folder / f"{lab.slug}.ipynb")] if lab else list(map(str, folder.glob("*.ipynb")))
        notebooks[:] = sorted({*(path for path in notebooks if Path(path).parent != folder), *wanted})


def complete(course: Course, assignment: str, folder: Path) -> list[str]:
    """Give a submission the notebook of its lab, and say what was done."""
    if assignment not in course.labs or not folder.is_dir():
        return []
    lab = course.labs[assignment]
    wanted = folder / f"{lab.slug}.ipynb"
    if wanted.exists() or wanted.is_symlink():
        return []
    notes: list[str] = []
    chosen = pick_notebook(course, lab, folder, notes=notes)
    if isinstance(chosen, bytes):
        wanted.write_bytes(chosen)
        return [*notes, f"the notebook in an archive is graded as {wanted.name}"]
    if chosen is not None:
        # A copy: the submission itself stays as it was handed in.
        shutil.copyfile(folder / chosen, wanted, follow_symlinks=False)
        return [*notes, f"{shown(chosen)} is graded as {wanted.name}"]
    note = f"**{wanted.name} was not handed in** (there was no notebook)."
    nbformat.write(new_notebook(cells=[new_markdown_cell(note, id="missing")], metadata=KERNEL), wanted)
    return [f"{wanted.name} is missing (there is no notebook); an empty one stands for it"]


def _course(near: str) -> Course:
    try:
        return load_course(find_course(Path(near)))
    except CourseError as error:
        raise RuntimeError(str(error)) from None
