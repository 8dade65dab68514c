"""Submissions without the notebook that was asked for: renamed, or not there at all.

nbgrader passes over a directory without notebooks, and stops at one whose notebooks have other names. A learner would hear
nothing either way. So a lone notebook gets its name back, and a missing one is stood for by an empty one, which scores zero and
says so in the feedback.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
from nbformat.v4 import new_markdown_cell, new_notebook
from nbgrader.exchange.default import ExchangeCollect

from mechgrade.course import Course, CourseError, find_course, load_course
from mechgrade.submissions.cells import KERNEL


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


def settle(assignment: str, student: str, notebooks: list[str]) -> None:
    """Before a submission is converted, nbgrader calls this: its notebooks, which may be renamed here. Changes the list in place.

    Args:
        assignment: the assignment's name, which may hold wildcards; it is read from the paths instead.
        student: likewise.
        notebooks: the paths of one submission's notebooks.
    """
    for folder in sorted({Path(path).parent for path in notebooks}):
        complete(_course(str(folder)), folder.name, folder)
        notebooks[:] = sorted({*(path for path in notebooks if Path(path).exists()), *map(str, folder.glob("*.ipynb"))})


def complete(course: Course, assignment: str, folder: Path) -> list[str]:
    """Give a submission the notebook of its lab, and say what was done."""
    if assignment not in course.labs or not folder.is_dir():
        return []
    wanted = folder / f"{course.labs[assignment].slug}.ipynb"
    if wanted.exists() or wanted.is_symlink():
        return []
    others = [path for path in folder.rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts]
    if len(others) == 1:
        # A copy: the submission itself stays as it was handed in.
        shutil.copyfile(others[0], wanted, follow_symlinks=False)
        return [f"{others[0].relative_to(folder)} is graded as {wanted.name}"]
    names = ", ".join(sorted(str(path.relative_to(folder)) for path in others)) or "no notebook"
    note = f"**{wanted.name} was not handed in** (there was {names}), so there is nothing to grade."
    nbformat.write(new_notebook(cells=[new_markdown_cell(note, id="missing")], metadata=KERNEL), wanted)
    return [f"{wanted.name} is missing (there is {names}); an empty one stands for it"]


def _course(near: str) -> Course:
    try:
        return load_course(find_course(Path(near)))
    except CourseError as error:
        raise RuntimeError(str(error)) from None
